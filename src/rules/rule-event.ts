/** An event as rules see it: a flat record by the canonical field names; what an event lacks is absent. Pure. */

import type { CanonicalEvent } from '../domain/event.ts';
import { FIELD_NAMES, readField } from '../domain/field-map.ts';

export type RuleEvent = Record<string, unknown>;

/** Made once per event, for all rules. */
export function ruleEvent(event: CanonicalEvent): RuleEvent {
  const record: RuleEvent = {};
  for (const field of FIELD_NAMES) {
    const value = readField(event, field);
    if (value !== undefined) record[field] = value;
  }
  return record;
}
