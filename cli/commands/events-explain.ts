/** `noxys-relay events explain TENANT ID`: one event, and what each lane did with it and why. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import type { Explained } from '../api-types.ts';
import { tenantId } from '../option-values.ts';
import { eventLine, explanationLines } from '../output/event-lines.ts';
import { printable } from '../output/printable.ts';
import { goesInCircles } from '../pages.ts';
import type { Session } from '../session.ts';

export function explainCommand(act: Act) {
  return new Command('explain')
    .summary('what each lane did with an event, and why')
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<id>', "the event's id")
    .option('--type <type>', 'the type of the event, where several have this id')
    .option('--persons', 'show user and device instead of pseudonyms')
    .action(
      act(async (session: Session, tenant: string, id: string, { type, persons }) => {
        const shown = persons === true ? 'show' : undefined;
        const explained = await explain(await session.api(), tenantPath(tenant, 'events', id), {
          type,
          persons: shown,
        });
        session.out.result(explained, () => textOf(session, explained));
        return undefined;
      }),
    );
}

/** Looks through older and older events until one has the id. */
async function explain(
  api: ApiClient,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<Explained> {
  let before: number | undefined;
  for (;;) {
    const explained: Explained = await api.ask<Explained>('explain the event', {
      method: 'GET',
      shape: SHAPES.explained,
      path,
      query: { ...query, before },
    });
    const { events, isComplete, nextBefore } = explained;
    if (events.length > 0 || isComplete || nextBefore === undefined) return explained;
    if (before !== undefined && nextBefore >= before) throw goesInCircles('explain the event');
    before = nextBefore;
  }
}

function textOf({ out, io }: Session, { events, isComplete }: Explained): string {
  return [
    ...events.flatMap(({ event, lanes }) => [
      eventLine(out, event),
      ...explanationLines(out, lanes, io.nowMs()),
      ...event.faults.map(({ path, reason }) => `  fault  ${printable(path)}: ${reason}`),
    ]),
    ...(isComplete ? [] : ['Older events were not looked through: there may be another with this id.']),
  ].join('\n');
}
