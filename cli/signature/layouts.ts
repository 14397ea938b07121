/**
 * In which ways the headers of a request can be read as a signature: the scheme's own names first, then any that look like it.
 * Pure. Whether a layout can be read is asked of the relay's own reader.
 */

import type { WebhookConfig } from '../../src/domain/tenant-config.ts';
import { decodeBase64Digest, decodeHexDigest } from '../../src/ingest/signature-digests.ts';
import { type HeaderFailure, readClaim } from '../../src/ingest/signature-headers.ts';

export type Scheme = WebhookConfig['scheme'];
export type HeaderNames = WebhookConfig['headers'];

export const SCHEMES: readonly Scheme[] = ['standard-webhooks', 'timestamped-hmac', 'hmac'];

export interface Layout {
  readonly scheme: Scheme;
  /** As the config has them: empty = the scheme's own names. */
  readonly headers: HeaderNames;
  /** Other headers with the same value as one of these: the capture does not tell which of them is meant. */
  readonly alike?: readonly string[];
}

export interface Unreadable extends Layout {
  readonly failure: HeaderFailure;
}

export interface Layouts {
  readonly readable: readonly Layout[];
  /** The scheme's own names, where they do not lead to a signature. */
  readonly unreadable: readonly Unreadable[];
}

/** A request with more headers that look alike is no webhook. */
const LAYOUTS_PER_SCHEME_MAX = 60;
const ID_PATTERN = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const SECONDS_PATTERN = /^\d{9,11}$/;
/** Headers that every client or proxy sends. */
const COMMON_PATTERN =
  /^(?:host|user-agent|accept(?:-.*)?|connection|content-.*|date|via|authorization|cookie|cache-control|traceparent|tracestate|transfer-encoding|te|expect|forwarded|x-forwarded-.*|x-real-ip|cf-.*|cdn-loop|sec-.*|pragma|priority|origin|referer|upgrade-insecure-requests)$/;

/** Every layout that the headers allow. */
export function layoutsOf(headers: Headers): Layouts {
  const readable: Layout[] = [];
  const unreadable: Unreadable[] = [];
  for (const scheme of SCHEMES) {
    const own = readClaim({ scheme, headers: {} }, headers);
    if (!own.ok) unreadable.push({ scheme, headers: {}, failure: own.error });
    const candidates = [{}, ...namesFor(scheme, headers)].slice(0, LAYOUTS_PER_SCHEME_MAX);
    const seen = new Map<string, HeaderNames[]>();
    for (const names of candidates) {
      const claim = readClaim({ scheme, headers: names }, headers);
      if (!claim.ok) continue;
      // Two names of the same thing, such as webhook-id and svix-id.
      const { webhookId, timestamp, digests } = claim.value;
      const key = JSON.stringify([webhookId, timestamp, digests.map((digest) => [...digest])]);
      seen.set(key, [...(seen.get(key) ?? []), names]);
    }
    for (const [first, ...others] of seen.values()) if (first) readable.push(layoutOf(scheme, first, others));
  }
  return { readable, unreadable };
}

/** The names that are taken, of those that lead to the same values. Of the scheme's own nobody doubts that they are meant. */
function layoutOf(scheme: Scheme, names: HeaderNames, others: readonly HeaderNames[]): Layout {
  const taken = namesIn(names);
  const alike = taken.length === 0 ? [] : others.flatMap(namesIn).filter((name) => !taken.includes(name));
  return { scheme, headers: names, ...(alike.length === 0 ? {} : { alike: [...new Set(alike)] }) };
}

function namesIn(names: HeaderNames): readonly string[] {
  return Object.values(names).filter((name) => name !== undefined);
}

function namesFor(scheme: Scheme, headers: Headers): HeaderNames[] {
  const { signatures, timestamps, ids } = rolesIn(headers);
  switch (scheme) {
    case 'standard-webhooks':
      return signatures.flatMap((signature) =>
        relatedFirst(signature, timestamps).flatMap((timestamp) =>
          relatedFirst(signature, ids).map((id) => ({ id, timestamp, signature })),
        ),
      );
    case 'timestamped-hmac':
      return [
        ...signatures.map((signature) => ({ signature })),
        ...signatures.flatMap((signature) =>
          relatedFirst(signature, timestamps).map((timestamp) => ({ timestamp, signature })),
        ),
      ];
    default:
      return signatures.map((signature) => ({ signature }));
  }
}

/** Which header could be what, by its value; the likely names first. */
function rolesIn(headers: Headers) {
  const own = [...headers].filter(([name]) => !COMMON_PATTERN.test(name));
  const signatures = own.filter(([, value]) => holdsDigest(value)).map(([name]) => name);
  const timestamps = own.filter(([, value]) => SECONDS_PATTERN.test(value)).map(([name]) => name);
  const ids = own
    .filter(
      ([name, value]) => ID_PATTERN.test(value) && !signatures.includes(name) && !timestamps.includes(name),
    )
    .map(([name]) => name);
  return {
    signatures: firstNamed(/sign/, signatures),
    timestamps: firstNamed(/time/, timestamps),
    ids: firstNamed(/(?:^|-)id$/, ids),
  };
}

/** Names that begin as the signature's does come first: `x-noxys-…` beside `x-noxys-signature`, before a proxy's `x-amz-…`. */
function relatedFirst(signature: string, names: readonly string[]): readonly string[] {
  const parts = signature.split('-');
  const shared = (name: string): number => {
    const own = name.split('-');
    const end = parts.findIndex((part, index) => part !== own[index]);
    return end === -1 ? parts.length : end;
  };
  return names.toSorted((a, b) => shared(b) - shared(a));
}

function firstNamed(pattern: RegExp, names: readonly string[]): readonly string[] {
  return names.toSorted((a, b) => Number(pattern.test(b)) - Number(pattern.test(a)));
}

function holdsDigest(value: string): boolean {
  return value.split(/[\s,;]+/).some((part) => {
    const bare = part.replace(/^(?:v1=|sha256=|t=)/, '');
    return decodeHexDigest(bare) !== undefined || decodeBase64Digest(bare) !== undefined;
  });
}
