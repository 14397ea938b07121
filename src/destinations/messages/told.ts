/**
 * What a lane has told people, and what it only counted: so that a matter is told once in its quiet time, a storm is one message an hour,
 * and nothing that was answered is told again. Keeps hashes and counts, and no person.
 * What is told is written at once; counts gather until the next message, or the end of the turn, and are counted once however often an entry comes.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { MessagesConfig } from '../../domain/messages-config.ts';
import { isAtLeast, type Level } from '../../domain/severity.ts';
import { unreachable } from '../../lib/result.ts';
import type { ChannelMemory } from '../destination.ts';
import { noteWithinHour, toldWithinHour } from './hourly.ts';
import { type MessageGroup, entryKey, gravestOf, levelOf, matterOf } from './message-groups.ts';
import { type Storm, readStorm, stormTold, withOverflow, writeStorm } from './storm.ts';
import { NO_UNTOLD, type Untold, readUntold, writeUntold } from './untold.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** An entry is too old to be told after one hour, whatever is sent again. */
const TOLD_MS = 2 * HOUR_MS;
/** So long a count waits for the next message of its kind; the digest tells it all the same. */
const COUNT_MS = 24 * HOUR_MS;
/** Entries of the last batches: what a crash, or a batch that ends early, makes come again. */
const COUNTED_MAX = 256;
/** Notices have quiet times of their own: more than this is a fault, and the digest counts them. */
const NOTICES_PER_HOUR_MAX = 60;

const COUNTED_KEY = 'counted';

/** What was told of a matter. */
interface Matter {
  readonly atMs: number;
  readonly level: Level;
  /** Since then, and not told. */
  readonly count: number;
}

/** `known`: it was told or counted before. `quiet` and `overflow` are counted, and not told. */
export type Verdict = 'tell' | 'known' | 'quiet' | 'overflow';

/** So many more of a kind, not told one by one. */
export interface More {
  readonly count: number;
  readonly sinceMs: number;
}

export class Told {
  readonly #memory: ChannelMemory;
  readonly #config: MessagesConfig;
  readonly #nowMs: () => number;
  /** Not written yet. */
  #counted: string[] = [];
  #byMatter = new Map<string, number>();
  #overflow: CanonicalEvent[] = [];

  constructor(memory: ChannelMemory, config: MessagesConfig, nowMs: () => number) {
    this.#memory = memory;
    this.#config = config;
    this.#nowMs = nowMs;
  }

  /** What is to be done with a group. */
  judge(group: MessageGroup): Verdict {
    if (group.kind === 'test') return 'tell';
    const toldLevel = this.#memory.get(toldKey(group));
    const entries = this.#fresh(group);
    // What comes later about an event is told with it, unless it is graver: that would be lost.
    if (entries.length === 0) return 'known';
    if (toldLevel !== undefined && isAtLeast(toldLevel as Level, gravestOf(entries))) return 'known';
    switch (group.kind) {
      case 'digest':
        return 'tell';
      case 'notice':
        return this.#within('notice') < NOTICES_PER_HOUR_MAX ? 'tell' : 'quiet';
      case 'alert':
        if (entries.every((entry) => this.#isQuiet(entry))) return 'quiet';
        return this.#within('alert') < this.#config.per_hour_max ? 'tell' : 'overflow';
      default:
        return unreachable(group.kind);
    }
  }

  /** Counts a group that is not told. */
  count(group: MessageGroup, verdict: 'quiet' | 'overflow'): void {
    const entries = this.#fresh(group);
    this.#counted.push(...entries.map(entryKey));
    const matters = entries.map(matterOf);
    // Of several, the first that was told: the message counts it once.
    const matter = matters.find((key) => this.#matter(key)) ?? matters[0] ?? '';
    this.#byMatter.set(matter, (this.#byMatter.get(matter) ?? 0) + 1);
    if (verdict === 'overflow') this.#overflow.push(...entries.slice(0, 1));
  }

  /** What was counted of the matters of a group since they were told. */
  moreOf({ entries }: MessageGroup): More | undefined {
    this.flush();
    const matters = [...new Set(entries.map(matterOf))].flatMap((key) => this.#matter(key) ?? []);
    const counted = matters.filter(({ count }) => count > 0);
    if (counted.length === 0) return undefined;
    return {
      count: counted.reduce((sum, { count }) => sum + count, 0),
      sinceMs: Math.min(...counted.map(({ atMs }) => atMs)),
    };
  }

  /** The message of a group has been answered. */
  noteTold(group: MessageGroup): void {
    const { kind, entries } = group;
    const nowMs = this.#nowMs();
    if (kind === 'test') return;
    this.#memory.put(toldKey(group), gravestOf(entries), nowMs + TOLD_MS);
    if (kind === 'digest') return this.#noteDigest(entries);
    noteWithinHour(this.#memory, kind, nowMs);
    if (kind !== 'alert') return;
    for (const entry of entries)
      this.#putMatter(matterOf(entry), { atMs: nowMs, level: levelOf(entry), count: 0 });
  }

  /** The storm that people are to be told of now, if there is one. */
  get stormToTell(): Storm | undefined {
    this.flush();
    const storm = readStorm(this.#memory);
    return storm?.isDue === true ? storm : undefined;
  }

  noteStormTold(): void {
    writeStorm(this.#memory, stormTold(this.#nowMs()), this.#nowMs());
  }

  /** What was counted since the last digest of each kind. */
  get untold(): Untold {
    this.flush();
    return readUntold(this.#memory);
  }

  /** Writes what was counted. */
  flush(): void {
    if (this.#counted.length === 0) return;
    const nowMs = this.#nowMs();
    const ring = [...this.#ring(), ...this.#counted].slice(-COUNTED_MAX);
    this.#memory.put(COUNTED_KEY, JSON.stringify(ring), nowMs + TOLD_MS);
    let total = 0;
    for (const [key, count] of this.#byMatter) {
      total += count;
      const matter = this.#matter(key);
      if (matter) this.#putMatter(key, { ...matter, count: matter.count + count });
    }
    const { daily, weekly } = readUntold(this.#memory);
    writeUntold(this.#memory, { daily: daily + total, weekly: weekly + total }, nowMs);
    if (this.#overflow.length > 0)
      writeStorm(this.#memory, withOverflow(readStorm(this.#memory), this.#overflow, nowMs), nowMs);
    this.#counted = [];
    this.#byMatter = new Map();
    this.#overflow = [];
  }

  #noteDigest(entries: readonly CanonicalEvent[]): void {
    const periods = new Set(entries.map(({ digest }) => digest?.period));
    const untold = readUntold(this.#memory);
    writeUntold(
      this.#memory,
      {
        daily: periods.has('daily') ? NO_UNTOLD.daily : untold.daily,
        weekly: periods.has('weekly') ? NO_UNTOLD.weekly : untold.weekly,
      },
      this.#nowMs(),
    );
  }

  #within(kind: 'alert' | 'notice'): number {
    return toldWithinHour(this.#memory, kind, this.#nowMs());
  }

  /** Whether the matter of an entry was told a short while ago, and no less grave. */
  #isQuiet(entry: CanonicalEvent): boolean {
    const matter = this.#matter(matterOf(entry));
    if (!matter) return false;
    // A clock that was wrong silences nobody for longer.
    const isRecent = Math.abs(this.#nowMs() - matter.atMs) < this.#config.quiet_minutes * MINUTE_MS;
    return isRecent && isAtLeast(matter.level, levelOf(entry));
  }

  /** The entries that were not counted before. */
  #fresh({ entries }: MessageGroup): readonly CanonicalEvent[] {
    const counted = new Set([...this.#ring(), ...this.#counted]);
    return entries.filter((entry) => !counted.has(entryKey(entry)));
  }

  #ring(): readonly string[] {
    return JSON.parse(this.#memory.get(COUNTED_KEY) ?? '[]') as string[];
  }

  #matter(key: string): Matter | undefined {
    const value = this.#memory.get(`matter:${key}`);
    return value === undefined ? undefined : (JSON.parse(value) as Matter);
  }

  #putMatter(key: string, matter: Matter): void {
    const expiresAtMs = this.#nowMs() + this.#config.quiet_minutes * MINUTE_MS + COUNT_MS;
    this.#memory.put(`matter:${key}`, JSON.stringify(matter), expiresAtMs);
  }
}

function toldKey({ key }: MessageGroup): string {
  return `told:${key}`;
}
