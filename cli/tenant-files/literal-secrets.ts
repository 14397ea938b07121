/** Where a document holds a secret itself instead of a reference to one. Pure; names paths, never values. */

import { formatPath } from '../../src/domain/config-faults.ts';
import { isRecord } from '../../src/lib/record.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';

/** The paths of secrets in clear, as written: neither `${…}` nor `<set>`. */
export function literalSecrets(document: unknown): readonly string[] {
  return secretPlaces(document)
    .filter(({ value }) => typeof value === 'string' && !value.includes('${') && value !== KEPT_SECRET)
    .map(({ path }) => path);
}

/** The paths of secrets, references resolved, that have quotes around them: these were hardly meant to be part of them. */
export function quotedSecrets(document: unknown): readonly string[] {
  return secretPlaces(document)
    .filter(({ value }) => typeof value === 'string' && isQuoted(value))
    .map(({ path }) => path);
}

export function isQuoted(secret: string): boolean {
  return /^\s*(["'`]).*\1\s*$/s.test(secret);
}

/** Whether a path of a tenant's document is that of a secret: the same places as `secretPlaces`. */
export function isSecretPlace(path: readonly (string | number)[]): boolean {
  const place = path.map((step) => (typeof step === 'number' ? '[]' : step)).join('.');
  return SECRET_PATHS.has(place) || HEADER_PLACE.test(place);
}

const SECRET_PATHS: ReadonlySet<string> = new Set([
  'webhook.secrets.[]',
  'webhook.auth_token',
  'destinations.[].token',
  'destinations.[].client_secret',
  'destinations.[].hec.token',
  'destinations.[].url',
  'destinations.[].secrets.[]',
]);
const HEADER_PLACE = /^destinations\.\[\]\.headers\./;

export interface SecretPlace {
  readonly path: string;
  readonly value: unknown;
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Every place of a tenant's document that holds a secret, in whatever state the rest of it is. */
export function secretPlaces(document: unknown): readonly SecretPlace[] {
  const webhook = memberOf(document, 'webhook');
  const secrets: unknown = memberOf(webhook, 'secrets');
  const destinations: unknown = memberOf(document, 'destinations');
  const places: Place[] = [
    ...listOf(secrets).map((value, index) => ({ path: ['webhook', 'secrets', index], value })),
    { path: ['webhook', 'auth_token'], value: memberOf(webhook, 'auth_token') },
    ...listOf(destinations).flatMap((destination, index) =>
      placesIn(destination).map(({ path, value }) => ({ path: ['destinations', index, ...path], value })),
    ),
  ];
  return places
    .filter(({ value }) => value !== undefined)
    .map(({ path, value }) => ({ path: formatPath(path), value }));
}

/** Below the destination. */
function placesIn(destination: unknown): readonly Place[] {
  const headers = memberOf(destination, 'headers');
  return [
    { path: ['token'], value: memberOf(destination, 'token') },
    { path: ['client_secret'], value: memberOf(destination, 'client_secret') },
    { path: ['hec', 'token'], value: memberOf(memberOf(destination, 'hec'), 'token') },
    { path: ['url'], value: memberOf(destination, 'url') },
    ...listOf(memberOf(destination, 'secrets')).map((value, index) => ({ path: ['secrets', index], value })),
    ...(isRecord(headers) ? Object.entries(headers) : []).map(([name, value]) => ({
      path: ['headers', name],
      value,
    })),
  ];
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
