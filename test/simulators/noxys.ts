/**
 * Noxys as a sender of webhooks: signs a body and posts it, rightly or in one of the ways in which requests go wrong.
 * Retries nothing: a redelivery is another `send` with the same webhook id.
 */

import { randomBytes } from 'node:crypto';

import { signatureHeaderName, signatureHeaders, type SignatureOptions } from './noxys-signature.ts';

/** Ways to spoil a request after it was signed. */
export const TAMPERS = [
  'body', // one space appended
  'truncated_body', // the last third is missing
  'signature', // one character of the digest differs
  'truncated_signature', // only the first 8 characters are left
  'wrong_version', // the right digest under `v2`; where the scheme names no version, as `signature`
  'unsigned', // no id, timestamp and signature headers at all
] as const;
export type Tamper = (typeof TAMPERS)[number];

export interface NoxysSenderOptions extends SignatureOptions {
  /** The tenant's whole webhook address. */
  readonly url: string;
  /** The signing secret, as the console shows it. */
  readonly tenantSecret: string;
  /** Sent as a bearer. Source: WEBHOOKS page, `auth_token`. */
  readonly authToken?: string;
  readonly fetch?: typeof fetch;
  readonly nowMs?: () => number;
}

export interface SendOptions {
  /** Default: a new one. The same one for a redelivery. */
  readonly webhookId?: string;
  /** Default: now. Renewed on each attempt, as Standard Webhooks says. */
  readonly timestampSeconds?: number;
  /** Added to the timestamp: −900 is a stale request. */
  readonly timestampOffsetSeconds?: number;
  readonly tamper?: Tamper;
  /** Signs with another secret, such as another tenant's. */
  readonly secret?: string;
  readonly authToken?: string;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SendResult {
  readonly status: number;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  readonly webhookId: string;
}

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly webhookId: string;
}

export class NoxysSender {
  readonly #options: NoxysSenderOptions;
  readonly #nowMs: () => number;

  constructor(options: NoxysSenderOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Posts a body: text and bytes as they are, anything else as JSON. Throws when the connection fails. */
  async send(body: unknown, options: SendOptions = {}): Promise<SendResult> {
    const request = this.sign(body, options);
    const sentAtMs = this.#nowMs();
    const post = this.#options.fetch ?? fetch;
    const { headers, body: bytes, webhookId } = request;
    const response = await post(this.#options.url, { method: 'POST', headers, body: bytes });
    const text = await response.text();
    return {
      status: response.status,
      body: jsonOrText(text),
      headers: Object.fromEntries(response.headers),
      sentAtMs,
      answeredAtMs: this.#nowMs(),
      webhookId,
    };
  }

  /** What `send` would post; for a `curl` line, and for clients that post by themselves. */
  sign(body: unknown, options: SendOptions = {}): SignedRequest {
    const bytes = bytesOf(body);
    const webhookId = options.webhookId ?? newWebhookId();
    const timestamp = options.timestampSeconds ?? Math.floor(this.#nowMs() / 1000);
    const signed = signatureHeaders(
      {
        secret: options.secret ?? this.#options.tenantSecret,
        webhookId,
        timestampSeconds: timestamp + (options.timestampOffsetSeconds ?? 0),
        body: bytes,
      },
      this.#options,
    );
    const authToken = options.authToken ?? this.#options.authToken;
    const headers = {
      'content-type': options.contentType ?? 'application/json',
      ...(authToken === undefined ? {} : { authorization: `Bearer ${authToken}` }),
      ...spoilHeaders(signed, options.tamper, signatureHeaderName(this.#options)),
      ...options.headers,
    };
    return { headers, body: spoilBody(bytes, options.tamper), webhookId };
  }
}

/** `msg_` and 24 characters; never a full stop, which would make the signed text ambiguous. */
function newWebhookId(): string {
  return `msg_${randomBytes(18).toString('base64url')}`;
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return Uint8Array.from(body);
  return Uint8Array.from(new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)));
}

function spoilBody(body: Uint8Array<ArrayBuffer>, tamper: Tamper | undefined): Uint8Array<ArrayBuffer> {
  if (tamper === 'body') return new Uint8Array([...body, 0x20]);
  if (tamper === 'truncated_body') return body.slice(0, Math.floor((body.length * 2) / 3));
  return body;
}

function spoilHeaders(
  headers: Readonly<Record<string, string>>,
  tamper: Tamper | undefined,
  signatureName: string,
): Readonly<Record<string, string>> {
  if (tamper === 'unsigned') return {};
  const spoilt = spoilSignature(headers[signatureName] ?? '', tamper);
  return { ...headers, [signatureName]: spoilt };
}

function spoilSignature(signature: string, tamper: Tamper | undefined): string {
  if (tamper === 'truncated_signature') return signature.slice(0, 8);
  if (tamper !== 'signature' && tamper !== 'wrong_version') return signature;
  const otherVersion = signature.replace(/v1(?=[,=])/, 'v2');
  if (tamper === 'wrong_version' && otherVersion !== signature) return otherVersion;
  // Not the last characters: in padded base64 some of their bits mean nothing.
  const at = signature.length - 8;
  return signature.slice(0, at) + (signature[at] === '0' ? '1' : '0') + signature.slice(at + 1);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
