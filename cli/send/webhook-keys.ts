/** What a test event is signed with: settings as the relay has them, secrets as this machine has them. */

import { SHAPES } from '../api-shapes.ts';
import { tenantPath } from '../api-paths.ts';
import type { ShownConfig, TenantShown } from '../api-types.ts';
import { webhookSchema } from '../../src/domain/tenant-config.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { readSecret } from '../read-secret.ts';
import type { Session } from '../session.ts';
import type { SigningConfig } from '../signature/sign.ts';
import { readEnvFile } from '../tenant-files/env-file.ts';
import { findTenantFile } from '../tenant-files/find-tenant.ts';
import { formatFileFault } from '../tenant-files/file-fault.ts';
import { readTenantFile } from '../tenant-files/read-tenant.ts';

export interface WebhookKeys {
  readonly config: SigningConfig;
  readonly secret: string;
  readonly authToken?: string;
  /** When the relay's settings were saved, ISO 8601: at first the edge does not know them. */
  readonly savedAt: string;
}

export interface KeyOptions {
  readonly tenant: string;
  readonly scheme?: SigningConfig['scheme'] | undefined;
  readonly encoding?: SigningConfig['secret_encoding'];
  readonly secretFile?: string | undefined;
  /** Where tenant files are looked for. */
  readonly file: string;
}

/** Asks for what is nowhere to be found. */
export async function webhookKeys(session: Session, options: KeyOptions): Promise<WebhookKeys> {
  const { tenant, scheme, encoding } = options;
  const api = await session.api();
  const { config, savedAt } = await api.ask<TenantShown>('read the tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  const { webhook } = config;
  refuseUnknown(webhook);
  const inFile = webhookInFile(session, options);
  const secret = await secretOf(session, options, inFile);
  const authToken = webhook.auth_token === undefined ? undefined : await authTokenOf(session, tenant, inFile);
  // Another scheme reads secrets in another way, unless it is said.
  const secretEncoding = encoding ?? (scheme === undefined ? webhook.secret_encoding : undefined);
  return {
    config: {
      scheme: scheme ?? webhook.scheme ?? 'standard-webhooks',
      headers: webhook.headers ?? {},
      ...(secretEncoding === undefined ? {} : { secret_encoding: secretEncoding }),
    },
    secret: session.out.conceal(secret),
    ...(authToken === undefined ? {} : { authToken: session.out.conceal(authToken) }),
    savedAt,
  };
}

/** A newer relay may have more ways of signing. */
function refuseUnknown({ scheme, secret_encoding: encoding }: ShownConfig['webhook']): void {
  const { shape } = webhookSchema.def;
  const isKnown = shape.scheme.safeParse(scheme).success && shape.secret_encoding.safeParse(encoding).success;
  if (isKnown) return;
  throw new CliFailure(
    EXIT.unreachable,
    'not_a_relay',
    'The relay names a scheme or secret_encoding for this tenant that this command line does not know.',
    { hint: 'Use the command line of the same version as the relay.' },
  );
}

type WebhookPart = Partial<ShownConfig['webhook']>;

async function secretOf({ io }: Session, options: KeyOptions, inFile: WebhookPart): Promise<string> {
  const { tenant, secretFile: file } = options;
  const [fromFile] = inFile.secrets ?? [];
  const isElsewhere = file !== undefined || (io.env['NOXYS_WEBHOOK_SECRET']?.trim() ?? '') !== '';
  if (fromFile !== undefined && !isElsewhere) return fromFile;
  return readSecret(io, {
    what: `The webhook secret of ${tenant}`,
    option: '--secret-file',
    file,
    variable: 'NOXYS_WEBHOOK_SECRET',
  });
}

async function authTokenOf({ io }: Session, tenant: string, inFile: WebhookPart): Promise<string> {
  const variable = 'NOXYS_WEBHOOK_AUTH_TOKEN';
  if (inFile.auth_token !== undefined && (io.env[variable]?.trim() ?? '') === '') return inFile.auth_token;
  const what = `The webhook's auth_token of ${tenant}`;
  return readSecret(io, { what, option: '-f', file: undefined, variable });
}

/** The `webhook` of the tenant's file with its secrets, as far as there is one on this machine. */
function webhookInFile({ io, out }: Session, { tenant, file }: KeyOptions): WebhookPart {
  const found = findTenantFile(io.cwd, file, tenant);
  if (!found) return {};
  const env = readEnvFile(found.folder);
  const read = readTenantFile(found, { environment: io.env, own: env });
  if (read.ok) for (const secret of read.value.secrets) out.conceal(secret);
  if (!read.ok) {
    for (const fault of read.error) out.warn(formatFileFault(fault));
    return {};
  }
  const { webhook = {} } = JSON.parse(read.value.json) as { readonly webhook?: WebhookPart };
  const { auth_token: authToken } = webhook;
  return {
    secrets: (webhook.secrets ?? []).filter((secret) => secret !== KEPT_SECRET),
    ...(authToken === undefined || authToken === KEPT_SECRET ? {} : { auth_token: authToken }),
  };
}
