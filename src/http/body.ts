/** Reads a request's body as bytes, never more of it than the cap, and of an operator's no longer than its deadline. */

import { withDeadline } from '../lib/deadline.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';

/** The largest body of an admin route. A config with every list full is below 100 KiB. */
export const DOCUMENT_BYTES_MAX = 256 * 1024;

export type BodyFailure =
  | { readonly kind: 'body_too_large'; readonly bytesMax: number }
  | { readonly kind: 'body_interrupted' }
  | { readonly kind: 'body_too_slow'; readonly timeoutMs: number };

/** The failure of a body that announces itself too large, before a byte of it is read. */
export function announcedTooLarge(headers: Headers, bytesMax: number): BodyFailure | undefined {
  const announced = Number(headers.get('content-length') ?? 0);
  return announced > bytesMax ? { kind: 'body_too_large', bytesMax } : undefined;
}

/** The whole body; reading stops as soon as it is too large, whatever was announced. */
export async function readBody(request: Request, bytesMax: number): Promise<Result<Uint8Array, BodyFailure>> {
  const tooLarge = announcedTooLarge(request.headers, bytesMax);
  if (tooLarge) return failure(tooLarge);
  return request.body ? readAll(request.body.getReader(), bytesMax) : success(new Uint8Array(0));
}

/** The same, and no longer than `timeoutMs`. */
export async function readBodyInTime(
  request: Request,
  bytesMax: number,
  timeoutMs: number,
): Promise<Result<Uint8Array, BodyFailure>> {
  const tooLarge = announcedTooLarge(request.headers, bytesMax);
  if (tooLarge) return failure(tooLarge);
  if (!request.body) return success(new Uint8Array(0));
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const read = await withDeadline(readAll(reader, bytesMax), timeoutMs);
  if (read.ok) return read.value;
  // Whether that works is of no concern to the answer.
  void reader.cancel().catch(() => undefined);
  return failure({ kind: 'body_too_slow', timeoutMs });
}

/** A body that was read already, for who takes less of it. */
export function bodyWithin(body: Uint8Array, bytesMax: number): Result<Uint8Array, BodyFailure> {
  return body.byteLength > bytesMax ? failure({ kind: 'body_too_large', bytesMax }) : success(body);
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyFailure>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return success(joined(chunks, bytes));
      bytes += value.byteLength;
      if (bytes > bytesMax) {
        await reader.cancel();
        return failure({ kind: 'body_too_large', bytesMax });
      }
      chunks.push(value);
    }
  } catch {
    return failure({ kind: 'body_interrupted' });
  }
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
