/**
 * Event ids in the log: which events are sampled, and which of their ids may be written. Pure.
 * An id is what the sender chose, so it could be a person's name, address or number: only what a machine made is written.
 */

import { isSampled } from '../lib/sampling.ts';
import type { CanonicalEvent } from './event.ts';

type Identified = Pick<CanonicalEvent, 'id'>;

/** Ids in one line: those of the largest webhook. */
export const LOGGED_IDS_MAX = 100;

/** What the relay appends to a webhook's id for the elements of an array. */
const INDEX = String.raw`(?::\d{1,2})?`;
/** Letters and digits, a digit before a letter: no name with a year at its end, no telephone or card number. */
const MIXED = String.raw`(?=[A-Za-z]*\d+[A-Za-z])[A-Za-z0-9]`;
/** Words for what an id is of, alone: any other before an id may be somebody's name or number. */
export const ID_PREFIX = '(?:alert|det|event|evt|int|interaction|message|msg|req|webhook|wh)[_-]';
const MACHINE_MADE_PATTERNS = [
  /** Made by the relay where there is no usable id. */
  /^sha256:[0-9a-f]{64}$/,
  /** UUID. */
  new RegExp(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}${INDEX}$`),
  /** With a prefix: `evt_01JD0000000000000000000001`. */
  new RegExp(`^${ID_PREFIX}${MIXED}{12,64}${INDEX}$`),
  /** ULID, KSUID, hex: longer than the numbers that states give people, and no IBAN. */
  new RegExp(`^(?![A-Z]{2}\\d{2})${MIXED}{20,64}${INDEX}$`),
];

/** The ids that may be written, at most LOGGED_IDS_MAX; those that a person may have made are left out. */
export function loggedIds(events: readonly Identified[]): readonly string[] {
  const ids: string[] = [];
  for (const { id } of events) {
    if (ids.length === LOGGED_IDS_MAX) break;
    if (isMachineMade(id)) ids.push(id);
  }
  return ids;
}

/** Whether an id is of a form that no person's name, address or number has. */
export function isMachineMade(id: string): boolean {
  return MACHINE_MADE_PATTERNS.some((pattern) => pattern.test(id));
}

/** The ids, of those that are sampled, that may be written; undefined when none of the events is sampled. */
export function sampledIds(events: readonly Identified[], oneIn: number): readonly string[] | undefined {
  let sampled: Identified[] | undefined;
  for (const event of events) {
    if (isSampled(event.id, oneIn)) (sampled ??= []).push(event);
  }
  return sampled && loggedIds(sampled);
}
