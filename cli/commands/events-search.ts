/** `noxys-relay events search TENANT`: stored events by user, type, platform, severity, decision and time. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import type { EventPage, EventView } from '../api-types.ts';
import { type EventFilters, filtersOf, instant, instantAt } from '../event-filters.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { eventsTable } from '../output/event-lines.ts';
import type { Session } from '../session.ts';
import { type NamedUser, userOf } from '../user-option.ts';

const PAGE_MAX = 200;

interface Options extends EventFilters, NamedUser {
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
  const user = await userOf(session.io, options);
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
