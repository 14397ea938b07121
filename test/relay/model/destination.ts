/** A destination inside the test: behaves as told, and holds every request against its lane's model. */

import type { Attempt, Ending, Wire } from './attempt.ts';
import type { LaneModel } from './lane-model.ts';
import type { ModelTime } from './time.ts';

export const BEHAVIOURS = [
  'ok',
  'unavailable', // 503
  'busy', // 429
  'fails_poison', // 500 for a request with a poisonous event
  'refuses_poison', // 400 for a request with a poisonous event
  'refuses', // 400
  'unauthorized', // 401
  'forbidden', // 403
  'hangs', // takes nothing, never answers
  'takes_and_hangs', // takes everything, never answers
  'breaks', // the connection is lost, nothing is taken
  'takes_and_breaks', // takes everything, then the connection is lost
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** A slow destination answers after the next command, or after so long in real time: below any timeout of the first attempt. */
const SLOW_MS_MAX = 25;
const STATUSES: Partial<Record<Behaviour, readonly [number, Ending]>> = {
  unavailable: [503, 'failed'],
  busy: [429, 'busy'],
  fails_poison: [500, 'failed'],
  refuses_poison: [400, 'rejected'],
  refuses: [400, 'rejected'],
  unauthorized: [401, 'blocked'],
  forbidden: [403, 'blocked'],
};

export class ModelDestination {
  behaviour: Behaviour = 'ok';
  isSlow = false;
  readonly #lane: LaneModel;
  readonly #time: ModelTime;

  constructor(lane: LaneModel, time: ModelTime) {
    this.#lane = lane;
    this.#time = time;
  }

  async answer(body: string, headers: Headers, signal: AbortSignal | null | undefined): Promise<Response> {
    this.#time.requests++;
    const { behaviour, isSlow } = this;
    const wire = readWire(body, headers);
    const attempt = this.#lane.begin(wire, this.#time.nowMs);
    const isSpared = behaviour.endsWith('_poison') && !wire.events.some(({ id }) => isPoisonous(id));
    const [status, ending] = (isSpared ? undefined : STATUSES[behaviour]) ?? [202, 'taken'];
    // Slow in what it takes, and every other time in what it does not.
    if (isSlow && (ending === 'taken' || this.#time.requests % 2 === 0)) {
      await this.#linger();
      if (signal?.aborted) return this.#break(attempt, 'aborted');
    }
    if (behaviour === 'takes_and_hangs' || behaviour === 'takes_and_breaks') attempt.isTaken = true;
    if (behaviour === 'breaks' || behaviour === 'takes_and_breaks')
      return this.#break(attempt, 'connection lost');
    if (behaviour === 'hangs' || behaviour === 'takes_and_hangs') {
      await aborted(signal);
      return this.#break(attempt, 'aborted');
    }
    this.#lane.end(attempt, ending);
    return new Response('{}', { status, headers: status === 429 ? { 'retry-after': '7' } : {} });
  }

  /** Through the command that is next. */
  async #linger(): Promise<void> {
    const untilCommand = this.#time.commands + 2;
    const endsAtMs = Date.now() + SLOW_MS_MAX;
    while (this.#time.commands < untilCommand && !this.#time.isHurried && Date.now() < endsAtMs)
      await scheduler.wait(1);
  }

  #break(attempt: Attempt, how: string): never {
    this.#lane.end(attempt, 'failed');
    throw new Error(how);
  }
}

/** Some events are at fault themselves. */
export function isPoisonous(id: string): boolean {
  return Number(id.slice(4)) % 4 === 0;
}

async function aborted(signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve());
  });
}

interface Sent {
  readonly id?: string;
  readonly type?: string;
  readonly event?: { readonly event?: { readonly id?: string; readonly action?: string } };
}

function readWire(body: string, headers: Headers): Wire {
  return {
    events: body.split('\n').map((line) => {
      const sent = JSON.parse(line) as Sent;
      const { id, action: type } = sent.event?.event ?? {};
      return { id: sent.id ?? id ?? '', type: sent.type ?? type ?? '' };
    }),
    token: headers.get('authorization')?.split(' ')[1] ?? '',
    attemptId: headers.get('x-attempt-id') ?? '',
    idempotencyKey: headers.get('idempotency-key'),
  };
}
