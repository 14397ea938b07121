/**
 * Reads the bodies of Falcon's API: `{meta, errors, resources}`, each of them null or absent at times in spite of the specification. Pure.
 * Source: rusty-falcon#98, falconjs specs/transformation.jq, vendor OpenAPI, read 2026-11.
 */

import type { HttpAnswer } from '../../lib/http.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';

/** Of a message: enough to name the fault. */
const MESSAGE_LENGTH_MAX = 300;
/** Of an answer's errors, those that are told; a batch may carry one per item. */
const TOLD_MAX = 3;
const TRACE_ID_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface ApiError {
  readonly code: number | undefined;
  readonly message: string;
  readonly id?: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** `[]` when null or absent; an object alone becomes `[object]`. */
  readonly resources: readonly unknown[];
  /** The body has them, be they null: that there are none is what Falcon says. */
  readonly hasResources: boolean;
  /** `[]` when null or absent; a 2xx may carry some. */
  readonly errors: readonly ApiError[];
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Leaves what must not be kept out of a text that the vendor wrote. */
export type Redact = (text: string) => string;

/** What an answer holds; undefined when its body is no JSON object. No body at all is an answer without anything in it. */
export function readAnswer({ status, body }: HttpAnswer, redact: Redact): ApiAnswer | undefined {
  if (body.trim() === '') return { status, resources: [], hasResources: false, errors: [], meta: {} };
  const value = jsonIn(body);
  if (!isRecord(value) || Array.isArray(value)) return undefined;
  const { resources, errors, meta } = value;
  return {
    status,
    resources: listIn(resources),
    hasResources: resources === null || isRecord(resources),
    errors: listIn(errors).flatMap((error) => readError(error, redact)),
    meta: isRecord(meta) && !Array.isArray(meta) ? meta : {},
  };
}

/** What the errors say, for an operator: `403 access denied, authorization failed`. Empty when there are none. */
export function tellErrors(errors: readonly ApiError[]): string {
  const told = errors.slice(0, TOLD_MAX).map(({ code, message }) => `${code ?? ''} ${message}`.trim());
  const left = errors.length - told.length;
  return `${told.join('; ')}${left > 0 ? `; and ${left} more` : ''}`;
}

/** CrowdStrike's support asks for it. Only what looks like one: a header may hold anything. */
export function traceIdOf({ headers }: HttpAnswer, meta: ApiAnswer['meta'] | undefined): string | undefined {
  return [headers.get('x-cs-traceid'), meta?.['trace_id']].find(
    (value): value is string => typeof value === 'string' && TRACE_ID_PATTERN.test(value),
  );
}

function listIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isRecord(value) ? [value] : [];
}

function readError(error: unknown, redact: Redact): ApiError[] {
  if (typeof error === 'string') return [{ code: undefined, message: shorten(redact(error)) }];
  if (!isRecord(error)) return [];
  const { code, message, id } = error;
  return [
    {
      code: codeIn(code),
      message: typeof message === 'string' ? shorten(redact(message)) : '',
      ...(typeof id === 'string' && { id: shorten(redact(id)) }),
    },
  ];
}

function codeIn(code: unknown): number | undefined {
  if (typeof code === 'string' && /^\d{1,9}$/.test(code)) return Number(code);
  return Number.isSafeInteger(code) ? Number(code) : undefined;
}

function shorten(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MESSAGE_LENGTH_MAX);
}
