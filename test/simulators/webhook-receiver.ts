/**
 * A receiver of Standard Webhooks: verifies signature and time with code of its own, takes each id once, records what it took.
 * Source: standard-webhooks spec/standard-webhooks.md 1.0.0, "Verifying signatures", read 2026-11.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

import { SimulatorServer, type SimulatorServerOptions } from './http-server.ts';
import { parseJson, type SimulatorAnswer, type SimulatorRequest } from './request.ts';

/** Of the reference libraries, both ways, bounds included. */
const TOLERANCE_SECONDS = 300;

export interface ReceiverOptions extends SimulatorServerOptions {
  /** Known to the receiver; empty: it does not verify. */
  readonly secrets?: readonly string[];
  /** The whole value that the header must have. Absent: any. */
  readonly authorization?: string;
}

export interface ReceivedMessage {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly text: string;
  readonly body: unknown;
}

export class WebhookReceiver extends SimulatorServer {
  readonly #authorization: string | undefined;
  #secrets: readonly string[];
  #isGone = false;
  /** Each once. */
  readonly messages: ReceivedMessage[] = [];
  /** Why requests were refused, in order. */
  readonly refusals: string[] = [];
  repeated = 0;

  constructor(options: ReceiverOptions = {}) {
    super(options);
    this.#secrets = options.secrets ?? [];
    this.#authorization = options.authorization;
  }

  /** It knows these from now on, and no others. */
  setSecrets(secrets: readonly string[]): void {
    this.#secrets = secrets;
  }

  /** It wants no more messages. */
  leave(): void {
    this.#isGone = true;
  }

  protected override authorizationIsRight({ headers }: SimulatorRequest): boolean {
    return this.#authorization === undefined || headers['authorization'] === this.#authorization;
  }

  protected override answer(request: SimulatorRequest): SimulatorAnswer {
    if (this.#isGone) return this.#refuse(410, 'gone');
    if (request.method !== 'POST') return this.#refuse(405, 'method');
    if (!this.authorizationIsRight(request)) return this.#refuse(401, 'authorization');
    const fault = this.#secrets.length > 0 ? this.#signatureFault(request) : undefined;
    if (fault !== undefined) return this.#refuse(401, fault);
    const text = request.body.toString('utf8');
    const parsed = parseJson(text);
    if (!parsed) return this.#refuse(400, 'no JSON');
    const id = request.headers['webhook-id'] ?? '';
    if (this.messages.some((message) => message.id === id)) this.repeated += 1;
    else {
      const timestampSeconds = Number(request.headers['webhook-timestamp']);
      this.messages.push({ id, timestampSeconds, text, body: parsed.value });
    }
    return { status: 204 };
  }

  #refuse(status: number, reason: string): SimulatorAnswer {
    this.refusals.push(reason);
    return { status, body: { error: reason } };
  }

  #signatureFault({ headers, body }: SimulatorRequest): string | undefined {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
    if (!id || id.includes('.') || !timestamp || !signatures) return 'headers';
    if (!/^\d{1,11}$/.test(timestamp)) return 'timestamp';
    if (Math.abs(this.nowMs() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return 'too old or too new';
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
    const isRight = this.#secrets.some((secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const expected = createHmac('sha256', key).update(signed).digest();
      return signatures.split(' ').some((entry) => isDigest(entry, expected));
    });
    return isRight ? undefined : 'signature';
  }
}

function isDigest(entry: string, expected: Buffer): boolean {
  const [version, text = ''] = entry.split(',');
  const digest = Buffer.from(text, 'base64');
  return version === 'v1' && digest.length === expected.length && timingSafeEqual(digest, expected);
}
