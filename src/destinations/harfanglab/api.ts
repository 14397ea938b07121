/**
 * HarfangLab's own API (`/api/data/…`), as its integrations use it: one token, every path ends in a slash, JSON both ways.
 * A 2xx that is no JSON object or list is an error: a portal's login page answers 200. Never keeps what an answer quotes of the token.
 * Source: facts of XSOAR, OpenCTI, SEKOIA and DROID connectors, read 2026-11.
 */

import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { type HttpAnswer, ANSWER_BYTES_MAX } from '../../lib/http.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import { isMarkup, outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { type Permission, permissionName } from './permissions.ts';

/** A page of some hundred agents, rules or threats, whole. */
const PAGE_BYTES_MAX = 2 * 1024 * 1024;
/** Answers of somebody in between, or of a server in trouble: what was asked for may have been done all the same. */
const OPEN_STATUSES = new Set([408, 425]);

export interface HarfangLabCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the manager's origin; it ends in a slash, but for the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Named when it is missing. Absent: any user may. */
  readonly permission?: Permission;
  /** Statuses that are answers to this call, and no failures: 400 of an indicator that exists. */
  readonly answers?: readonly number[];
  /** Called right before the request leaves, after every wait. What it throws is thrown, and nothing is sent. */
  readonly onSend?: () => void;
}

export interface HarfangLabAnswer {
  readonly status: number;
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown;
}

export interface HarfangLabApi {
  request(call: HarfangLabCall): Promise<Result<HarfangLabAnswer, ApiFailure>>;
  /** Made so far. */
  readonly requests: number;
}

/** The API of a destination whose token is open, for one turn of a channel. */
export function harfangLabApi(
  { base_url: baseUrl, token }: Pick<HarfangLabConfig, 'base_url' | 'token'>,
  io: Pick<DeliveryIo, 'send' | 'timeoutMs' | 'attemptId' | 'nowMs'>,
): HarfangLabApi {
  let requests = 0;
  return {
    get requests() {
      return requests;
    },
    async request(call) {
      requests++;
      const answered = await io.send({
        method: call.method,
        url: `${baseUrl}${call.path}`,
        headers: {
          authorization: `Token ${token}`,
          accept: 'application/json',
          'user-agent': USER_AGENT,
          'x-attempt-id': io.attemptId,
          ...(call.body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        ...(call.onSend && { onSend: call.onSend }),
        timeoutMs: io.timeoutMs,
        answerBytesMax: call.method === 'GET' ? PAGE_BYTES_MAX : ANSWER_BYTES_MAX,
      });
      if (!answered.ok) {
        const outcome = failedOf(outcomeOf(answered, io.nowMs()));
        return failure({ outcome, mayBeDone: answered.error.kind !== 'host_not_allowed' });
      }
      return readAnswer(answered.value, call, io.nowMs());
    },
  };
}

function readAnswer(
  answer: HttpAnswer,
  { answers = [], permission }: HarfangLabCall,
  nowMs: number,
): Result<HarfangLabAnswer, ApiFailure> {
  const { status } = answer;
  const isSuccess = status >= 200 && status < 300;
  const isAnswer = isSuccess || answers.includes(status);
  if (isAnswer && !isMarkup(answer)) {
    const isEmpty = answer.body.trim() === '';
    const body = isEmpty ? undefined : jsonIn(answer.body);
    if (isEmpty || isRecord(body)) return success({ status, body });
  }
  const outcome = outcomeOf(success(answer), nowMs);
  const mayBeDone = isSuccess || status >= 500 || OPEN_STATUSES.has(status);
  if (outcome.kind === 'blocked' && outcome.reason === 'forbidden' && permission !== undefined) {
    const detail = `the token's user lacks the permission "${permissionName(permission)}" (${outcome.detail})`;
    return failure({ outcome: { ...outcome, detail }, mayBeDone });
  }
  return failure({ outcome: failedOf(outcome, status), mayBeDone });
}

/** An answer that can't be read is none. */
function failedOf(outcome: ReturnType<typeof outcomeOf>, status?: number): ApiFailure['outcome'] {
  if (outcome.kind !== 'delivered') return outcome;
  const detail = `HTTP ${status} with a body that is no JSON, or that broke off`;
  return { kind: 'retry', reason: 'server_error', detail, ...(status !== undefined && { status }) };
}

/** The results of a list's answer, whether it is paged or bare. Source: SEKOIA handles both for Agent. */
export function resultsIn({ body }: HarfangLabAnswer): readonly Record<PropertyKey, unknown>[] | undefined {
  const list = Array.isArray(body) ? body : isRecord(body) ? body['results'] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : undefined;
}

/** Whether a list goes on after this page: `next` is a path, or null. */
export function hasNextPage({ body }: HarfangLabAnswer): boolean {
  return isRecord(body) && typeof body['next'] === 'string' && body['next'] !== '';
}
