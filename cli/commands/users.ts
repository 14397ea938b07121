/** `noxys-relay users key|reveal TENANT`: from a user to their pseudonym, and back where the tenant keeps the sealed map. */

import { Command } from '@commander-js/extra-typings';

import { PSEUDONYM_PATTERN } from '../../src/ingest/pseudonym.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';
import { subjectOf, type UserBody, userOf } from '../user-option.ts';

interface Revealed {
  readonly user_id?: string;
  readonly user_email?: string;
}

export function usersCommand(act: Act) {
  const users = new Command('users').summary('from a user to their pseudonym, and back');
  users.addCommand(keyCommand(act));
  users.addCommand(revealCommand(act));
  return users;
}

function keyCommand(act: Act) {
  return new Command('key')
    .summary("show a user's pseudonym")
    .description('Needs the role operator, and is written to the audit log, with the pseudonym alone.')
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--user [name]', 'of the user with this id or address, whichever it is: a key of each')
    .option('--user-id [id]', 'of the user with this id')
    .option('--user-email [address]', 'of the user with this address')
    .action(
      act(async (session: Session, tenant: string, options) => {
        const user = await (options.user === undefined ? userOf : subjectOf)(session.io, options);
        const names = Object.entries(user);
        if (names.length === 0) throw invalidInput('Say which user: --user, --user-id or --user-email.');
        if (user['user_key'] !== undefined) throw invalidInput('It is a key already.');
        const api = await session.api();
        const keys: Record<string, string> = {};
        for (const [name, value] of names) keys[name] = await keyOf(api, tenant, { [name]: value });
        const all = Object.values(keys);
        session.out.result(all.length === 1 ? { key: all[0] } : { keys }, () => textOf(keys));
        return undefined;
      }),
    );
}

async function keyOf(api: ApiClient, tenant: string, body: UserBody): Promise<string> {
  const { key } = await api.ask<{ readonly key: string }>("look up the user's key", {
    method: 'POST',
    shape: SHAPES.userKey,
    path: tenantPath(tenant, 'users', 'key'),
    body,
    isRepeatable: true,
  });
  return key;
}

/** One key alone; of several, each with what it is of. */
function textOf(keys: Readonly<Record<string, string>>): string {
  const all = Object.entries(keys);
  if (all.length === 1) return all.map(([, key]) => printable(key)).join('');
  return all
    .map(([name, key]) => `${printable(key)}  as an ${name === 'user_id' ? 'id' : 'e-mail address'}`)
    .join('\n');
}

function revealCommand(act: Act) {
  return new Command('reveal')
    .summary('show the user behind a pseudonym')
    .description(
      'Only where the tenant keeps the sealed map (privacy.sealed_map).\nNeeds the role admin, and is written to the audit log, with the pseudonym alone.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<key>', 'the pseudonym, as events show it: p_…')
    .action(
      act(async (session: Session, tenant: string, key: string, _options: object) => {
        if (!PSEUDONYM_PATTERN.test(key))
          throw invalidInput('A key is p_ and 22 characters, as events, detections and the audit show it.');
        const api = await session.api();
        const user = await api.ask<Revealed>('reveal the user', {
          method: 'POST',
          shape: SHAPES.revealed,
          path: tenantPath(tenant, 'users', 'reveal'),
          body: { user_key: key },
          isRepeatable: true,
        });
        session.out.result(user, () => printable(user.user_id ?? user.user_email ?? ''));
        return undefined;
      }),
    );
}
