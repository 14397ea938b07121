/** An operator of a fake deployment, who calls any admin route. */

import { createApp } from '../../src/http/app.ts';
import type { Env } from '../../src/settings.ts';
import { ADMIN_TOKEN } from './fakes.ts';

export interface OperatorAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads the answer that it expects
  readonly body: any;
}

export interface CallOptions {
  /** Sent as JSON; a text as it is, under the content type among the headers. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly nowMs?: () => number;
}

/** Calls `path` of a deployment, below its origin. */
export async function callOperator(
  env: Env,
  method: string,
  path: string,
  { body, headers = {}, nowMs }: CallOptions = {},
): Promise<OperatorAnswer> {
  const request = new Request(`https://relay.example.com${path}`, {
    method,
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const app = createApp({ newRequestId: () => 'req-1', ...(nowMs && { nowMs }) });
  const response = await app.fetch(request, env);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as unknown };
}
