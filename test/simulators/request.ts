/**
 * A request as a simulator sees it, what it answers, and what it keeps of it for the tests.
 * Types, and what turns Node's requests and responses from and into them. No state, no clock.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

export interface SimulatorRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty when `isTooLarge`. */
  readonly body: Buffer;
  /** Bytes of the body that arrived, whether kept or not. */
  readonly bytes: number;
  /** The body is over the simulator's cap and was not kept. */
  readonly isTooLarge: boolean;
}

export interface SimulatorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes are sent as they are, anything else as JSON, undefined as nothing. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
}

/** What replaces the value of `Authorization` in a record: no test can print a secret. */
export type AuthorizationMarker = '[right]' | '[wrong]';

export interface RecordedRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; `authorization` holds an `AuthorizationMarker`, never the value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** The status answered; absent while under way, and when the connection ended without an answer. */
  readonly status?: number;
  readonly answeredAtMs?: number;
  /** The client went away before the answer. */
  readonly abandoned?: true;
  /** An injected fault was carried out on it. */
  readonly isFaulted: boolean;
}

/** Method, path, query and headers; the body is empty. */
export function readHead(incoming: IncomingMessage, atMs: number): SimulatorRequest {
  // Split by hand: URL would read `//api/events` as a host and fold `..`, and the client's mistake would not show.
  const [path = '/', search = ''] = splitOnce(incoming.url ?? '/', '?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const method = incoming.method ?? 'GET';
  const query = new URLSearchParams(search);
  return { atMs, method, path, query, headers, body: Buffer.alloc(0), bytes: 0, isTooLarge: false };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The request with its body; undefined when the client went away while sending. A body over `bytesMax` is read to its end but not kept. */
export async function readBody(
  head: SimulatorRequest,
  incoming: IncomingMessage,
  bytesMax: number,
): Promise<SimulatorRequest | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  const isTooLarge = bytes > bytesMax;
  return { ...head, body: isTooLarge ? Buffer.alloc(0) : Buffer.concat(chunks), bytes, isTooLarge };
}

/** Sends an answer, whole. */
export function writeAnswer(response: ServerResponse, answer: SimulatorAnswer): void {
  const { status, headers = {}, body, contentType = 'application/json' } = answer;
  if (body === undefined) {
    response.writeHead(status, { ...headers, 'content-length': '0' }).end();
    return;
  }
  const bytes =
    body instanceof Uint8Array
      ? Buffer.from(body)
      : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
  response.writeHead(status, {
    'content-type': contentType,
    ...headers,
    'content-length': `${bytes.length}`,
  });
  response.end(bytes);
}

/** The media type of a request, lower case and without parameters; empty when absent. */
export function mediaType(request: SimulatorRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The text of the body when it is JSON, as `{value}`; undefined when it is not. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** A JSON object: neither null nor a list. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The ids that occur more than once, each named once, in the order of their first arrival. */
export function repeatedIds(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const id of ids) (seen.has(id) ? repeated : seen).add(id);
  return [...repeated];
}
