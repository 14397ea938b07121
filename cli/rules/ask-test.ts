/** Has the relay test rules on an event, which changes nothing there. */

import { SHAPES } from '../api-shapes.ts';
import { tenantPath } from '../api-paths.ts';
import type { RuleTest } from '../api-types.ts';
import { invalidInput } from '../failure.ts';
import type { Io } from '../io.ts';
import type { Session } from '../session.ts';
import { readEventFile } from './read-inputs.ts';

export interface EventOptions {
  readonly event?: string | undefined;
  readonly eventId?: string | undefined;
}

/** As the body of the request names the event; undefined: no option does. */
export async function eventOf(
  io: Io,
  { event, eventId }: EventOptions,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (event !== undefined && eventId !== undefined)
    throw invalidInput('Name the event in one way: --event or --event-id.');
  if (event !== undefined) return { event: await readEventFile(io, event) };
  return eventId === undefined ? undefined : { event_id: eventId };
}

export async function askTest(
  session: Session,
  tenant: string,
  body: Readonly<Record<string, unknown>>,
): Promise<readonly RuleTest[]> {
  const api = await session.api();
  const { tests } = await api.ask<{ readonly tests: readonly RuleTest[] }>('test the rules', {
    method: 'POST',
    shape: SHAPES.ruleTests,
    path: tenantPath(tenant, 'rules', 'test'),
    body,
    isRepeatable: true,
  });
  return tests;
}
