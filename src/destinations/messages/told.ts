/**
 * What a lane has told people, and what it only counted: so that a matter is told once in its quiet time, a storm is one message an hour,
 * and nothing that was answered is told again. Every entry is either told or counted, once. Keeps hashes and counts, and no person.
 * What is told is written at once; counts gather until the next message, or the end of the turn, and are counted once however often an entry comes.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { TOLD_AGE_MS } from '../../domain/maximum-age.ts';
import type { MessagesConfig } from '../../domain/messages-config.ts';
import { LEVELS, isAtLeast, type Level } from '../../domain/severity.ts';
import { unreachable } from '../../lib/result.ts';
import type { ChannelMemory } from '../destination.ts';
import { noteWithinHour, toldWithinHour } from './hourly.ts';
import { type MessageGroup, type WhoOf, entryKey, gravestOf, levelOf, matterOf } from './message-groups.ts';
import { type Storm, readStorm, stormRefused, stormTold, withOverflow, writeStorm } from './storm.ts';
import { NO_UNTOLD, type Untold, readUntold, writeUntold } from './untold.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Longer than anything may come again: nothing is told that is older. */
const TOLD_MS = TOLD_AGE_MS + HOUR_MS;
/** So long a count waits for the next message of its kind; the digest tells it all the same. */
const COUNT_MS = 24 * HOUR_MS;
/** Entries of the last batches: what a crash, or a batch that ends early, makes come again. As many of one event. */
const ENTRIES_MAX = 256;
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

/** `known`: all of it was told or counted before. `quiet` and `overflow` are counted, and not told. */
export type Verdict = 'tell' | 'known' | 'quiet' | 'overflow';

/** So many more of a kind, not told one by one. */
export interface More {
  readonly count: number;
  readonly sinceMs: number;
}

export class Told {
  readonly #memory: ChannelMemory;
  readonly #config: MessagesConfig;
  readonly #who: WhoOf;
  readonly #nowMs: () => number;
  /** Not written yet. */
  #counted: string[] = [];
  #byMatter = new Map<string, number>();
  #overflow: CanonicalEvent[] = [];

  constructor(memory: ChannelMemory, config: MessagesConfig, who: WhoOf, nowMs: () => number) {
    this.#memory = memory;
    this.#config = config;
    this.#who = who;
    this.#nowMs = nowMs;
  }

  /** The group with those of its entries alone that were neither told nor counted before. */
  fresh(group: MessageGroup): MessageGroup {
    const known = new Set([...this.#ring(), ...this.#counted, ...this.#toldOf(group)]);
    return { ...group, entries: group.entries.filter((entry) => !known.has(entryKey(entry))) };
  }

  /** Whether other entries of the group were told before. */
  isFollowUp(group: MessageGroup): boolean {
    return this.#toldOf(group).length > 0;
  }

  isTold(group: MessageGroup, entry: CanonicalEvent): boolean {
    return this.#toldOf(group).includes(entryKey(entry));
  }

  /** What is to be done with what is fresh of a group. */
  judge(group: MessageGroup): Verdict {
    const { kind, entries } = group;
    if (kind === 'test') return 'tell';
    if (entries.length === 0) return 'known';
    switch (kind) {
      case 'digest':
        return 'tell';
      case 'notice':
        return toldWithinHour(this.#memory, kind, this.#nowMs()) < NOTICES_PER_HOUR_MAX ? 'tell' : 'quiet';
      case 'alert':
        if (entries.every((entry) => this.#isQuiet(entry))) return 'quiet';
        return this.#hasRoom(gravestOf(entries)) ? 'tell' : 'overflow';
      default:
        return unreachable(kind);
    }
  }

  /** Counts a group that is not told. */
  count({ entries }: MessageGroup, verdict: 'quiet' | 'overflow'): void {
    this.#counted.push(...entries.map(entryKey));
    for (const entry of entries) {
      const matter = matterOf(entry, this.#who);
      this.#byMatter.set(matter, (this.#byMatter.get(matter) ?? 0) + 1);
    }
    if (verdict === 'overflow') this.#overflow.push(...entries);
  }

  /** What was counted of the matters of a group since they were told. */
  moreOf({ entries }: MessageGroup): More | undefined {
    this.flush();
    const matters = [...new Set(entries.map((entry) => matterOf(entry, this.#who)))].flatMap(
      (key) => this.#matter(key) ?? [],
    );
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
    const told = [...this.#toldOf(group), ...entries.map(entryKey)].slice(-ENTRIES_MAX);
    this.#memory.put(toldKey(group), told.join(' '), nowMs + TOLD_MS);
    if (kind === 'digest') return this.#noteDigest(entries);
    noteWithinHour(this.#memory, kind === 'alert' ? gravestOf(entries) : kind, nowMs);
    if (kind !== 'alert') return;
    for (const entry of entries)
      this.#putMatter(matterOf(entry, this.#who), { atMs: nowMs, level: levelOf(entry), count: 0 });
  }

  /** The storm that people are to be told of now, if there is one. */
  get stormToTell(): Storm | undefined {
    this.flush();
    const storm = readStorm(this.#memory);
    return storm?.isDue === true ? storm : undefined;
  }

  noteStorm(storm: Storm, became: 'told' | 'refused'): void {
    const nowMs = this.#nowMs();
    const next = became === 'told' ? stormTold(storm, nowMs) : stormRefused(storm, nowMs);
    writeStorm(this.#memory, next, nowMs);
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
    const ring = [...this.#ring(), ...this.#counted].slice(-ENTRIES_MAX);
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

  /** Lesser ones never take the place of a graver one. */
  #hasRoom(level: Level): boolean {
    const told = LEVELS.filter((other) => isAtLeast(other, level)).map((other) =>
      toldWithinHour(this.#memory, other, this.#nowMs()),
    );
    return told.reduce((sum, count) => sum + count, 0) < this.#config.per_hour_max;
  }

  /** Whether the matter of an entry was told a short while ago, and no less grave. */
  #isQuiet(entry: CanonicalEvent): boolean {
    const matter = this.#matter(matterOf(entry, this.#who));
    if (!matter) return false;
    // A clock that was wrong silences nobody for longer.
    const isRecent = Math.abs(this.#nowMs() - matter.atMs) < this.#config.quiet_minutes * MINUTE_MS;
    return isRecent && isAtLeast(matter.level, levelOf(entry));
  }

  /** The entries of a group that were told. */
  #toldOf(group: MessageGroup): readonly string[] {
    return this.#memory.get(toldKey(group))?.split(' ') ?? [];
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
