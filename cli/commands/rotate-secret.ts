/** `noxys-relay rotate-secret TENANT PATH`: puts a new secret in place; `--finish` drops the older ones of a list. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import type { SecretState, ShownConfig, TenantSaved, TenantShown } from '../api-types.ts';
import { isSecretList, WEBHOOK_SECRETS } from '../../src/tenants/rotate-secret.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { formatInstant } from '../output/time.ts';
import { readSecret } from '../read-secret.ts';
import type { Session } from '../session.ts';
import { prepareFollowing } from '../tenant-files/follow-rotation.ts';

const PATH_PATTERN =
  /^(?:webhook\.(?:secrets|auth_token)|destinations\.[a-z0-9-]{1,32}\.(?:(?:hec\.)?token|client_secret|url|secrets|headers\.[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}))$/;
const PATHS =
  'webhook.secrets, webhook.auth_token, or destinations.<name>. and one of token, client_secret, hec.token, url, secrets, headers.<header>';

/** Where tenant files are by default. */
const FOLDER = 'tenants';

interface Rotated {
  readonly version: number;
  readonly published: boolean;
  readonly warnings: readonly string[];
  readonly secrets: readonly SecretState[];
}

interface Options {
  readonly secretFile?: string | undefined;
  readonly finish?: true | undefined;
  readonly file?: string | undefined;
}

export function rotateSecretCommand(act: Act) {
  return new Command('rotate-secret')
    .summary('put a new secret in place without a gap')
    .description(
      `PATH is ${PATHS}.\nThe value comes from --secret-file, NOXYS_NEW_SECRET or a prompt. A new one of a list (secrets) is added in front: the older ones\nstay valid until --finish, once the other side uses the new one. Where the tenant file takes the secret from .env, it is set there, too.`,
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<path>', 'which secret')
    .option('--secret-file <file>', 'file with the new value; - is stdin')
    .option('--finish', 'of a list only: the newest alone stays valid')
    .option('-f, --file <path>', 'tenant files, whose .env follows (default: "tenants")')
    .action(
      act(async (session: Session, tenant: string, path: string, options) => {
        if (!PATH_PATTERN.test(path)) {
          throw invalidInput('PATH names no secret.', `It is ${PATHS}.`);
        }
        return options.finish === true
          ? finish(session, tenant, path)
          : rotate(session, tenant, path, options);
      }),
    );
}

async function rotate(session: Session, tenant: string, path: string, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  const { file } = options;
  if (file !== undefined && !existsSync(resolve(io.cwd, file)))
    throw invalidInput(`${file} is not there: nothing was changed.`, 'Name the tenant files with -f.');
  const api = await session.api();
  await refuseUnknown(api, tenant, path);
  const value = await readSecret(io, {
    what: `The new ${path} of ${tenant}`,
    option: '--secret-file',
    file: options.secretFile,
    variable: 'NOXYS_NEW_SECRET',
  });
  out.conceal(value);
  const follow = prepareFollowing(session, { tenant, path, value, file: options.file ?? FOLDER });
  const rotated = await api.ask<Rotated>('set the secret', {
    method: 'POST',
    shape: SHAPES.rotated,
    path: tenantPath(tenant, 'secrets'),
    body: { path, value },
    mustFinish: true,
  });
  const { lines, warnings: local, isFailed } = follow();
  const warnings = [...rotated.warnings, ...local];
  if (out.isJson) for (const line of lines) out.note(line);
  const next = nextSteps(tenant, path);
  for (const warning of warnings) out.warn(printable(warning));
  out.result({ ...rotated, warnings }, () =>
    [...secretLines(path, rotated.secrets), ...lines, ...next].join('\n'),
  );
  return isFailed ? EXIT.failed : EXIT.ok;
}

/** Before a secret is asked for that could go nowhere. */
async function refuseUnknown(api: ApiClient, tenant: string, path: string): Promise<void> {
  const name = destinationIn(path);
  if (name === undefined) return;
  const { config } = await api.ask<TenantShown>('read the tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  const names = (config.destinations ?? []).map((destination) => destination.name);
  if (names.includes(name)) return;
  const known = names.length === 0 ? 'It has none.' : `There is ${names.map(printable).join(', ')}.`;
  throw invalidInput(`${tenant} has no destination ${name}.`, known);
}

function destinationIn(path: string): string | undefined {
  return /^destinations\.([^.]+)/.exec(path)?.[1];
}

function nextSteps(tenant: string, path: string): readonly string[] {
  if (path === WEBHOOK_SECRETS) return webhookNext(tenant);
  return isSecretList(path) ? signingNext(tenant, path) : otherNext(tenant, path);
}

/** Messages carry a signature by each secret of the list. */
function signingNext(tenant: string, path: string): readonly string[] {
  return [
    'Messages are signed with the older secret, too. Do not apply a file that has the new one alone before the receiver knows it.',
    'Next: give the receiver the new secret, then:',
    `  npx noxys-relay rotate-secret ${tenant} ${path} --finish`,
  ];
}

function webhookNext(tenant: string): readonly string[] {
  return [
    'Until the older secret may go, do not apply a file that has the new one alone: that drops it.',
    'Next: wait 2 minutes, let Noxys sign with the new secret, see that webhooks come (`events tail`), then:',
    `  npx noxys-relay rotate-secret ${tenant} webhook.secrets --finish`,
  ];
}

function otherNext(tenant: string, path: string): readonly string[] {
  const destination = destinationIn(path);
  return [
    'It takes effect with the next request.',
    ...(destination === undefined ? [] : [`Check it: npx noxys-relay test ${tenant} ${destination}`]),
  ];
}

function secretLines(changed: string, secrets: readonly SecretState[]): readonly string[] {
  return secrets
    .filter(({ path }) => path === changed || path.startsWith(`${changed}[`))
    .map(({ path, fingerprint, setAt }) =>
      [printable(path), fingerprint ?? '–', setAt === null ? '' : formatInstant(setAt)].join('  ').trimEnd(),
    );
}

/** Keeps the newest stored secret of a list alone. */
async function finish(session: Session, tenant: string, path: string): Promise<ExitCode> {
  if (!isSecretList(path))
    throw invalidInput(
      '--finish is for lists of secrets, such as webhook.secrets: the others have one value.',
    );
  const api = await session.api();
  const shown = await api.ask<TenantShown>('read the tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  const { config, version } = shown;
  const { body, dropped } = withNewestAlone(config, path);
  if (dropped === undefined) throw invalidInput(`${tenant} has no ${printable(path)}.`);
  if (dropped < 1) {
    session.out.result({ version, dropped: 0 }, () => 'There is one secret only: nothing to drop.');
    return EXIT.ok;
  }
  const saved = await api.ask<TenantSaved>('drop the older secrets', {
    method: 'PUT',
    shape: SHAPES.saved,
    path: tenantPath(tenant),
    body,
    headers: { 'if-match': `"${version}"` },
    mustFinish: true,
  });
  const since = path === WEBHOOK_SECRETS ? ', at the edge within about 2 minutes' : '';
  session.out.result(
    { version: saved.version, dropped },
    () => `The newest secret alone is valid${since}. Dropped: ${dropped}.`,
  );
  return EXIT.ok;
}

/** `dropped`: so many secrets fewer than before; undefined: there is no such list. */
function withNewestAlone(
  config: ShownConfig,
  path: string,
): { readonly body: ShownConfig; readonly dropped: number | undefined } {
  if (path === WEBHOOK_SECRETS) {
    const { secrets } = config.webhook;
    const webhook = { ...config.webhook, secrets: secrets.slice(0, 1) };
    return { body: { ...config, webhook }, dropped: secrets.length - 1 };
  }
  let dropped: number | undefined;
  const destinations = (config.destinations ?? []).map((destination) => {
    const { name, secrets } = destination;
    if (path !== `destinations.${name}.secrets` || secrets === undefined) return destination;
    dropped = secrets.length - 1;
    return { ...destination, secrets: secrets.slice(0, 1) };
  });
  return { body: { ...config, destinations }, dropped };
}
