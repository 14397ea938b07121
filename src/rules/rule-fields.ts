/** The fields that rules may use, in the guides' spellings and the canonical one, and what the tenant's privacy leaves of them. Pure. */

import { type FieldName, nearestField, resolveField } from '../domain/field-map.ts';
import type { PrivacyConfig } from '../domain/tenant-config.ts';

/** What a rule uses a field for. */
export type FieldUse = 'match' | 'group' | 'value';

/** Names that are the beginning of a field's. */
const STARTS: ReadonlyMap<string, FieldName> = new Map([
  ['user', 'user_id'],
  ['username', 'user_id'],
  ['email', 'user_email'],
  ['device', 'device_id'],
  ['host', 'hostname'],
]);

/** What is wrong with a field, and how to mend it. Undefined: nothing. */
export function checkField(name: string, use: FieldUse): string | undefined {
  const field = resolveField(name);
  if (field === undefined) {
    const nearest = STARTS.get(name) ?? nearestField(name);
    return `"${name}" is no field of an event${nearest ? `: did you mean "${nearest}"?` : ''}`;
  }
  if (use === 'group' && field === 'classifications')
    return `"${name}" is a list: group by a field that has one value, such as user_id`;
  return undefined;
}

/** The canonical name of a field in whatever spelling; a name that is none stays. */
export function canonicalField(name: string): string {
  return resolveField(name) ?? name;
}

/** The setting that reduces a field before it is stored. */
const REDUCED_BY: Partial<Record<FieldName, keyof PrivacyConfig>> = {
  user_id: 'user_id',
  user_email: 'user_email',
  device_id: 'device',
  hostname: 'device',
  url_host: 'url',
};

/** What a tenant's privacy makes of a field before it is stored. Undefined: it stays. */
export function reductionOf(
  name: string,
  privacy: PrivacyConfig,
): { readonly setting: string; readonly level: 'pseudonymise' | 'drop' } | undefined {
  const field = resolveField(name);
  const setting = field && REDUCED_BY[field];
  const level = setting && privacy[setting];
  return !level || level === 'keep' ? undefined : { setting: `privacy.${setting}`, level };
}
