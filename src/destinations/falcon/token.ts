/**
 * Falcon's OAuth 2.0 token endpoint: client credentials, one request per token.
 * A failure here is never an event's: it waits or blocks, and nothing is rejected. The secret goes to the configured region alone.
 * Source: gofalcon falcon/client/oauth2, falconpy _auth_object, elastic/kibana PR #235139, read 2026-11.
 */

import type { Outcome } from '../../domain/outcome.ts';
import { RETRY_AFTER_MS_MAX } from '../../lib/backoff.ts';
import { sha256 } from '../../lib/hmac.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import { echoRemover } from '../../lib/secret-echoes.ts';
import type { ApiFailure, MintedToken } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import { isMarkup, outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { readAnswer } from './answers.ts';
import { BUSY_WAIT_MS, type Failed, toldAnswer } from './failures.ts';
import type { ApiPlace } from './place.ts';
import { wrongRegion } from './wrong-region.ts';

/** What falconpy assumes where the answer does not say. Source: falconpy _auth_object/_falcon_interface.py, read 2026-11. */
const LIFETIME_SECONDS_DEFAULT = 1799;
/** Falcon's tokens live for half an hour: what says much more is not believed. */
const LIFETIME_SECONDS_MAX = 3600;
/** What fits in a header and holds no space or control character. */
const TOKEN_PATTERN = /^[\x21-\x7e]{1,8192}$/;
/** At the token endpoint it says that the caller's address is not on the account's list. Source: gofalcon cloud.go, elastic/integrations#9051. */
const ADDRESS_REFUSED = /access denied, authorization failed/i;
/** The endpoint's limit is per address, and Workers share theirs: those who were told the same time come back up to half a wait apart. */
const SPREAD = 0.5;
const NO_TOKEN = 'the token endpoint answered without a token';

/** Asks for a token. Never throws for what the vendor does. */
export async function mintToken(
  place: ApiPlace,
  io: Pick<DeliveryIo, 'send' | 'timeoutMs' | 'attemptId' | 'nowMs'>,
): Promise<Result<MintedToken, ApiFailure>> {
  const { clientId, clientSecret, memberCid } = place;
  const askedAtMs = io.nowMs();
  const form = new URLSearchParams({ client_id: clientId, client_secret: clientSecret });
  if (memberCid !== undefined) form.set('member_cid', memberCid);
  const answered = await io.send({
    method: 'POST',
    url: `${place.base}/oauth2/token`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': USER_AGENT,
    },
    body: form.toString(),
    timeoutMs: io.timeoutMs,
  });
  if (!answered.ok) return failed(failedOf(outcomeOf(answered, io.nowMs())));
  const answer = answered.value;
  const elsewhere = wrongRegion(answer, place.region);
  if (elsewhere) return failed(elsewhere);
  if (answer.status < 200 || answer.status >= 300) return failed(refusal(answer, place, io));
  if (isMarkup(answer)) return failed(failedOf(outcomeOf(answered, io.nowMs())));
  const minted = tokenIn(answer, askedAtMs);
  return minted ? success(minted) : failed({ kind: 'retry', reason: 'server_error', detail: NO_TOKEN });
}

function tokenIn({ body }: HttpAnswer, askedAtMs: number): MintedToken | undefined {
  const value = jsonIn(body);
  if (!isRecord(value)) return undefined;
  const { access_token: token, expires_in: expiresIn } = value;
  if (typeof token !== 'string' || !TOKEN_PATTERN.test(token)) return undefined;
  return { token, expiresAtMs: askedAtMs + lifetimeSeconds(expiresIn) * 1000 };
}

function lifetimeSeconds(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' && expiresIn !== '' ? Number(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || !(seconds > 0)) return LIFETIME_SECONDS_DEFAULT;
  return seconds > LIFETIME_SECONDS_MAX ? LIFETIME_SECONDS_DEFAULT : seconds;
}

/** What a status other than 2xx and 3xx means here. */
function refusal(
  answer: HttpAnswer,
  { clientId, clientSecret, memberCid }: ApiPlace,
  { attemptId, nowMs }: Pick<DeliveryIo, 'attemptId' | 'nowMs'>,
): Failed {
  const redact = echoRemover([clientSecret, clientId]);
  const { status } = answer;
  const told = toldAnswer(answer, readAnswer(answer, redact), redact);
  const outcome = outcomeOf(success(told.answer), nowMs());
  const reason = outcome.kind === 'blocked' && !isMarkup(answer) ? outcome.reason : undefined;
  if (reason === 'forbidden' && ADDRESS_REFUSED.test(answer.body)) {
    const orMember = memberCid === undefined ? '' : ', or the API client may not act for member_cid';
    const detail = `the account's API IP allowlist does not hold the relay's address${orMember}${told.trace}`;
    return { kind: 'blocked', reason: 'address_not_allowed', detail };
  }
  // A wrong client was told with the one and with the other.
  if (reason === 'unauthorized' || reason === 'forbidden') {
    const detail = `the API client's id or secret is wrong${told.trace}`;
    return { kind: 'blocked', reason: 'unauthorized', detail };
  }
  if (outcome.kind === 'rejected') {
    const detail = `the token endpoint refuses the request: HTTP ${status}: ${outcome.excerpt}${told.trace}`;
    return { kind: 'blocked', reason: 'unauthorized', detail };
  }
  if (outcome.kind === 'retry' && outcome.reason === 'busy') {
    return {
      ...outcome,
      detail: atTokenEndpoint(outcome.detail),
      retryAfterMs: spread(outcome.retryAfterMs, attemptId),
    };
  }
  return failedOf(outcome);
}

/** The wait, longer by a share that the attempt's id draws. */
function spread(waitMs: number = BUSY_WAIT_MS, attemptId: string): number {
  const drawn = new DataView(sha256(attemptId).slice(0, 4).buffer).getUint32(0) / 2 ** 32;
  return Math.ceil(Math.min(waitMs, RETRY_AFTER_MS_MAX / (1 + SPREAD)) * (1 + SPREAD * drawn));
}

/** The outcome with the words that tell where it came from. */
function failedOf(outcome: Outcome): Failed {
  if (outcome.kind === 'retry' || outcome.kind === 'blocked')
    return { ...outcome, detail: atTokenEndpoint(outcome.detail) };
  return { kind: 'blocked', reason: 'unexpected_status', detail: NO_TOKEN };
}

function atTokenEndpoint(detail: string): string {
  return `at the token endpoint: ${detail}`;
}

/** The request that needs the token was not sent. */
function failed(outcome: Failed): Result<never, ApiFailure> {
  return failure({ outcome, mayBeDone: false });
}
