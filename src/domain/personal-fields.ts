/**
 * What names a person, a device or a page, where it may show: in filters, in texts, in answers. What stands in its place.
 * Pure.
 */

import { type FieldName, resolveField } from './field-map.ts';
import type { TenantConfig } from './tenant-config.ts';

/** Stands for a text, or a part of one, that names a person. */
export const LEFT_OUT = '…';
/** Stands for the value of a filter that names a person. No filter may be saved with it. */
export const HIDDEN_VALUE = '<hidden>';
/** A shorter part of a name is part of too many words. */
export const NAME_PART_LENGTH_MIN = 4;

const PERSONAL_FIELDS: ReadonlySet<FieldName | undefined> = new Set<FieldName>([
  'user_id',
  'user_email',
  'device_id',
  'hostname',
  'url_host',
]);

type Destination = TenantConfig['destinations'][number];
type Where = NonNullable<Destination['where']>;

/** Whether the key of an entry of a `where` is about a person, a device or a page, in whatever spelling. */
export function isPersonalKey(key: string): boolean {
  return PERSONAL_FIELDS.has(resolveField(key.split('|')[0] ?? ''));
}

/**
 * A config without the persons that its filters, its rules and its device map name, and without the hosts that are never isolated.
 * Of custom rules nothing is left: their comments and keywords may name a person as well as their fields.
 */
export function hidePersons(config: TenantConfig): TenantConfig {
  const isMapped = Object.keys(config.device_map).length > 0;
  return {
    ...config,
    device_map: isMapped ? { [HIDDEN_VALUE]: HIDDEN_VALUE } : {},
    rules: rulesWithoutPersons(config.rules),
    destinations: config.destinations.map((destination) => withoutPersons(destination)),
  };
}

function rulesWithoutPersons({ overrides, custom, ...rules }: TenantConfig['rules']): TenantConfig['rules'] {
  const hiddenLists = Object.entries(overrides).map(([rule, { lists, ...override }]) => {
    if (lists === undefined) return [rule, override] as const;
    const names = Object.entries(lists).map(([name, values]) => [name, values.map(() => HIDDEN_VALUE)]);
    return [rule, { ...override, lists: Object.fromEntries(names) as typeof lists }] as const;
  });
  return {
    ...rules,
    overrides: Object.fromEntries(hiddenLists),
    custom: custom.map(() => HIDDEN_VALUE),
  };
}

function withoutPersons(destination: Destination): Destination {
  return {
    ...destination,
    ...(destination.where && { where: hidden(destination.where) }),
    ...((destination.type === 'falcon' || destination.type === 'harfanglab') &&
      destination.contain && {
        contain: { ...destination.contain, never: destination.contain.never.map(() => HIDDEN_VALUE) },
      }),
  };
}

function hidden(where: Where): Where {
  return Object.fromEntries(
    Object.entries(where).map(([key, value]) => {
      if (!isPersonalKey(key)) return [key, value];
      return [key, Array.isArray(value) ? value.map(() => HIDDEN_VALUE) : HIDDEN_VALUE];
    }),
  );
}

/** By which somebody may be called who has an address: what stands before its `@`; nothing when that is short. */
export function localPartOf(email: string): readonly string[] {
  return longEnough(email.slice(0, Math.max(0, email.lastIndexOf('@'))));
}

/** A host without its domain; nothing when it has none, or is short. */
export function shortNameOf(hostname: string): readonly string[] {
  return longEnough(hostname.slice(0, Math.max(0, hostname.indexOf('.'))));
}

function longEnough(part: string): readonly string[] {
  return part.length < NAME_PART_LENGTH_MIN ? [] : [part];
}
