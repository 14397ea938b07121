/** Posts a signed test event to `/hooks/{tenant}`, as Noxys would, until it is answered for good. */

import { randomBytes } from 'node:crypto';

import { isRecord } from '../../src/lib/record.ts';
import { CliFailure, interrupted, invalidInput } from '../failure.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { networkErrorOf } from '../network-error.ts';
import { printable } from '../output/printable.ts';
import { userAgent } from '../session.ts';
import { signMessage } from '../signature/sign.ts';
import type { WebhookKeys } from './webhook-keys.ts';

/** Webhook settings take 2 minutes to every edge, and a miss is remembered for 30 s. Source: docs/operations.md. */
const PROPAGATION_MS = 150_000;
const REPEAT_MS = 3_000;
const TIMEOUT_MS = 15_000;

export interface Taken {
  readonly accepted: number;
  readonly duplicates: number;
  readonly filtered: number;
  readonly rejected: readonly { readonly path?: string; readonly reason?: string }[];
}

export interface Posting {
  readonly origin: string;
  readonly tenant: string;
  readonly keys: WebhookKeys;
  readonly event: Readonly<Record<string, unknown>>;
  /** Nothing is tried after this. */
  readonly deadlineMs: number;
  readonly onWait: (why: string) => void;
}

/** What the relay took. Throws a CliFailure that says why it did not. */
export async function postWebhook(io: Io, posting: Posting): Promise<Taken> {
  const { keys, deadlineMs, onWait } = posting;
  const newUntilMs = Date.parse(keys.savedAt) + PROPAGATION_MS;
  for (;;) {
    const answer = await post(io, posting);
    if (answer.status === 202) return takenOf(answer.body);
    const isNew = answer.status === 401 && io.nowMs() < newUntilMs;
    const waitMs = isNew ? REPEAT_MS : answer.retryAfterMs;
    if (waitMs === undefined || io.nowMs() + waitMs > deadlineMs) throw refused(answer, posting, isNew);
    onWait(
      isNew
        ? 'It answered 401: its webhook settings are new and may not be at the edge yet, or the secret or scheme is another one'
        : `The relay answered ${answer.status}`,
    );
    await io.sleep(waitMs, io.signal).catch(() => undefined);
    if (io.signal.aborted) throw interrupted();
  }
}

interface HookAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

async function post(io: Io, { origin, tenant, keys, event }: Posting): Promise<HookAnswer> {
  const body = new TextEncoder().encode(JSON.stringify(event));
  const signed = signMessage(keys.config, {
    secret: keys.secret,
    webhookId: `msg_${randomBytes(16).toString('hex')}`,
    timestampSeconds: Math.floor(io.nowMs() / 1000),
    body,
  });
  if (!signed.ok) throw invalidInput(`The webhook can't be signed. ${signed.error.message}`);
  try {
    const response = await io.fetch(new URL(`/hooks/${encodeURIComponent(tenant)}`, origin), {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([io.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: {
        'content-type': 'application/json',
        ...userAgent(),
        ...signed.value,
        ...(keys.authToken === undefined ? {} : { authorization: `Bearer ${keys.authToken}` }),
      },
      body,
    });
    const { status, headers } = response;
    const seconds = status === 429 || status === 503 ? Number(headers.get('retry-after') ?? 10) : Number.NaN;
    const retryAfterMs = seconds > 0 ? seconds * 1000 : undefined;
    return { status, body: await response.json().catch(() => undefined), retryAfterMs };
  } catch (error) {
    if (io.signal.aborted) throw interrupted();
    const { words } = networkErrorOf(error);
    throw new CliFailure(
      EXIT.unreachable,
      'not_reachable',
      `Can't send the webhook: ${origin} does not answer (${words}).`,
    );
  }
}

function takenOf(body: unknown): Taken {
  const members = isRecord(body) ? body : {};
  const number = (name: string): number => (typeof members[name] === 'number' ? members[name] : 0);
  const { rejected } = members;
  return {
    accepted: number('accepted'),
    duplicates: number('duplicates'),
    filtered: number('filtered'),
    rejected: Array.isArray(rejected) ? (rejected as Taken['rejected']) : [],
  };
}

const REFUSED_HINTS: Readonly<Record<number, string>> = {
  401: 'The relay does not know this secret, or not under this scheme: compare them with `npx noxys-relay tenants show`. After a change of webhook settings it takes 2 minutes.',
  429: "The tenant's limits.events_per_minute is reached: try again in a minute.",
  503: "The tenant's object or the relay is not well: `npx noxys-relay doctor` looks for the cause.",
};

function refused({ status, body }: HookAnswer, { tenant }: Posting, isNew: boolean): CliFailure {
  const detail = isRecord(body) && typeof body['detail'] === 'string' ? ` ${printable(body['detail'])}` : '';
  const hint = isNew
    ? 'The tenant was saved just now and may not be at every edge yet: try again in 2 minutes. Or the secret or scheme is another one: compare them with `npx noxys-relay tenants show`.'
    : REFUSED_HINTS[status];
  return new CliFailure(
    EXIT.failed,
    'webhook_refused',
    `The webhook of ${tenant} was answered ${status}.${detail}`,
    { ...(hint === undefined ? {} : { hint }), details: { status } },
  );
}
