/** `noxys-relay events search TENANT`: stored events by user, type, platform, severity, decision and time. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import type { EventPage, EventView } from '../api-types.ts';
import { type EventFilters, filtersOf, instant, instantAt } from '../event-filters.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { canAsk, type Io } from '../io.ts';
import { eventsTable } from '../output/event-lines.ts';
import { refuseEmpty } from '../read-secret.ts';
import type { Session } from '../session.ts';

const PAGE_MAX = 200;

interface Options extends EventFilters {
  readonly userId?: string | true | undefined;
  readonly userEmail?: string | true | undefined;
  readonly userKey?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit: number;
  readonly before?: number | undefined;
  readonly persons?: true | undefined;
}

export function searchCommand(act: Act) {
  return new Command('search')
    .summary('search stored events')
    .description(
      'A search for a user is written to the audit log, with the key of the user and never the id.\nWithout a value, --user-id and --user-email ask for it, so that the shell does not keep it; - is stdin.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--user-id [id]', 'only events of this user')
    .option('--user-email [address]', 'only events of the user with this address')
    .option('--user-key <key>', 'only events of the user with this pseudonym')
    .option('--type <type>', 'only this type of event')
    .option('--platform <id>', 'only this AI platform')
    .option('--level <level>', 'only this severity')
    .option('--decision <decision>', 'only this decision of the policy')
    .option('--since <time>', 'not before this time, such as 2026-11-22T05:00:00Z or 6h (ago)', instant)
    .option('--until <time>', 'not after this time', instant)
    .option('--limit <n>', 'how many, newest first', wholeNumber(1, 10_000), 50)
    .option('--before <seq>', 'only older ones than this', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--persons', 'show users and devices instead of pseudonyms')
    .action(act(async (session: Session, tenant: string, options) => search(session, tenant, options)));
}

async function search(session: Session, tenant: string, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  const user = await userOf(session, options);
  const select = {
    ...filtersOf(options),
    since: instantAt(options.since, io.nowMs()),
    until: instantAt(options.until, io.nowMs()),
    ...(options.persons === true ? { persons: 'show' } : {}),
  };
  const api = await session.api();
  const events: EventView[] = [];
  let { before } = options;
  do {
    const limit = Math.min(PAGE_MAX, options.limit - events.length);
    const page = await readPage(api, tenant, user, { ...select, before, limit });
    events.push(...page.events);
    before = page.nextBefore;
  } while (before !== undefined && events.length < options.limit);
  out.result({ events, ...(before === undefined ? {} : { nextBefore: before }) }, () =>
    [
      events.length === 0 ? 'No event is like that.' : eventsTable(out, events),
      ...(before === undefined ? [] : [`There is more: --before ${before}, or a larger --limit.`]),
    ].join('\n'),
  );
  return EXIT.ok;
}

/** Of a user in the body of a search, because no URL holds a person; of everybody as a list. */
async function readPage(
  api: ApiClient,
  tenant: string,
  user: Readonly<Record<string, string>>,
  select: Readonly<Record<string, string | number | undefined>>,
): Promise<EventPage> {
  const isOfUser = Object.keys(user).length > 0;
  return api.ask<EventPage>('search the events', {
    ...(isOfUser
      ? { method: 'POST', path: tenantPath(tenant, 'events', 'search'), body: { ...user, ...select } }
      : { method: 'GET', path: tenantPath(tenant, 'events'), query: select }),
    shape: SHAPES.found,
    isRepeatable: true,
  });
}

/** Which user, asked for where the value was left out. */
async function userOf({ io }: Session, options: Options): Promise<Readonly<Record<string, string>>> {
  const { userId, userEmail, userKey } = options;
  const given = [userId, userEmail, userKey].filter((value) => value !== undefined);
  if (given.length > 1)
    throw invalidInput('Name the user in one way: --user-id, --user-email or --user-key.');
  if (userKey !== undefined) return { user_key: userKey };
  const value = userId ?? userEmail;
  if (value === undefined) return {};
  const what = userId === undefined ? "The user's e-mail address" : "The user's id";
  const user = value === true || value === '-' ? await askUser(io, what, value === '-') : value;
  return userId === undefined ? { user_email: user } : { user_id: user };
}

/** From stdin or a prompt: a person is no argument either. */
async function askUser(io: Io, what: string, isPiped: boolean): Promise<string> {
  if (!isPiped && !canAsk(io)) {
    throw invalidInput(
      `${what} is needed, and nobody can be asked here.`,
      'Write - after the option and give it on stdin, or write it after the option.',
    );
  }
  const given = isPiped
    ? new TextDecoder().decode(await io.stdin.readAll())
    : await io.prompts.text({ message: what, validate: refuseEmpty });
  if (given.trim() === '') throw invalidInput(`${what} is empty.`);
  return given.trim();
}
