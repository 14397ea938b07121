/** `noxys-relay events explain TENANT ID`: one event, and what each lane did with it and why. */

import { Command } from '@commander-js/extra-typings';

import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { EventExplained } from '../api-types.ts';
import { tenantId } from '../option-values.ts';
import { eventLine, explanationLines } from '../output/event-lines.ts';
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
        const api = await session.api();
        const explained = await api.ask<EventExplained>('explain the event', {
          method: 'GET',
          shape: SHAPES.explained,
          path: tenantPath(tenant, 'events', id),
          query: { type, persons: persons === true ? 'show' : undefined },
        });
        session.out.result(explained, () => textOf(session, explained));
        return undefined;
      }),
    );
}

function textOf({ out, io }: Session, { events, isComplete }: EventExplained): string {
  return [
    ...events.flatMap(({ event, lanes }) => [
      eventLine(out, event),
      ...explanationLines(out, lanes, io.nowMs()),
      ...event.faults.map(({ path, reason }) => `  fault  ${path}: ${reason}`),
    ]),
    ...(isComplete ? [] : ['Older events were not looked through: there may be another with this id.']),
  ].join('\n');
}
