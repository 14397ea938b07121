/** Turns a planned fault into one of a simulator's own. The vendors answer as they do; only when and how often is the plan's. */

import { unreachable } from '../../src/lib/result.ts';
import type { ActiveFault, Fault } from '../simulators/faults.ts';
import { integerBetween, seededRandom } from '../simulators/random.ts';
import type { Action, FaultKind } from './plan-parts.ts';

type PlannedFault = Extract<Action, { kind: 'fault' }>;

/** Longer than the relay waits for an answer. */
const WITHHELD_MS = 20_000;
const GARBAGE_BYTES = 400;

/** Undefined: this kind is not injected into requests. */
export function faultOf(planned: PlannedFault, nowMs: number): Fault | undefined {
  const shared = { forMs: planned.forMs, seed: planned.seed };
  const some = { ...shared, every: 0.3 };
  switch (planned.fault) {
    case '503':
      return { ...some, status: 503, body: { detail: 'Service unavailable.' } };
    case 'outage':
      return { ...shared, status: 503, body: { detail: 'Service unavailable.' } };
    case '429 Retry-After':
      return { ...some, status: 429, headers: { 'Retry-After': String(planned.waitSeconds) } };
    case '429 epoch seconds':
      return { ...some, status: 429, headers: rateLimited(nowMs / 1000 + planned.waitSeconds) };
    case '429 epoch milliseconds':
      return { ...some, status: 429, headers: rateLimited(nowMs + planned.waitSeconds * 1000) };
    case 'answer withheld':
      return { ...shared, delayMs: WITHHELD_MS, times: 1 };
    case 'closed before reading':
      return { ...some, drop: 'before_reading' };
    case 'closed after reading':
      return { ...some, every: 0.15, drop: 'after_reading', times: 6 };
    case '200 with HTML':
      return {
        ...some,
        status: 200,
        body: '<!doctype html><title>Sign in</title>',
        contentType: 'text/html',
      };
    case '500 with garbage':
      return { ...some, status: 500, body: garbage(planned.seed), contentType: 'application/octet-stream' };
    case 'slow':
      return { ...shared, every: 0.5, delayMs: 150 };
    case '401':
      return undefined;
    default:
      return unreachable(planned.fault);
  }
}

/** How many requests each kind has hit. */
export class FaultCounts {
  readonly #active: { readonly kind: FaultKind; readonly fault: ActiveFault }[] = [];

  add(kind: FaultKind, fault: ActiveFault): void {
    this.#active.push({ kind, fault });
  }

  healAll(): void {
    for (const { fault } of this.#active) fault.heal();
  }

  hits(kind: FaultKind): number {
    return this.#active
      .filter((active) => active.kind === kind)
      .reduce((sum, { fault }) => sum + fault.hits, 0);
  }
}

function rateLimited(at: number): Readonly<Record<string, string>> {
  return { 'X-RateLimit-Remaining': '0', 'X-RateLimit-RetryAfter': String(Math.ceil(at)) };
}

function garbage(seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: GARBAGE_BYTES }, () => integerBetween(random, 0, 255));
}
