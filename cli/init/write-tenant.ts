/** Writes what `init` found: `tenants/<id>.yaml` with references, the secrets in `.env` beside it. Never over a file, unless told. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { stringify } from 'yaml';

import { invalidInput } from '../failure.ts';
import { envFileIn, readEnvFile, writeEnvFile } from '../tenant-files/env-file.ts';
import { replaceFile } from '../tenant-files/replace-file.ts';
import { withReferences } from './with-references.ts';

export interface Target {
  readonly cwd: string;
  readonly folder: string;
  readonly id: string;
  /** Replaces a file of the same tenant. */
  readonly isForced: boolean;
}

export interface WrittenFiles {
  /** As the person sees them. */
  readonly file: string;
  readonly envFile: string;
  /** Variables that were set in `.env`. */
  readonly variables: readonly string[];
}

/** Throws a CliFailure when the tenant has a file already. Asked early: nobody should answer everything in vain. */
export function refuseExisting({ cwd, folder, id, isForced }: Target): void {
  const file = fileOf({ cwd, folder, id });
  if (!existsSync(file) || isForced) return;
  throw invalidInput(
    `${nameOf(cwd, file)} is there already.`,
    'Edit it, choose another id, or say --force to replace it.',
  );
}

export function writeTenant(target: Target, document: Readonly<Record<string, unknown>>): WrittenFiles {
  refuseExisting(target);
  const { cwd } = target;
  const folder = resolve(cwd, target.folder);
  const file = fileOf(target);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const known = readEnvFile(folder);
  const isFree = (name: string, value: string) =>
    known[name] === undefined || known[name] === value || before.includes(`\${${name}}`);
  const referring = withReferences(document, isFree);
  mkdirSync(folder, { recursive: true });
  // The secrets first: a file whose references lead nowhere is worse than a secret without a file.
  writeEnvFile(folder, referring.values);
  replaceFile(file, `${HEADER}${withComment(stringify(referring.document, { lineWidth: 0 }))}`);
  return {
    file: nameOf(cwd, file),
    envFile: nameOf(cwd, envFileIn(folder)),
    variables: Object.keys(referring.values),
  };
}

const HEADER =
  '# A tenant of noxys-relay: `npx noxys-relay apply -f` takes it. Secrets are in .env beside it.\n# All keys: README, "Tenant configuration".\n';

/** Above the rules that `init` wrote itself. */
function withComment(text: string): string {
  return text.replace(/^rules:\n  catalog: all\n/m, (rules) => `${RULES_COMMENT}${rules}`);
}

const RULES_COMMENT =
  '# Detection rules. To see first what one would find, without anything being done for it:\n#   overrides: { noxys_hl3_repeated_violations: { dry_run: true } }\n';

function fileOf({ cwd, folder, id }: Omit<Target, 'isForced'>): string {
  return join(resolve(cwd, folder), `${id}.yaml`);
}

function nameOf(cwd: string, path: string): string {
  const inner = relative(cwd, path);
  return inner.startsWith('..') ? path : inner;
}
