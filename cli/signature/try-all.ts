/**
 * Tries every scheme × header layout × secret encoding × secret on a captured request, with the relay's own verification.
 * The age of its timestamp is told and not judged. No I/O; no secret leaves the function.
 */

import { setImmediate as turn } from 'node:timers/promises';

import { importWebhookKeys, verifySignature, type WebhookVerifier } from '../../src/ingest/signature.ts';
import { readClaim } from '../../src/ingest/signature-headers.ts';
import { type SecretEncoding, secretEncodingOf } from '../../src/ingest/webhook-secrets.ts';
import { interrupted } from '../failure.ts';
import { type BodyVariant, bodyVariants } from './body-variants.ts';
import { type Layout, type Layouts, layoutsOf, type Scheme } from './layouts.ts';

export interface Captured {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** At least one. */
  readonly secrets: readonly string[];
  /** Aborted: it ends, as an interrupted command. */
  readonly signal?: AbortSignal;
}

export interface Fit extends Layout {
  readonly encoding: SecretEncoding;
  /** Whether the scheme reads secrets so by itself. */
  readonly isOwnEncoding: boolean;
  /** Index into the secrets. */
  readonly secret: number;
  readonly variant: Omit<BodyVariant, 'bytes'>;
  /** When it was signed, if the scheme tells. */
  readonly signedAtMs?: number;
}

export interface Tried {
  /** The best first; empty: nothing fits. */
  readonly fits: readonly Fit[];
  readonly layouts: Layouts;
  /** Encodings that the secrets can't be read in. */
  readonly undecodable: readonly SecretEncoding[];
}

const ENCODINGS: readonly SecretEncoding[] = ['base64', 'text', 'whole', 'hex'];
/** No age is too old or too new. */
const TOLERANCE_SECONDS = Number.MAX_SAFE_INTEGER;

interface Keyed {
  readonly verifier: WebhookVerifier;
  readonly encoding: SecretEncoding;
  readonly secret: number;
}

export async function tryAll({ headers, body, secrets, signal }: Captured): Promise<Tried> {
  const layouts = layoutsOf(headers);
  const undecodable = new Set<SecretEncoding>();
  const keys = new Map<Scheme, readonly Keyed[]>();
  for (const { scheme } of layouts.readable) {
    if (!keys.has(scheme)) keys.set(scheme, await keysFor(scheme, secrets, undecodable));
  }
  for (const { bytes, ...variant } of bodyVariants(body)) {
    const fits: Fit[] = [];
    for (const layout of layouts.readable) {
      // In which a Ctrl-C arrives.
      await turn();
      if (signal?.aborted === true) throw interrupted();
      for (const keyed of keys.get(layout.scheme) ?? []) {
        if (await verifies(keyed.verifier, layout, headers, bytes))
          fits.push(fitOf(layout, keyed, variant, headers));
      }
    }
    if (fits.length > 0) return { fits, layouts, undecodable: [...undecodable] };
  }
  return { fits: [], layouts, undecodable: [...undecodable] };
}

/** The scheme's own encoding first. */
async function keysFor(
  scheme: Scheme,
  secrets: readonly string[],
  undecodable: Set<SecretEncoding>,
): Promise<readonly Keyed[]> {
  const own = secretEncodingOf({ scheme });
  const keys: Keyed[] = [];
  for (const encoding of [own, ...ENCODINGS.filter((other) => other !== own)]) {
    for (const [secret, text] of secrets.entries()) {
      const verifier = await importWebhookKeys({
        secrets: [text],
        scheme,
        headers: {},
        secret_encoding: encoding,
        tolerance_seconds: TOLERANCE_SECONDS,
      });
      if (verifier.ok) keys.push({ verifier: verifier.value, encoding, secret });
      else undecodable.add(encoding);
    }
  }
  return keys;
}

async function verifies(
  verifier: WebhookVerifier,
  { headers: names }: Layout,
  headers: Headers,
  body: Uint8Array,
): Promise<boolean> {
  const verified = await verifySignature({
    verifier: { ...verifier, headers: names },
    headers,
    body,
    nowMs: 0,
  });
  return verified.ok;
}

function fitOf(layout: Layout, keyed: Keyed, variant: Fit['variant'], headers: Headers): Fit {
  const { encoding, secret } = keyed;
  const claim = readClaim(layout, headers);
  const timestamp = claim.ok ? claim.value.timestamp : undefined;
  return {
    ...layout,
    encoding,
    isOwnEncoding: encoding === secretEncodingOf(layout),
    secret,
    variant,
    ...(timestamp === undefined ? {} : { signedAtMs: Number(timestamp) * 1000 }),
  };
}
