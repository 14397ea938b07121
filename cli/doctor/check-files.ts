/** What only this machine knows: the tenant files, the strength of their webhook secrets, and who may read `.env`. */

import { existsSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';

import { isRecord } from '../../src/lib/record.ts';
import {
  decodeSecret,
  isShortSecret,
  SECRET_BYTES_ADVISED,
  secretEncodingOf,
} from '../../src/ingest/webhook-secrets.ts';
import { webhookSchema } from '../../src/domain/tenant-config.ts';
import { CliFailure } from '../failure.ts';
import type { Session } from '../session.ts';
import { envFileIn } from '../tenant-files/env-file.ts';
import { readTenantFiles } from '../tenant-files/read-folder.ts';
import type { TenantFile } from '../tenant-files/read-tenant.ts';
import { about, failing, type Finding, ok, skipped, warning } from './finding.ts';

const OTHERS_MODE = 0o077;

/** `path` is the folder of the tenant files; `tenants` limits the findings, when it is not empty. */
export function checkFiles(session: Session, path: string, tenants: readonly string[]): readonly Finding[] {
  const { cwd } = session.io;
  if (!existsSync(resolve(cwd, path))) {
    return [skipped('files', `There are no tenant files in ${path}: the strength of secrets is not known.`)];
  }
  try {
    const files = readTenantFiles(session, [path]);
    const own = files.filter(({ id }) => tenants.length === 0 || tenants.includes(id));
    return [...shortSecrets(own), ...envFiles(cwd, own)];
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    const fix = 'Mend the files; `npx noxys-relay apply --dry-run` says the same.';
    return [failing('files', error.message, 'Nothing can be applied until then.', fix)];
  }
}

function shortSecrets(files: readonly TenantFile[]): readonly Finding[] {
  const found = files.flatMap(({ id, file, json }) => {
    const document: unknown = JSON.parse(json);
    const webhook = webhookSchema.safeParse(isRecord(document) ? document['webhook'] : undefined).data;
    const short = (webhook?.secrets ?? []).flatMap((secret, index) => {
      const key = webhook === undefined ? undefined : decodeSecret(secret, secretEncodingOf(webhook));
      return key?.ok === true && isShortSecret(key.value) ? [`webhook.secrets[${index}]`] : [];
    });
    if (short.length === 0) return [];
    return about(id, [
      warning(
        'short_secret',
        `${short.join(', ')} of ${file.name} is below ${SECRET_BYTES_ADVISED} bytes.`,
        'A short secret can be guessed from one captured request.',
        'Let Noxys make a new one and rotate it; check webhook.secret_encoding if it should be longer.',
      ),
    ]);
  });
  return found.length > 0
    ? found
    : [ok('short_secret', `The webhook secrets in the files have ${SECRET_BYTES_ADVISED} bytes or more.`)];
}

function envFiles(cwd: string, files: readonly TenantFile[]): readonly Finding[] {
  if (process.platform === 'win32') return [];
  const paths = [...new Set(files.map(({ file }) => envFileIn(file.folder)))].filter((path) =>
    existsSync(path),
  );
  return paths
    .filter((path) => (statSync(path).mode & OTHERS_MODE) !== 0)
    .map((path) => {
      const name = relative(cwd, path) || path;
      return warning('env_file', `${name} can be read by others.`, 'It holds secrets.', `chmod 600 ${name}`);
    });
}
