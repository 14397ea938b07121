/**
 * Reads the fields that need more than their type: policy decision, classifications, sensor, host of a URL.
 * Pure. Members that have no name here are never looked at, so that no raw finding or prompt can slip through.
 */

import type { FaultReason, PolicyDecision } from '../domain/event.ts';
import { LIST_LENGTH_MAX, POLICY_DECISIONS, STRING_LENGTH_MAX } from '../domain/event.ts';
import type { Reader } from './field-values.ts';
import { readLabel, readText, readTypeName, unusable, usable } from './field-values.ts';
import { ownValue } from './own-value.ts';

/** A policy decision in any case, alone, as `{action}` or `{decision}`, or the strongest of a list of these. */
export const readDecision: Reader<PolicyDecision> = (value) => {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const words = items.map((item) => ownText(item, ['action', 'decision'])?.trim().toLowerCase());
  const faults: FaultReason[] = [];
  if (words.includes(undefined)) faults.push('wrong_type');
  if (words.some((word) => word && !isDecision(word))) faults.push('unknown_value');
  const strongest = POLICY_DECISIONS.find((decision) => words.includes(decision));
  return strongest === undefined ? { faults } : { value: strongest, faults };
};

export interface Classifications {
  readonly names: readonly string[];
  /** Before doubles are removed, the list is cut, and what can be no name is dropped: a finding of any name is one. */
  readonly count: number;
}

/** Type names only: a text, `{type}`, or a list of these. Value, score, start and end of a finding are never looked at. */
export const readClassifications: Reader<Classifications> = (value) => {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = new Set<string>();
  const faults = new Set<FaultReason>();
  let count = 0;
  for (const item of items) {
    const text = ownText(item, ['type']);
    const reading = readTypeName(text);
    for (const reason of reading.faults) faults.add(reason);
    if (text !== undefined && text.trim() !== '') count++;
    if (reading.value === undefined) continue;
    if (names.size < LIST_LENGTH_MAX) names.add(reading.value);
    else if (!names.has(reading.value)) faults.add('too_long');
  }
  // No finding is no value: another spelling of the field may hold the names.
  if (count === 0) return { faults: [...faults] };
  return { value: { names: [...names], count }, faults: [...faults] };
};

/** A platform's id, lower case. Case comes first, because some letters grow with it and the cut must come last. */
export const readPlatformId: Reader<string> = (value) =>
  readText(typeof value === 'string' ? value.toLowerCase() : value);

/** The sensor that saw the interaction. `noxys` names the product, as the guides' console filter does, and no sensor. */
export const readSensor: Reader<string> = (value) => {
  const reading = readLabel(value);
  return reading.value?.toLowerCase() === 'noxys' ? { faults: [] } : reading;
};

/** The host of an http(s) URL; its path, query and credentials go no further. */
export const readUrlHost: Reader<string> = (value) => {
  if (typeof value !== 'string') return unusable('wrong_type');
  const text = value.trim();
  if (text === '') return { faults: [] };
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return unusable('unknown_value');
  const { hostname } = new URL(text);
  return hostname.length > STRING_LENGTH_MAX ? unusable('too_long') : usable(hostname);
};

function isDecision(word: string): boolean {
  return POLICY_DECISIONS.some((decision) => decision === word);
}

/** The item itself when it is a text, else the first of its own keys that holds one. */
function ownText(item: unknown, keys: readonly string[]): string | undefined {
  if (typeof item === 'string') return item;
  return keys.map((key) => ownValue(item, key)).find((value) => typeof value === 'string');
}
