/** Hits of one rule, summed up as a backtest reports them. Pure state, bounded: of many users, the busiest are kept. */

import type { BacktestReport } from '../api-types.ts';

type RuleReport = BacktestReport['rules'][number];

const TOP_USERS = 5;
const SAMPLES = 5;
/** Users of a rule that are told apart; beyond, those with the fewest hits are forgotten. */
const USERS_MAX = 50_000;

export interface Hit {
  readonly eventId: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly user: string | undefined;
  readonly count: number;
}

export class Tally {
  #hits = 0;
  #failures = 0;
  readonly #perDay = new Map<string, number>();
  #users = new Map<string, number>();
  #samples: Hit[] = [];

  add(hit: Hit): void {
    this.#hits++;
    const day = hit.at.slice(0, 10);
    this.#perDay.set(day, (this.#perDay.get(day) ?? 0) + 1);
    if (hit.user !== undefined) this.#addUser(hit.user);
    const oldest = this.#samples.at(-1);
    if (oldest !== undefined && this.#samples.length === SAMPLES && oldest.at >= hit.at) return;
    this.#samples = [...this.#samples, hit]
      .toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
      .slice(0, SAMPLES);
  }

  fail(): void {
    this.#failures++;
  }

  report({ rule, title }: Pick<RuleReport, 'rule' | 'title'>, nameOf: (user: string) => string): RuleReport {
    return {
      rule,
      title,
      hits: this.#hits,
      perDay: Object.fromEntries([...this.#perDay].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      topUsers: busiest(this.#users, TOP_USERS).map(([user, hits]) => ({ user: nameOf(user), hits })),
      markedFalse: 0,
      markedTrue: 0,
      failures: this.#failures,
      samples: this.#samples.map(({ eventId, at, count }) => ({ eventId, at, count })),
    };
  }

  #addUser(user: string): void {
    this.#users.set(user, (this.#users.get(user) ?? 0) + 1);
    if (this.#users.size > USERS_MAX) this.#users = new Map(busiest(this.#users, USERS_MAX / 2));
  }
}

function busiest(users: ReadonlyMap<string, number>, most: number): (readonly [string, number])[] {
  return [...users].toSorted(([, a], [, b]) => b - a).slice(0, most);
}
