/** A tenant's document with each secret replaced by a reference, and the values that belong into `.env`. Pure. */

import { isRecord } from '../../src/lib/record.ts';

export interface Referring {
  /** For the tenant file. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Name → value, for `.env`. */
  readonly values: Readonly<Record<string, string>>;
}

/** `isFree` says whether a name can be used for a value: two tenants may not share one by accident. */
export function withReferences(
  document: Readonly<Record<string, unknown>>,
  isFree: (name: string, value: string) => boolean,
): Referring {
  const values: Record<string, string> = {};
  const id = String(document['id']);
  const refer = (value: unknown, ...parts: readonly string[]): unknown => {
    if (typeof value !== 'string') return value;
    const name = freeName(
      nameOf([id, ...parts]),
      (one) => (values[one] ?? value) === value && isFree(one, value),
    );
    values[name] = value;
    return `\${${name}}`;
  };
  const webhook = isRecord(document['webhook']) ? document['webhook'] : {};
  const secrets: unknown[] = Array.isArray(webhook['secrets']) ? webhook['secrets'] : [];
  const destinations: unknown[] = Array.isArray(document['destinations']) ? document['destinations'] : [];
  const referring = {
    ...document,
    webhook: {
      ...webhook,
      secrets: secrets.map((secret, index) => refer(secret, 'webhook', 'secret', rankOf(index))),
      ...('auth_token' in webhook
        ? { auth_token: refer(webhook['auth_token'], 'webhook', 'auth_token') }
        : {}),
    },
    destinations: destinations.map((destination) => referTokens(destination, refer)),
  };
  return { document: referring, values };
}

function referTokens(
  destination: unknown,
  refer: (value: unknown, ...parts: readonly string[]) => unknown,
): unknown {
  if (!isRecord(destination)) return destination;
  const name = String(destination['name']);
  const { hec, headers } = destination;
  const secrets: unknown = destination['secrets'];
  return {
    ...destination,
    ...('token' in destination ? { token: refer(destination['token'], name, 'token') } : {}),
    ...('client_secret' in destination
      ? { client_secret: refer(destination['client_secret'], name, 'client_secret') }
      : {}),
    ...('url' in destination ? { url: refer(destination['url'], name, 'url') } : {}),
    ...(Array.isArray(secrets)
      ? { secrets: secrets.map((secret: unknown, index) => refer(secret, name, 'secret', rankOf(index))) }
      : {}),
    ...(isRecord(headers)
      ? {
          headers: Object.fromEntries(
            Object.entries(headers).map(([key, value]) => [key, refer(value, name, key)]),
          ),
        }
      : {}),
    ...(isRecord(hec) ? { hec: { ...hec, token: refer(hec['token'], name, 'hec_token') } } : {}),
  };
}

/** Of a secret in a list: the first has no number. */
function rankOf(index: number): string {
  return index === 0 ? '' : String(index + 1);
}

/** `ACME_EDR_TOKEN`. A name can't begin with a digit, a tenant's id can. */
function nameOf(parts: readonly string[]): string {
  const name = parts
    .filter((part) => part !== '')
    .join('_')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_');
  return /^\d/.test(name) ? `T_${name}` : name;
}

function freeName(name: string, isFree: (name: string) => boolean): string {
  if (isFree(name)) return name;
  let number = 2;
  while (!isFree(`${name}_${number}`)) number++;
  return `${name}_${number}`;
}
