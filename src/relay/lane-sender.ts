/**
 * Sends a run's events through its channel: when a probe may go, how long it waits, and what is left of the slice's requests.
 * Decides nothing about what comes of them.
 */

import { NOT_SENT, type Outcome } from '../domain/outcome.ts';
import { deliver } from './deliver.ts';
import type { OpenLane, RunningLane } from './lane-parts.ts';
import type { LogEntry } from './log.ts';

/** Seldom: a patient probe of one that hangs delays the look for its return. */
const PATIENT_PROBE_EVERY = 10;

/** How a request leaves. */
export interface Sending {
  /** It finds out whether the destination is back. */
  readonly isProbe: boolean;
  /** An operator redrives its one entry, by its dead letter's id. */
  readonly isRedriven?: boolean;
}

type Entries = readonly Pick<LogEntry, 'seq' | 'event'>[];

export class LaneSender {
  readonly #lane: RunningLane;
  /** Whether the run that it sends for still counts. */
  readonly #isCurrent: () => boolean;
  /** Of the slice. */
  #requestsLeft: number;

  constructor(lane: RunningLane, isCurrent: () => boolean) {
    this.#lane = lane;
    this.#isCurrent = isCurrent;
    this.#requestsLeft = lane.parts.requestsPerSlice();
  }

  get isUsedUp(): boolean {
    return this.#requestsLeft <= 0;
  }

  /** Probes of all lanes together get a part of the connections only: destinations that hang leave the rest to those that answer. */
  async send(open: OpenLane, entries: Entries, sending: Sending): Promise<Outcome> {
    this.#requestsLeft--;
    if (!sending.isProbe) return this.#deliver(open, entries, sending, false);
    const release = await this.#lane.parts.probeSlots.acquire();
    try {
      if (!this.#holds(open)) return NOT_SENT;
      this.#lane.renewLease();
      return await this.#deliver(open, entries, sending, this.#isImpatient);
    } finally {
      release();
    }
  }

  async #deliver(
    open: OpenLane,
    entries: Entries,
    { isRedriven = false }: Sending,
    isImpatient: boolean,
  ): Promise<Outcome> {
    // One request is counted already.
    const requestsMax = this.#requestsLeft + 1;
    const { outcome, requests } = await deliver(this.#lane.parts, open, {
      entries,
      isImpatient,
      requestsMax,
      isRedriven,
      isCurrent: () => this.#holds(open),
      noteAlive: () => {
        if (this.#isCurrent()) this.#lane.renewLease();
      },
      isGivenUp: () => !this.#isCurrent(),
    });
    this.#requestsLeft -= Math.max(0, requests - 1);
    return outcome;
  }

  /** Whether the run counts, with the config that the destination was opened with. A pause is a config, too. */
  #holds(open: OpenLane): boolean {
    return this.#isCurrent() && open === this.#lane.opened;
  }

  /** After a timeout a probe waits less long, but for every tenth one: a destination may be slow, and not down. */
  get #isImpatient(): boolean {
    const { lastFailure, tries } = this.#lane.state;
    return lastFailure?.reason === 'timeout' && tries % PATIENT_PROBE_EVERY !== 0;
  }
}
