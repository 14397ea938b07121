/**
 * What the keys of a tenant's config mean, for the readers of its JSON Schema: editors show it beside the key.
 * Not part of the Worker, whose bundle these words would only make larger. Pure.
 */

import { FALCON_DESCRIPTIONS } from './falcon-descriptions.ts';
import { HARFANGLAB_DESCRIPTIONS } from './harfanglab-descriptions.ts';
import { MESSAGES_DESCRIPTIONS } from './messages-descriptions.ts';
import { RULES_DESCRIPTIONS } from './rules-descriptions.ts';

type Json = Record<string, unknown>;

/** By path; destinations as `destinations.` and their type, list items as `[]`, keys that are free as `*`. */
export const CONFIG_DESCRIPTIONS: Readonly<Record<string, string>> = {
  platforms: 'The AI platforms: which are approved, and domains that the relay does not know.',
  'platforms.approved': 'Platform ids, such as chatgpt, or domains. They are never made indicators.',
  'platforms.risky': 'Platform ids. The bundled rules that know a list of risky platforms take this one.',
  'platforms.domains': "By platform id: its domains, instead of those of the relay's own table.",
  language: 'Of what people read: messages, digests, incidents. en or fr.',
  device_map:
    'By user id as Noxys sends it: the name of the host that the user works on, where an event does not say. Needs privacy.user_id and privacy.device: keep. It names persons; viewers do not see it.',
  'privacy.sealed_map':
    'Whether the names of users that this tenant pseudonymises are kept beside it, sealed, so that an admin can reveal who is behind a key. Of users only, not of devices. Each look is audited; switching it off deletes all of it.',
  digest: 'When the digests of the destinations that tell people are due.',
  'digest.daily': "Local time of the daily digest, such as '08:00', in quotes; off: none.",
  'digest.weekly':
    'Weekday of the weekly digest, at the time of the daily one, or at 08:00 without one; off: none.',
  'digest.time_zone':
    'A zone of the IANA list, such as Europe/Paris. Daylight saving is minded. Default UTC.',
  ...RULES_DESCRIPTIONS,
  ...underDestinations({ ...FALCON_DESCRIPTIONS, ...HARFANGLAB_DESCRIPTIONS, ...MESSAGES_DESCRIPTIONS }),
};

function underDestinations(descriptions: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(descriptions).map(([path, text]) => [`destinations.${path}`, text]),
  );
}

/** A config's JSON Schema with the descriptions in it. The schema that was given is not changed. */
export function withDescriptions(schema: Json): Json {
  const copy = structuredClone(schema);
  describeParts(copy, '');
  return copy;
}

function describeParts(node: Json, path: string): void {
  const description = CONFIG_DESCRIPTIONS[path];
  if (description !== undefined) node['description'] = description;
  for (const [key, part] of Object.entries(recordOf(node['properties'])))
    describeParts(recordOf(part), path === '' ? key : `${path}.${key}`);
  const free = node['additionalProperties'];
  if (free !== undefined) describeParts(recordOf(free), `${path}.*`);
  const items = node['items'];
  if (items !== undefined) describeParts(recordOf(items), `${path}[]`);
  for (const option of [...listOf(node['anyOf']), ...listOf(node['oneOf'])]) {
    const type = recordOf(recordOf(recordOf(option)['properties'])['type'])['const'];
    describeParts(recordOf(option), typeof type === 'string' ? `destinations.${type}` : path);
  }
}

function recordOf(value: unknown): Json {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part of a JSON Schema
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
