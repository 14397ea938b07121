/**
 * Simulators inside workerd, where nothing can listen: what a `fetch` asks as a simulator sees it, and its answer as a `fetch` gives it.
 * No state, no clock.
 */

import type { SimulatorAnswer, SimulatorRequest } from '../simulators/request.ts';
import type { Sent } from './tenant.ts';

export async function requestOf(request: Request, atMs: number): Promise<SimulatorRequest> {
  const { url, method, headers } = request;
  const body = Buffer.from(await request.arrayBuffer()).toString();
  return sentRequest({ url, method, headers, body }, atMs);
}

/** Of what a tenant sent. */
export function sentRequest(
  { url, method, headers, body: text }: Omit<Sent, 'ids'>,
  atMs: number,
): SimulatorRequest {
  const { pathname: path, searchParams: query } = new URL(url);
  const body = Buffer.from(text);
  return {
    atMs,
    method,
    path,
    query,
    headers: Object.fromEntries(headers),
    body,
    bytes: body.length,
    isTooLarge: false,
  };
}

export function responseOf({ status, headers = {}, body }: SimulatorAnswer): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
