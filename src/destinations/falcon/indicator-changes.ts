/**
 * Makes, changes and removes indicators in batches. Falcon takes or refuses a batch as a whole, so a refused one is halved until
 * the culprit stands alone; a batch that is taken may still name faults, which are read.
 * Source: Netskope ta_cloud_exchange_plugins crowdstrike/main.py, simstudioai/sim apps/sim/tools/crowdstrike, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { type ApiAnswer, tellErrors } from './answers.ts';
import type { ApiCall, FalconApi } from './api.ts';
import { type ExistingIndicator, type WantedIndicator, fieldsOf } from './indicator.ts';

/** Of a batch. The vendor's own maximum is not published; the clients above send 200. */
const BATCH_MAX = 200;
/** Of one request's ids, 64 characters each, so that its URL stays below 8 KB. */
const REMOVED_MAX = 80;
const NOT_FOUND = 404;
/** Answers about the batch, not about the client or the address. */
const REFUSALS: readonly number[] = [400, NOT_FOUND, 409, 413, 422];
const ENTITIES = '/iocs/entities/indicators/v1';
const COMMENT = 'noxys-relay';
/** The customer's account is full: no half of the batch has room. Source: Netskope, as above. */
const FULL_PATTERN = /limit of .* indicators/i;
const MESSAGE_LENGTH_MAX = 200;
/** A run that may be a credential, which an answer may quote. */
const CREDENTIAL_PATTERN = /[A-Za-z0-9_-]{32,}/g;

export interface Refused<T> {
  readonly item: T;
  /** There is none of its id any more. */
  readonly isGone: boolean;
  /** In Falcon's words. */
  readonly message: string;
}

export interface Changed<T> {
  readonly done: readonly T[];
  readonly refused: readonly Refused<T>[];
}

type Changes<T> = Promise<Result<Changed<T>, ApiFailure>>;

export interface Update {
  readonly id: string;
  readonly wanted: WantedIndicator;
}

/** Makes indicators that were not found. */
export async function createIndicators(
  api: FalconApi,
  wanted: readonly WantedIndicator[],
  ownTag: string,
): Changes<WantedIndicator> {
  return inBatches(api, wanted, {
    size: BATCH_MAX,
    call: (batch) => ({
      method: 'POST',
      path: `${ENTITIES}?ignore_warnings=true`,
      body: {
        comment: COMMENT,
        indicators: batch.map((one) => ({ type: 'domain', value: one.domain, ...fieldsOf(one, ownTag) })),
      },
      scope: 'ioc:write',
    }),
    verdict: ({ domain }, answer) => verdictOnDomain(domain, answer),
  });
}

/** Changes indicators of ours: all fields, as those that are not named are cleared. */
export async function updateIndicators(
  api: FalconApi,
  updates: readonly Update[],
  ownTag: string,
): Changes<Update> {
  return inBatches(api, updates, {
    size: BATCH_MAX,
    call: (batch) => ({
      method: 'PATCH',
      path: `${ENTITIES}?ignore_warnings=true`,
      body: {
        comment: COMMENT,
        indicators: batch.map(({ id, wanted }) => ({ id, ...fieldsOf(wanted, ownTag) })),
      },
      scope: 'ioc:write',
    }),
    verdict: ({ wanted }, answer) => verdictOnDomain(wanted.domain, answer),
  });
}

/** Removes indicators of ours, by their ids alone: a filter would win over them. One that is gone already is removed. */
export async function removeIndicators(
  api: FalconApi,
  indicators: readonly ExistingIndicator[],
): Changes<ExistingIndicator> {
  return inBatches(api, indicators, {
    size: REMOVED_MAX,
    call: (batch) => {
      const query = new URLSearchParams([...batch.map(({ id }) => ['ids', id]), ['comment', COMMENT]]);
      return { method: 'DELETE', path: `${ENTITIES}?${query.toString()}`, scope: 'ioc:write' };
    },
    verdict: ({ id }, answer) => verdictOnRemoval(id, answer),
  });
}

/** `unclear`: the answer names faults and does not say whose. */
type Verdict = 'done' | 'unclear' | { readonly refused: string };

interface Batches<T> {
  readonly size: number;
  readonly call: (batch: readonly T[]) => ApiCall;
  readonly verdict: (item: T, answer: ApiAnswer) => Verdict;
}

async function inBatches<T>(api: FalconApi, items: readonly T[], batches: Batches<T>): Changes<T> {
  const done: T[] = [];
  const refused: Refused<T>[] = [];
  const left = inGroups(items, batches.size);
  for (let batch = left.shift(); batch; batch = left.shift()) {
    const answered = await api.request({ ...batches.call(batch), answers: REFUSALS });
    if (!answered.ok) return answered;
    const answer = answered.value;
    const { status } = answer;
    const message = messageOf(answer);
    const isGone = status === NOT_FOUND;
    if (status >= 300 && batch.length > 1 && !FULL_PATTERN.test(message)) {
      left.unshift(...inGroups(batch, Math.ceil(batch.length / 2)));
      continue;
    }
    for (const item of batch) {
      const verdict = batches.verdict(item, answer);
      if (verdict === 'done') done.push(item);
      else if (verdict !== 'unclear') refused.push({ item, isGone, message: verdict.refused });
      else if (batch.length === 1) refused.push({ item, isGone, message });
      else left.unshift([item]);
    }
  }
  return success({ done, refused });
}

function verdictOnDomain(domain: string, answer: ApiAnswer): Verdict {
  if (answer.status >= 300) return { refused: messageOf(answer) };
  const row = answer.resources.filter(isRecord).find(({ value }) => value === domain);
  if (row) return faultOfRow(row) ?? 'done';
  // An answer that names neither what it made nor a fault is believed: the next search tells.
  return answer.errors.length === 0 ? 'done' : 'unclear';
}

function verdictOnRemoval(id: string, answer: ApiAnswer): Verdict {
  const { status, resources, errors } = answer;
  if (errors.length > 0 && errors.every(({ code }) => code === NOT_FOUND)) return 'done';
  if (status >= 300) return { refused: messageOf(answer) };
  return resources.includes(id) || errors.length === 0 ? 'done' : 'unclear';
}

/** A row of a batch may carry a fault of its own: `message_type: error`, or no id. */
function faultOfRow(row: Record<PropertyKey, unknown>): Verdict | undefined {
  const { id, message, message_type: type } = row;
  if (type !== 'error' && typeof id === 'string' && id !== '') return undefined;
  return typeof message === 'string' && message !== '' ? { refused: told(message) } : 'unclear';
}

/** What an answer says of what it refuses. */
function messageOf({ status, errors, resources }: ApiAnswer): string {
  const inErrors = tellErrors(errors);
  if (inErrors !== '') return told(inErrors);
  const row = resources.filter(isRecord).find(({ message }) => typeof message === 'string');
  return typeof row?.['message'] === 'string' ? told(row['message']) : `HTTP ${status}, without a reason`;
}

function told(text: string): string {
  return text
    .replaceAll(CREDENTIAL_PATTERN, '…')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MESSAGE_LENGTH_MAX);
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
