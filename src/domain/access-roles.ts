/**
 * Which roles Cloudflare Access users and service tokens have: the grammar of ACCESS_ROLES, and who matches. Pure.
 * `admin=ops@mssp.eu, group:soc-leads; viewer/acme=*@acme.fr, service:abc.access`
 * Never quotes what is written: a fault names its entry by number.
 */

import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { Grant } from './principal.ts';
import { ROLES } from './principal.ts';
import { TENANT_ID_PATTERN } from './tenant-config.ts';

/** Whom an assertion of Cloudflare Access is about. */
export interface AccessIdentity {
  /** Lower case. */
  readonly email?: string;
  /** The client id of a service token, or the common name of a client certificate. */
  readonly service?: string;
  /** Names or ids, as the identity provider gives them. */
  readonly groups: readonly string[];
}

type Matcher =
  | { readonly kind: 'email' | 'service' | 'group'; readonly name: string }
  /** Every address of exactly this domain. */
  | { readonly kind: 'domain'; readonly name: string };

export interface AccessRule {
  readonly grant: Grant;
  readonly matchers: readonly Matcher[];
}

/** Beyond ASCII one address can fold to another. */
const ASCII_PATTERN = /^[\x21-\x7e]+$/;
const ADDRESS_PATTERN = /^[^\s@*]+@[^\s@*]+$/;
const DOMAIN_PATTERN = /^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*$/;

/** The rules of ACCESS_ROLES, none for an empty text; or which entry is wrong, and what it must be. */
export function parseAccessRoles(text: string): Result<readonly AccessRule[], string> {
  const rules: AccessRule[] = [];
  for (const [index, entry] of text.split(';').entries()) {
    if (entry.trim() === '') continue;
    const rule = parseEntry(entry);
    if (!rule.ok) return failure(`entry ${index + 1}: ${rule.error}`);
    rules.push(rule.value);
  }
  return success(rules);
}

/** What an identity may do. Empty: nothing. */
export function accessGrants(rules: readonly AccessRule[], identity: AccessIdentity): Grant[] {
  return rules
    .filter(({ matchers }) => matchers.some((matcher) => isMatch(matcher, identity)))
    .map(({ grant }) => grant);
}

function parseEntry(entry: string): Result<AccessRule, string> {
  const at = entry.indexOf('=');
  if (at === -1) return failure('it must have a role, "=" and whom it is for');
  const [word = '', tenant, ...rest] = entry.slice(0, at).trim().split('/');
  const role = ROLES.find((known) => known === word);
  if (role === undefined) return failure(`its role must be one of ${ROLES.join(', ')}`);
  if (rest.length > 0 || (tenant !== undefined && !TENANT_ID_PATTERN.test(tenant)))
    return failure('what follows the slash must be the id of a tenant');
  const matchers: Matcher[] = [];
  for (const [index, text] of entry
    .slice(at + 1)
    .split(',')
    .entries()) {
    const matcher = parseMatcher(text.trim());
    if (!matcher) return failure(`name ${index + 1} must be ${MATCHER_WORDS}`);
    matchers.push(matcher);
  }
  return success({ grant: { role, tenant: tenant ?? null }, matchers });
}

const MATCHER_WORDS = 'an e-mail address, *@domain, group:NAME or service:CLIENT_ID';

function parseMatcher(text: string): Matcher | undefined {
  for (const kind of ['group', 'service'] as const) {
    const prefix = `${kind}:`;
    if (!text.startsWith(prefix)) continue;
    const name = text.slice(prefix.length).trim();
    return name === '' ? undefined : { kind, name };
  }
  if (!ASCII_PATTERN.test(text)) return undefined;
  const address = text.toLowerCase();
  if (address.startsWith('*@')) {
    const name = address.slice(2);
    return DOMAIN_PATTERN.test(name) ? { kind: 'domain', name } : undefined;
  }
  return ADDRESS_PATTERN.test(address) ? { kind: 'email', name: address } : undefined;
}

function isMatch({ kind, name }: Matcher, { email, service, groups }: AccessIdentity): boolean {
  switch (kind) {
    case 'email':
      return email === name;
    case 'domain':
      return email?.slice(email.lastIndexOf('@') + 1) === name;
    case 'service':
      return service === name;
    default:
      return groups.includes(name);
  }
}
