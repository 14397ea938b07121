/**
 * The object's part in a tenant's move to another place, as its source (departure.ts) or as its target (arrival.ts); never both at once.
 * What goes wrong is for the caller: nothing is caught here.
 */

import type { ArriveAnswer, ArriveRequest, LeaveAnswer, LeaveRequest, MoveView } from '../domain/move.ts';
import type { UnavailableReason } from '../domain/unavailable.ts';
import { Arrival, type ArrivalParts } from './arrival.ts';
import { Departure, type DepartureParts } from './departure.ts';

export class Moves {
  readonly #parts: DepartureParts & ArrivalParts;
  readonly #departure: Departure;
  readonly #arrival: Arrival;

  constructor(parts: DepartureParts & ArrivalParts) {
    this.#parts = parts;
    this.#departure = new Departure(parts);
    this.#arrival = new Arrival(parts);
  }

  /** The tenant is at rest here, and goes or stays. */
  get isLeaving(): boolean {
    return this.#parts.store.current?.side === 'leaving';
  }

  /** Whether the alarm has something to do. */
  get isKeeping(): boolean {
    return this.nextAlarmAtMs() !== null;
  }

  /** Why the object serves nobody now; undefined: it does, or a move is no reason. */
  get refusal(): UnavailableReason | undefined {
    const isResting = this.#parts.relay()?.isComingToRest === true;
    return this.#parts.store.refusal(this.#parts.nowMs()) ?? (isResting ? 'moving' : undefined);
  }

  /** Whether its tenant has gone from here lately: what still comes for it is for another object. */
  get isDeparted(): boolean {
    return this.#parts.store.current?.side === 'departed';
  }

  get view(): MoveView {
    return this.#parts.store.view(this.#parts.hasTenant());
  }

  async leave(request: LeaveRequest): Promise<LeaveAnswer> {
    return this.#departure.leave(request);
  }

  async arrive(request: ArriveRequest): Promise<ArriveAnswer> {
    return this.#arrival.arrive(request);
  }

  /** What is due. What fails is for the next alarm. */
  async tidy(): Promise<void> {
    await this.#departure.tidy();
    await this.#arrival.tidy();
  }

  nextAlarmAtMs(): number | null {
    return this.#departure.nextAlarmAtMs() ?? this.#arrival.nextAlarmAtMs();
  }
}
