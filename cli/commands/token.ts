/** `noxys-relay token create|list|revoke`: bearer tokens for people and scripts. */

import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command, Option } from '@commander-js/extra-typings';

import { ROLES } from '../../src/domain/principal.ts';
import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { TokenCreated, TokenView } from '../api-types.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { formatAge, formatInstant } from '../output/time.ts';
import { moreLine, type Paged, readPages } from '../pages.ts';
import type { Session } from '../session.ts';

const OWNER_ONLY = 0o600;

export function tokenCommand(act: Act) {
  const token = new Command('token').summary('create, list and revoke tokens');
  token.addCommand(createCommand(act));
  token.addCommand(listCommand(act));
  token.addCommand(revokeCommand(act));
  return token;
}

function createCommand(act: Act) {
  return new Command('create')
    .summary('make a token; it is shown this once')
    .argument('<name>', 'what it is for, such as ci-acme')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--tenant <tenant>', 'only for this tenant; without it, for all', tenantId)
    .option('--days <n>', 'how long it lasts', wholeNumber(1, 366), 90)
    .option('--out <file>', 'write the token to this new file, for its owner alone, instead of showing it')
    .action(
      act(async (session: Session, name: string, { role, tenant, days, out: file }) => {
        const api = await session.api();
        // Before there is a token: one that can't be written is a token that nobody has.
        const target = file === undefined ? undefined : newFile(session, file);
        const created = await api
          .ask<TokenCreated>('create the token', {
            method: 'POST',
            shape: SHAPES.tokenCreated,
            path: '/api/v1/tokens',
            body: { name, role, ...(tenant === undefined ? {} : { tenant }), expires_in_days: days },
            mustFinish: true,
          })
          .catch((error: unknown) => {
            if (target !== undefined) rmSync(target, { force: true });
            throw error;
          });
        const { token, ...facts } = created;
        const until = `Valid until ${formatInstant(created.expiresAt)} UTC. Revoke it with: npx noxys-relay token revoke ${created.id}`;
        if (file === undefined || target === undefined) {
          session.out.note(`This is the only time that it is shown. ${until}`);
          session.out.result(created, () => token);
          return undefined;
        }
        save(target, token, created.id);
        session.out.result({ ...facts, file }, () => `Token ${created.id} is in ${file}. ${until}`);
        return undefined;
      }),
    );
}

/** An empty file for its owner alone; never one that is there: it may hold the token in use. Its absolute path. */
function newFile({ io }: Session, file: string): string {
  const path = resolve(io.cwd, file);
  try {
    writeFileSync(path, '', { mode: OWNER_ONLY, flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = code === 'EEXIST' ? 'it is there already' : code;
    throw invalidInput(`Can't write ${file}: ${why}. No token was made.`, 'Name another file with --out.');
  }
  return path;
}

function save(path: string, token: string, id: string): void {
  try {
    writeFileSync(path, `${token}\n`, { mode: OWNER_ONLY });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new CliFailure(
      EXIT.failed,
      'file_failed',
      `Can't write ${path}: ${code}. The token ${id} was made, and nobody has it.`,
      { hint: `Revoke it: npx noxys-relay token revoke ${id}` },
    );
  }
}

const COLUMNS = [
  { head: 'id' },
  { head: 'name' },
  { head: 'role' },
  { head: 'tenant' },
  { head: 'created by' },
  { head: 'state' },
] as const;

function listCommand(act: Act) {
  return new Command('list')
    .summary('list the tokens, revoked and expired ones too')
    .option('--tenant <tenant>', 'only those of this tenant', tenantId)
    .option('--limit <n>', 'how many, newest first', wholeNumber(1, 10_000), 50)
    .action(
      act(async (session: Session, { tenant, limit }) => {
        const page = await readPages<TokenView>(await session.api(), {
          what: 'list the tokens',
          path: '/api/v1/tokens',
          query: { tenant },
          member: 'tokens',
          limit,
        });
        session.out.result({ tokens: page.entries }, () => tableOf(session, page));
        return undefined;
      }),
    );
}

function tableOf({ out, io }: Session, page: Paged<TokenView>): string {
  if (page.entries.length === 0) return 'There are no tokens but RELAY_ADMIN_TOKEN.';
  const rows = page.entries.map((token) => [
    token.id,
    printable(token.name),
    token.role,
    token.tenant ?? 'all',
    printable(token.createdBy),
    stateOf(token, io.nowMs()),
  ]);
  return [out.table(COLUMNS, rows), ...moreLine(page)].join('\n');
}

function stateOf({ expiresAt, revokedAt }: TokenView, nowMs: number): string {
  if (revokedAt !== undefined) return `revoked ${formatAge(revokedAt, nowMs)}`;
  return `${Date.parse(expiresAt) <= nowMs ? 'expired' : 'expires'} ${formatAge(expiresAt, nowMs)}`;
}

function revokeCommand(act: Act) {
  return new Command('revoke')
    .summary('end a token at once')
    .argument('<id>', "the token's id, as in the list: not the token itself")
    .action(
      act(async (session: Session, id: string, _options: object) => {
        const api = await session.api();
        const revoked = await api.ask<{ readonly id: string; readonly revokedAt: string }>(
          'revoke the token',
          {
            method: 'DELETE',
            shape: SHAPES.tokenRevoked,
            path: `/api/v1/tokens/${encodeURIComponent(id)}`,
            isRepeatable: true,
          },
        );
        session.out.result(
          revoked,
          () => `Token ${printable(id)} is revoked: it stops working at the next request.`,
        );
        return undefined;
      }),
    );
}
