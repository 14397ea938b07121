/** What came back from the relay: its body when it is one of this route, else why not. */

import type { Result } from '../src/lib/result.ts';
import { failure, success } from '../src/lib/result.ts';
import type { ApiFailure } from './api-failure.ts';
import { readProblem } from './api-problem.ts';
import { missingMember, type Shape } from './api-shapes.ts';

/** The largest answer is a page of events: 200 of at most 64 KiB. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** The answer in a response, or the failure that it is. */
export async function readAnswer<T>(
  response: Response,
  shape: Shape,
): Promise<Result<Answer<T>, ApiFailure>> {
  const { status, headers } = response;
  if (status >= 300 && status < 400)
    return failure({ kind: 'redirected', to: originOf(headers.get('location')) });
  const text = await readText(response).catch(() => undefined);
  if (text === null) return failure({ kind: 'not_a_relay', detail: 'answered with more than 32 MiB' });
  if (text === undefined) return failure({ kind: 'not_reachable', detail: 'the answer broke off' });
  const body = parse(text);
  if (!response.ok) return failure(readProblem(status, body));
  const missing = missingMember(body, shape);
  if (missing !== undefined)
    return failure({ kind: 'not_a_relay', detail: `answered ${status} without ${missing}` });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own answer, typed by its contract
  return success({ status, body: body as T });
}

/** Null: larger than any answer of a relay. Rejects when it breaks off. */
async function readText({ body }: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Where it redirects to, without path and query, which may hold anything. */
function originOf(location: string | null): string {
  return location !== null && URL.canParse(location) ? new URL(location).origin : 'another address';
}
