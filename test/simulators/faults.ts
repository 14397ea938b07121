/**
 * Fault injection for the simulators: which requests fail, how, and for how long.
 * Holds the plan only; `http-server.ts` carries a fault out. No I/O; the clock is passed in.
 */

import { seededRandom, unitFromText, type Random } from './random.ts';
import type { SimulatorRequest } from './request.ts';

/** How and when requests fail. Without `times`, `forMs` or a key it lasts until healed. Without `status`, `drop` or `hang` the vendor works as usual, only `delayMs` later. */
export interface Fault {
  /** Answer this instead of what the vendor would; the vendor records nothing. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Wait before the answer, or before the drop. The vendor has recorded by then: a client that gives up causes a duplicate. */
  readonly delayMs?: number;
  /** Close the connection: before the body is read, or after the vendor recorded it (the client never sees the answer). */
  readonly drop?: 'before_reading' | 'after_reading';
  /** Read the request, record nothing, never answer. */
  readonly hang?: boolean;
  /** At most so many requests. */
  readonly times?: number;
  /** For so long from the call of `fail`. */
  readonly forMs?: number;
  /** Which of the matching requests: a predicate, or a probability from 0 to 1 drawn with `seed`. Default all. */
  readonly every?: ((request: SimulatorRequest) => boolean) | number;
  /** Seed of the probability. Default 1. */
  readonly seed?: number;
  /** Only these requests. With `drop: 'before_reading'` the body is still empty. */
  readonly match?: (request: SimulatorRequest) => boolean;
  /** A key fails at most once; a probability is then drawn per key, whatever the order. No key: no fault. */
  readonly oncePerKey?: (request: SimulatorRequest) => string | undefined;
}

/** A fault in force. */
export interface ActiveFault {
  /** Requests that it has hit. */
  readonly hits: number;
  /** Ends this fault only. */
  heal(): void;
}

class FaultInForce implements ActiveFault {
  readonly fault: Fault;
  readonly #untilMs: number;
  readonly #random: Random;
  readonly #keys = new Set<string>();
  #hits = 0;
  #isHealed = false;

  constructor(fault: Fault, nowMs: number) {
    this.fault = fault;
    this.#untilMs = nowMs + (fault.forMs ?? Infinity);
    this.#random = seededRandom(fault.seed ?? 1);
  }

  get hits(): number {
    return this.#hits;
  }

  heal(): void {
    this.#isHealed = true;
  }

  /** Whether it hits this request; a hit is counted. */
  hit(request: SimulatorRequest, nowMs: number): boolean {
    if (this.#isHealed || nowMs >= this.#untilMs || this.#hits >= (this.fault.times ?? Infinity))
      return false;
    if (this.fault.match !== undefined && !this.fault.match(request)) return false;
    if (!(this.fault.oncePerKey === undefined ? this.#isDrawn(request) : this.#isKeyDrawn(request)))
      return false;
    this.#hits += 1;
    return true;
  }

  #isDrawn(request: SimulatorRequest): boolean {
    const every = this.fault.every ?? 1;
    return typeof every === 'number' ? this.#random() < every : every(request);
  }

  #isKeyDrawn(request: SimulatorRequest): boolean {
    const key = this.fault.oncePerKey?.(request);
    if (key === undefined || this.#keys.has(key)) return false;
    const every = this.fault.every ?? 1;
    const isDrawn =
      typeof every === 'number' ? unitFromText(this.fault.seed ?? 1, key) < every : every(request);
    if (isDrawn) this.#keys.add(key);
    return isDrawn;
  }
}

/** The faults of one simulator, oldest first: the first that hits a request is carried out. */
export class FaultPlan {
  #inForce: FaultInForce[] = [];

  add(fault: Fault, nowMs: number): ActiveFault {
    const inForce = new FaultInForce(fault, nowMs);
    this.#inForce.push(inForce);
    return inForce;
  }

  clear(): void {
    for (const inForce of this.#inForce) inForce.heal();
    this.#inForce = [];
  }

  /** The fault to carry out on this request, if any; asked once before the body is read and once after. */
  take(
    request: SimulatorRequest,
    stage: 'before_reading' | 'after_reading',
    nowMs: number,
  ): Fault | undefined {
    const isEarly = stage === 'before_reading';
    return this.#inForce.find(
      (inForce) => (inForce.fault.drop === 'before_reading') === isEarly && inForce.hit(request, nowMs),
    )?.fault;
  }
}
