/** An erasure as a report that can be filed: what is gone, what is not, and what is left to do. It names nobody, only keys. Pure. */

import type { Removed } from '../../src/domain/rights.ts';
import type { ErasureView } from '../api-types.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { count, formatInstant } from '../output/time.ts';
import { outsideAdvice } from './outside-advice.ts';

const REMOVED_WORDS = {
  events: 'events',
  detections: 'detections',
  deadLetters: 'dead letters',
  followUps: 'entries that were tried again',
  windows: 'windows of rules',
  watches: 'watches',
  pseudonyms: 'entries of the sealed map',
  devices: 'entries of device_map',
  texts: 'texts of others that named the person, blackened',
} as const satisfies Record<keyof Removed, string>;

const KINDS = Object.entries(REMOVED_WORDS) as readonly [keyof Removed, string][];

/** How much of the person has gone so far, of all kinds. */
export function removedTotal({ removed }: ErasureView): number {
  return KINDS.reduce((total, [kind]) => total + (removed[kind] ?? 0), 0);
}

/** What the report is of. */
export interface Reported {
  readonly tenant: string;
  /** Undefined: not known. */
  readonly residency: string | undefined;
  /** What is to be said before all else. */
  readonly summary: string | undefined;
}

export function erasureText(out: Output, reported: Reported, erasure: ErasureView): string {
  const { tenant, summary } = reported;
  const first = summary === undefined ? [] : [out.paint('strong', summary)];
  return [head(out, tenant, erasure), ...first, ...sections(out, reported, erasure)].join('\n\n');
}

function head(out: Output, tenant: string, { id, begunAt, doneAt, keys }: ErasureView): string {
  return [
    out.paint('strong', `Erasure ${id} of a person from the tenant ${tenant}`),
    `begun     ${formatInstant(begunAt)} UTC`,
    `done      ${doneAt === undefined ? 'not yet: it goes on by itself' : `${formatInstant(doneAt)} UTC`}`,
    `known as  ${keys.map(printable).join(', ') || '–'}`,
  ].join('\n');
}

function sections(out: Output, { tenant, residency }: Reported, erasure: ErasureView): readonly string[] {
  const { removed, undelivered, lateUntil, outside, remaining, alsoSeen, late } = erasure;
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [[out.paint('strong', title), ...lines.map((line) => `  ${line}`)].join('\n')];
  return [
    ...section(
      'Removed from the relay',
      KINDS.map(([kind, words]) => `${String(removed[kind] ?? 0).padStart(7)}  ${words}`),
    ),
    ...section(
      'Not delivered any more, by lane',
      Object.entries(undelivered).map(
        ([lane, entries]) => `${String(entries).padStart(7)}  ${printable(lane)}`,
      ),
    ),
    ...section('Still to come', [
      `Events of the person from before the erasure that come late are dropped until ${formatInstant(lateUntil)} UTC. Later ones are kept: what the person does from now on is new.`,
      `${count(late, 'event')} so far.`,
    ]),
    ...section('Outside, where the relay deletes nothing', outsideLines(outside.destinations, residency)),
    ...section('Recovery', [
      `Cloudflare can bring the tenant's storage back as it was, until ${formatInstant(outside.recoverableUntil)} UTC. Nobody does so unasked; after a recovery, erase again.`,
    ]),
    ...section(
      'Still names the person: somebody wrote it there',
      remaining.map(({ path, mend }) => `${printable(path)}: ${printable(mend)}`),
    ),
    ...section(
      'Seen beside the person: the same one?',
      alsoSeen.map(
        (key) => `${printable(key)}  npx noxys-relay erase ${tenant} --user-key ${printable(key)}`,
      ),
    ),
  ];
}

function outsideLines(
  destinations: ErasureView['outside']['destinations'],
  residency: string | undefined,
): readonly string[] {
  return destinations.map(({ destination, type, entries }) => {
    const what = `${printable(destination)} (${printable(type)})`;
    if (entries === 0) return `${what}: nothing of the person was delivered.`;
    return `${what}: up to ${count(entries, 'entry', 'entries')}. ${outsideAdvice(type, residency)}`;
  });
}
