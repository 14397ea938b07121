/**
 * Which of a batch's entries belong into the same case, and by which keys cases and their entries are known.
 * Pure. A key is a hash: what names a person is in no key in clear.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { encodeBase32 } from '../../lib/base32.ts';
import { sha256, sha256Hex } from '../../lib/hmac.ts';
import { groupHash, hashOf } from '../entry-group.ts';

/** Of an entry's hash: enough to tell the entries of one case apart. */
const ITEM_KEY_LENGTH = 16;
const TAG_PREFIX = 'nx-';
/** Makes 16 base32 characters. */
const TAG_BYTES = 10;

/** What stands for the cases above the hourly cap: they share one. */
export const STORM_KEY = `case:${hashOf(['storm'])}`;

export interface CaseGroup {
  readonly key: string;
  /** Where its first entry stands in the batch. */
  readonly firstIndex: number;
  /** In order, at least one. */
  readonly items: readonly CanonicalEvent[];
  /** The one item is a verdict on a detection of the group, and no entry of its case. */
  readonly isVerdict: boolean;
}

/**
 * The groups of a batch, in the order of their first entries. A verdict is a group of its own, and what comes after it is not put
 * together with what came before: the case may be closed in between.
 */
export function groupsOf(events: readonly CanonicalEvent[]): readonly CaseGroup[] {
  const groups: (CaseGroup & { readonly items: CanonicalEvent[] })[] = [];
  let open = new Map<string, CanonicalEvent[]>();
  for (const [firstIndex, event] of events.entries()) {
    const isVerdict = event.judged !== undefined;
    if (isVerdict) open = new Map();
    const key = groupKey(event);
    const items = open.get(key);
    if (items) {
      items.push(event);
      continue;
    }
    const group = { key, firstIndex, items: [event], isVerdict };
    groups.push(group);
    if (!isVerdict) open.set(key, group.items);
  }
  return groups;
}

/** Under this key a case is remembered. */
export function groupKey(event: CanonicalEvent): string {
  return `case:${groupHash(event)}`;
}

/** By which a case remembers that an entry is in it. */
export function itemKey({ type, id }: Pick<CanonicalEvent, 'type' | 'id'>): string {
  return sha256Hex(JSON.stringify([type, id])).slice(0, ITEM_KEY_LENGTH);
}

export interface TagParts {
  readonly tenant: string;
  readonly destination: string;
  readonly key: string;
  /** The entry that opens the case. */
  readonly opener: Pick<CanonicalEvent, 'type' | 'id'>;
}

/** The tag that makes one case findable: `nx-` and 16 characters, the same whenever the same entry opens the case. */
export function uniqueTag({ tenant, destination, key, opener }: TagParts): string {
  const digest = sha256(JSON.stringify([tenant, destination, key, opener.type, opener.id]));
  return `${TAG_PREFIX}${encodeBase32(digest.subarray(0, TAG_BYTES))}`;
}
