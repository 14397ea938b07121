/** `noxys-relay events tail TENANT`: the newest events, then each new one as it comes. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import type { EventPage } from '../api-types.ts';
import { type EventFilters, filtersOf } from '../event-filters.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { eventLine } from '../output/event-lines.ts';
import type { Session } from '../session.ts';
import { untilInterrupted } from '../watch.ts';

const PAGE_MAX = 100;

interface Options extends EventFilters {
  readonly last: number;
  readonly interval: number;
  readonly persons?: true | undefined;
}

export function tailCommand(act: Act) {
  return new Command('tail')
    .summary('show new events as they come, until Ctrl-C')
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('-n, --last <n>', 'begin with so many of the newest', wholeNumber(0, PAGE_MAX), 10)
    .option('--interval <seconds>', 'time between two looks', wholeNumber(1, 3600), 2)
    .option('--type <type>', 'only this type of event')
    .option('--platform <id>', 'only this AI platform')
    .option('--level <level>', 'only this severity')
    .option('--decision <decision>', 'only this decision of the policy')
    .option('--persons', 'show users and devices instead of pseudonyms')
    .action(act(async (session: Session, tenant: string, options) => tail(session, tenant, options)));
}

async function tail(session: Session, tenant: string, options: Options): Promise<ExitCode> {
  const api = await session.api();
  const query = { ...filtersOf(options), persons: options.persons === true ? 'show' : undefined };
  const path = tenantPath(tenant, 'events');
  const first = await api.ask<EventPage>('read the events', {
    method: 'GET',
    shape: SHAPES.events,
    path,
    query: { ...query, limit: Math.max(1, options.last) },
  });
  show(session, options.last === 0 ? [] : first.events.toReversed());
  let after = first.lastSeq;
  return untilInterrupted(session.io, options.interval * 1000, async () => {
    after = await showNewer(session, api, path, { ...query, after });
  });
}

/** Shows all that came after `after`, and says where the next look begins. */
async function showNewer(
  session: Session,
  api: ApiClient,
  path: string,
  query: Readonly<Record<string, string | number | undefined>> & { readonly after: number },
): Promise<number> {
  let { after } = query;
  for (;;) {
    const page = await api.ask<EventPage>('read the events', {
      method: 'GET',
      shape: SHAPES.events,
      path,
      query: { ...query, after, limit: PAGE_MAX },
    });
    show(session, page.events);
    const isAll = page.events.length < PAGE_MAX || page.lastSeq <= after;
    after = Math.max(after, page.lastSeq);
    if (isAll) return after;
  }
}

function show({ out }: Session, events: EventPage['events']): void {
  for (const event of events) out.next(event, () => eventLine(out, event));
}
