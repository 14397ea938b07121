/**
 * Writes the sends of a working day, each with its expectation, and remembers which can be delivered again. No I/O, no clock.
 */

import type { JsonObject } from './event-facts.ts';
import { FORWARDED_TYPES, type NoxysEvent } from './noxys-events.ts';
import type { SendOptions } from './noxys.ts';
import type { RefusalReason, SendExpectation, SendKind, WorkingDaySend } from './working-day-expectation.ts';

const FORWARDED: ReadonlySet<string> = new Set(FORWARDED_TYPES);
const NOTHING = { accepted: 0, duplicates: 0, filtered: 0, rejected: 0 };

type Draft = Pick<WorkingDaySend, 'kind' | 'body' | 'expectation'> &
  Partial<Pick<WorkingDaySend, 'spellings' | 'types' | 'acceptedIds' | 'burst'>> & {
    readonly options?: SendOptions;
  };

export class DayWriter {
  readonly #newWebhookId: () => string;
  readonly #sends: WorkingDaySend[] = [];

  constructor(newWebhookId: () => string) {
    this.#newWebhookId = newWebhookId;
  }

  get sends(): readonly WorkingDaySend[] {
    return this.#sends;
  }

  /** One event in one request; accepted or filtered by its type. */
  single(kind: SendKind, event: NoxysEvent, burst?: string): void {
    const expectation = { expectedStatus: 202, ...NOTHING, ...countsOf([event]) };
    const inBurst = burst === undefined ? {} : { burst };
    this.#add({ kind, body: JSON.stringify(event.body), expectation, ...described([event]), ...inBurst });
  }

  /** Several events in a list; `unusable` is one more element, which is rejected alone. */
  batch(kind: SendKind, events: readonly NoxysEvent[], unusable?: unknown): void {
    const elements = [...events.map(({ body }) => body), ...(unusable === undefined ? [] : [unusable])];
    const rejected = elements.length - events.length;
    const expectation = { expectedStatus: 202, ...NOTHING, ...countsOf(events), rejected };
    this.#add({ kind, body: JSON.stringify(elements), expectation, ...described(events) });
  }

  /** An authentic body of a type that no tenant forwards. */
  filteredBody(kind: SendKind, body: JsonObject): void {
    const expectation = { expectedStatus: 202, ...NOTHING, filtered: 1 };
    this.#add({ kind, body: JSON.stringify(body), expectation });
  }

  /** A request that must not pass for authentic. */
  refused(kind: SendKind, event: NoxysEvent, options: SendOptions): void {
    const expectation: SendExpectation = { expectedStatus: 401, ...NOTHING, refusal: 'unauthorized' };
    this.#add({ kind, body: JSON.stringify(event.body), expectation, options, types: [event.type] });
  }

  /** An authentic request that is refused for what it holds. */
  unusable(
    kind: SendKind,
    body: string,
    expectedStatus: number,
    refusal: RefusalReason,
    contentType?: string,
  ): void {
    const options = contentType === undefined ? {} : { contentType };
    this.#add({ kind, body, expectation: { expectedStatus, ...NOTHING, refusal }, options });
  }

  /** Sends that were accepted in whole or part, and not yet delivered again. */
  redeliverable(size: 'single' | 'batch'): WorkingDaySend[] {
    const again = new Set(
      this.#sends
        .filter(({ kind }) => kind.startsWith('redelivered'))
        .map(({ options }) => options.webhookId),
    );
    return this.#sends.filter(
      ({ kind, body, expectation, options }) =>
        expectation.accepted > 0 &&
        kind !== 'batch_with_unusable' &&
        (size === 'batch') === body.startsWith('[') &&
        !again.has(options.webhookId),
    );
  }

  /** The same webhook once more: same id, same bytes, a new timestamp. What was accepted is a duplicate now. */
  redeliver(send: WorkingDaySend): void {
    const { accepted, filtered } = send.expectation;
    const expectation = { expectedStatus: 202, ...NOTHING, duplicates: accepted, filtered };
    const { body, options, spellings, types } = send;
    const kind = body.startsWith('[') ? 'redelivered_batch' : 'redelivered';
    this.#add({ kind, body, expectation, options, spellings, types });
  }

  #add(draft: Draft): void {
    const { options, ...rest } = draft;
    this.#sends.push({
      index: this.#sends.length,
      spellings: [],
      types: [],
      acceptedIds: [],
      ...rest,
      options: { ...options, webhookId: options?.webhookId ?? this.#newWebhookId() },
    });
  }
}

function countsOf(events: readonly NoxysEvent[]): Pick<SendExpectation, 'accepted' | 'filtered'> {
  const accepted = events.filter(({ type }) => FORWARDED.has(type)).length;
  return { accepted, filtered: events.length - accepted };
}

function described(
  events: readonly NoxysEvent[],
): Pick<WorkingDaySend, 'spellings' | 'types' | 'acceptedIds'> {
  return {
    spellings: events.map(({ spelling }) => spelling),
    types: events.map(({ type }) => type),
    acceptedIds: events.flatMap(({ id, type }) => (id !== undefined && FORWARDED.has(type) ? [id] : [])),
  };
}
