/**
 * Env → Settings: the deployment's variables, read once per environment object.
 * A missing or bad variable throws with its name; no message holds a value.
 */

import type { AccessRule } from './domain/access-roles.ts';
import { parseAccessRoles } from './domain/access-roles.ts';
import type { TokenRegistryRpc } from './domain/registry.ts';
import type { TenantRelayRpc } from './domain/rpc.ts';
import type { Residency } from './domain/tenant-config.ts';
import { RESIDENCIES } from './domain/tenant-config.ts';
import { decodeBase64 } from './lib/bytes.ts';
import { isLoopbackHost, isPublicHostName } from './lib/host-name.ts';
import type { MasterKeys } from './lib/seal.ts';
import { MASTER_KEY_BYTES } from './lib/seal.ts';

/** Shorter tokens can be guessed: 24 characters of base64 are 144 bits. */
const ADMIN_TOKEN_LENGTH_MIN = 24;
/** Requests of one slice of a lane, when the variable is absent. */
const REQUESTS_PER_SLICE_DEFAULT = 500;
/** Cloudflare allows 10,000 subrequests on the paid plan; a slice shares them with the whole invocation. */
const REQUESTS_PER_SLICE_MAX = 1000;
/** One in so many of the log lines about what went well, when the variable is absent. Lines cost money. */
const LOG_ONE_IN_DEFAULT = 100;
const LOG_ONE_IN_MAX = 1_000_000;
const KEY_PATTERN = /^[A-Za-z0-9_-]{43}=?$/;
const ALLOWED_HOST_PATTERN = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$/;
/** Below which a country's registry sells names: `co.uk`, `com.au`, `gouv.fr`. Source: publicsuffix.org, the usual forms, read 2026-11. */
const REGISTRY_SUFFIX_PATTERN = /^(?:ac|asso|co|com|edu|go|gob|gouv|gov|gv|ne|net|nom|or|org|tm)\.[a-z]{2}$/;
/** Below which anybody has a host. Source: the private part of publicsuffix.org, the most used, read 2026-11. */
const CLOUD_SUFFIXES: readonly string[] =
  'amazonaws.com cloudfront.net workers.dev pages.dev trycloudflare.com herokuapp.com vercel.app netlify.app github.io gitlab.io web.app firebaseapp.com appspot.com run.app azurewebsites.net cloudapp.net azure.com windows.net ngrok.io ngrok.app ngrok-free.app onrender.com fly.dev webhook.site pipedream.net deno.dev r2.dev supabase.co bitbucket.io duckdns.org ddns.net eu.org loca.lt'.split(
    ' ',
  );
/** Below which, however deep, a wildcard stands for hosts of anybody: `*.s3.amazonaws.com`, `*.blob.core.windows.net`. */
const SHARED_BELOW_PATTERN = /(?:^|\.)(?:amazonaws\.com|on\.aws|windows\.net)$/;
/** The tag of an Access application. Source: Cloudflare Access, "Application token", read 2026-11. */
const ACCESS_AUD_PATTERN = /^[0-9a-f]{64}$/;

/** The tenant objects, as this project uses the binding. A namespace of Cloudflare fits. */
export interface RelayNamespace {
  getByName(name: string): TenantRelayRpc;
  jurisdiction(jurisdiction: 'eu'): RelayNamespace;
}

/** The object of the tokens, likewise. */
export interface RegistryNamespace {
  getByName(name: string): TokenRegistryRpc;
  jurisdiction(jurisdiction: 'eu'): RegistryNamespace;
}

/** The bindings and variables that the Worker uses. Variables are strings, or absent. */
export interface Env {
  readonly TENANT_RELAY: RelayNamespace;
  readonly TOKENS: RegistryNamespace;
  readonly RELAY_KV: KVNamespace;
  readonly WAKEUPS: Queue;
  readonly OVERFLOW: Queue;
  readonly ADMIN_LIMIT: RateLimit;
  readonly RELAY_ENV?: string;
  readonly RELAY_RESIDENCY?: string;
  readonly RELAY_EGRESS_ALLOW?: string;
  readonly RELAY_REQUESTS_PER_SLICE?: string;
  readonly RELAY_LOG_ONE_IN?: string;
  readonly RELAY_PUBLIC_URL?: string;
  readonly RELAY_MASTER_KEY?: string;
  readonly RELAY_MASTER_KEY_PREVIOUS?: string;
  readonly RELAY_ADMIN_TOKEN?: string;
  readonly ACCESS_TEAM_DOMAIN?: string;
  readonly ACCESS_AUD?: string;
  readonly ACCESS_ROLES?: string;
}

type Variables = Omit<Env, 'TENANT_RELAY' | 'TOKENS' | 'RELAY_KV' | 'WAKEUPS' | 'OVERFLOW' | 'ADMIN_LIMIT'>;

export interface Settings {
  /** `local` alone allows loopback destinations; it serves loopback host names only. */
  readonly env: 'production' | 'local';
  /** `eu`: this deployment serves EU tenants only. */
  readonly residency: Residency;
  /** Hosts that the operator accepts for EU tenants: exact, or `*.suffix`. */
  readonly egressAllow: readonly string[];
  readonly requestsPerSlice: number;
  /** Of what goes well, one in so many events is logged; 0: none is, 1: all are. What fails is always logged. */
  readonly logOneIn: number;
  /** Where operators reach the relay, without a trailing slash: cases link there. Undefined: not told. */
  readonly publicUrl: string | undefined;
  readonly masterKeys: MasterKeys;
  readonly adminToken: string;
  /** Absent: Cloudflare Access lets nobody in. */
  readonly access?: AccessSettings;
}

/** Operators who come through Cloudflare Access. */
export interface AccessSettings {
  /** `https://{team}.cloudflareaccess.com`: who signs, and where the keys are. */
  readonly origin: string;
  /** The application that an assertion must be for. */
  readonly audience: string;
  readonly rules: readonly AccessRule[];
}

const parsed = new WeakMap<object, Settings>();

/** The settings of an environment; throws when a variable is missing or wrong. */
export function settingsOf(env: Variables): Settings {
  const known = parsed.get(env);
  if (known) return known;
  const settings = readSettings(env);
  parsed.set(env, settings);
  return settings;
}

function readSettings(env: Variables): Settings {
  const previous = env.RELAY_MASTER_KEY_PREVIOUS;
  const place = oneOf('RELAY_ENV', env.RELAY_ENV, ['production', 'local']);
  const access = accessSettings(env, place);
  return {
    env: place,
    residency: oneOf('RELAY_RESIDENCY', env.RELAY_RESIDENCY, RESIDENCIES),
    egressAllow: hosts(env.RELAY_EGRESS_ALLOW ?? ''),
    requestsPerSlice: wholeNumber('RELAY_REQUESTS_PER_SLICE', env.RELAY_REQUESTS_PER_SLICE, {
      absent: REQUESTS_PER_SLICE_DEFAULT,
      min: 1,
      max: REQUESTS_PER_SLICE_MAX,
    }),
    logOneIn: wholeNumber('RELAY_LOG_ONE_IN', env.RELAY_LOG_ONE_IN, {
      absent: LOG_ONE_IN_DEFAULT,
      min: 0,
      max: LOG_ONE_IN_MAX,
    }),
    publicUrl: publicUrl(env.RELAY_PUBLIC_URL ?? '', place),
    masterKeys: {
      primary: masterKey('RELAY_MASTER_KEY', env.RELAY_MASTER_KEY),
      ...(previous ? { previous: masterKey('RELAY_MASTER_KEY_PREVIOUS', previous) } : {}),
    },
    adminToken: adminToken(env.RELAY_ADMIN_TOKEN),
    ...(access && { access }),
  };
}

/** An origin alone; locally over http, too. */
function publicUrl(value: string, place: Settings['env']): string | undefined {
  if (value.trim() === '') return undefined;
  const url = URL.parse(value.trim());
  const isWeb = url?.protocol === 'https:' || (place === 'local' && url?.protocol === 'http:');
  const isOrigin = url?.username === '' && `${url.pathname}${url.search}${url.hash}` === '/';
  if (isWeb && isOrigin && url.password === '') return url.origin;
  const want = 'the address of the relay without a path, such as https://relay.acme.eu, or empty';
  throw settingsError('RELAY_PUBLIC_URL', want, 'something else');
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw settingsError(
    name,
    `one of ${allowed.join(', ')}`,
    value === undefined ? 'missing' : 'something else',
  );
}

function masterKey(name: string, value: string | undefined): Uint8Array {
  const want = `${MASTER_KEY_BYTES} bytes in base64url`;
  if (!value) throw settingsError(name, want, 'missing');
  const key = KEY_PATTERN.test(value) ? decodeBase64(value) : undefined;
  if (key?.byteLength === MASTER_KEY_BYTES) return key;
  throw settingsError(name, want, `a text of ${value.length} characters`);
}

function adminToken(value: string | undefined): string {
  const want = `at least ${ADMIN_TOKEN_LENGTH_MIN} printable characters without a space`;
  if (!value) throw settingsError('RELAY_ADMIN_TOKEN', want, 'missing');
  if (value.length >= ADMIN_TOKEN_LENGTH_MIN && /^[\x21-\x7e]+$/.test(value)) return value;
  throw settingsError('RELAY_ADMIN_TOKEN', want, `a text of ${value.length} characters`);
}

function wholeNumber(
  name: string,
  value: string | undefined,
  { absent, min, max }: { readonly absent: number; readonly min: number; readonly max: number },
): number {
  if (value === undefined || value === '') return absent;
  const number = /^\d{1,7}$/.test(value) ? Number(value) : -1;
  if (number >= min && number <= max) return number;
  throw settingsError(name, `a whole number from ${min} to ${max}`, 'not');
}

function hosts(value: string): string[] {
  const entries = value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const faults = entries.flatMap((entry, index) => {
    const want = hostFault(entry);
    return want === undefined ? [] : [{ want, place: index + 1 }];
  });
  const [first] = faults;
  if (first) throw settingsError('RELAY_EGRESS_ALLOW', first.want, `not, at entry ${first.place}`);
  return entries;
}

/** What an entry must be and is not; undefined: it is. */
function hostFault(entry: string): string | undefined {
  const name = entry.replace(/^\*\./, '');
  if (!ALLOWED_HOST_PATTERN.test(entry) || !isPublicHostName(name))
    return 'public host names such as edr.acme.fr or *.acme.fr, separated by commas, without scheme or port';
  if (entry === name || !isSharedSuffix(name)) return undefined;
  return 'names of one organisation, as anybody can have a host below a public suffix such as *.co.uk or a cloud such as *.workers.dev';
}

function isSharedSuffix(name: string): boolean {
  return (
    [REGISTRY_SUFFIX_PATTERN, SHARED_BELOW_PATTERN].some((pattern) => pattern.test(name)) ||
    CLOUD_SUFFIXES.includes(name)
  );
}

function accessSettings(env: Variables, place: Settings['env']): AccessSettings | undefined {
  const { ACCESS_TEAM_DOMAIN: domain, ACCESS_AUD: audience, ACCESS_ROLES: roles = '' } = env;
  if (!domain && !audience && roles.trim() === '') return undefined;
  const together = 'set together with ACCESS_AUD, or neither of the two and no ACCESS_ROLES';
  if (!domain || !audience) throw settingsError('ACCESS_TEAM_DOMAIN', together, 'not');
  if (!ACCESS_AUD_PATTERN.test(audience)) {
    const want = "the 64 hex digits of the Access application's audience tag";
    throw settingsError('ACCESS_AUD', want, `a text of ${audience.length} characters`);
  }
  const rules = parseAccessRoles(roles);
  if (!rules.ok) {
    const want = 'grants such as "admin=ops@mssp.eu, group:soc; viewer/acme=*@acme.fr, service:abc.access"';
    throw settingsError('ACCESS_ROLES', want, `not, at ${rules.error}`);
  }
  return { origin: accessOrigin(domain, place), audience, rules: rules.value };
}

/** Locally also a loopback URL, where a test plays Access. */
function accessOrigin(domain: string, place: Settings['env']): string {
  const url = URL.parse(domain.includes('://') ? domain : `https://${domain}`);
  const isOrigin = url !== null && url.username === '' && `${url.pathname}${url.search}${url.hash}` === '/';
  if (isOrigin && place === 'local' && isLoopbackHost(url.hostname)) return url.origin;
  if (isOrigin && url.protocol === 'https:' && url.port === '' && isPublicHostName(url.hostname))
    return url.origin;
  throw settingsError(
    'ACCESS_TEAM_DOMAIN',
    'a host name such as acme.cloudflareaccess.com',
    'something else',
  );
}

function settingsError(name: string, want: string, found: string): Error {
  return new Error(`Cannot read settings as ${name} must be ${want}: it is ${found}`);
}
