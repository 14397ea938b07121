/**
 * The event that tests a destination: made by the relay, about nobody, and named a test in every place where a console shows text.
 * It has no decision, score, severity or classification, so that no rule for real events fires on it. Pure.
 */

import type { CanonicalEvent } from './event.ts';

/** Of no Noxys event: whoever wants no tests in a console filters by it. */
export const TEST_EVENT_TYPE = 'relay.test';
/** What a person reads in the product's console. */
export const TEST_EVENT_TITLE = 'noxys-relay connection test';

export interface TestEventFacts {
  readonly tenant: string;
  /** New for each test. */
  readonly id: string;
  readonly nowMs: number;
}

/** One test event. HarfangLab shows its platform's name, Falcon its policy's name and its message. */
export function testEvent({ tenant, id, nowMs }: TestEventFacts): CanonicalEvent {
  const at = new Date(nowMs).toISOString();
  return {
    id: `relay-test-${id}`,
    type: TEST_EVENT_TYPE,
    occurredAt: at,
    receivedAt: at,
    tenant,
    platform: { id: 'relay-test', name: TEST_EVENT_TITLE },
    policy: { name: TEST_EVENT_TITLE },
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
  };
}
