/** The relay's problem+json answers (RFC 9457) as failures. Pure. */

import type { ConfigFault } from '../src/domain/fault.ts';
import { isRecord } from '../src/lib/record.ts';
import type { ApiFailure } from './api-failure.ts';
import { cutText, printable } from './output/printable.ts';

const TYPE_PATTERN = /^urn:noxys-relay:problem:([a-z0-9-]+)$/;
/** An answer from something else than the relay may be long. */
const DETAIL_LENGTH_MAX = 500;

/** What an answer that is not 2xx says; one without problem+json comes from something in front of the relay. */
export function readProblem(status: number, body: unknown): Extract<ApiFailure, { kind: 'problem' }> {
  const members = isRecord(body) && !Array.isArray(body) ? body : {};
  const slug = TYPE_PATTERN.exec(textOf(members['type']) ?? '')?.[1];
  const requestId = textOf(members['requestId']);
  return {
    kind: 'problem',
    status,
    problem: slug === undefined ? `http_${status}` : slug.replaceAll('-', '_'),
    detail: textOf(members['detail']) ?? `the answer was ${status}, and none of a noxys-relay.`,
    faults: Array.isArray(members['faults']) ? members['faults'].flatMap(faultOf) : [],
    ...(requestId === undefined ? {} : { requestId }),
    body: members,
  };
}

function faultOf(value: unknown): ConfigFault[] {
  if (!isRecord(value)) return [];
  return [{ path: textOf(value['path']) ?? '', message: textOf(value['message']) ?? 'is not accepted' }];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? cutText(printable(value), DETAIL_LENGTH_MAX) : undefined;
}
