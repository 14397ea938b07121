/** Reads a request's body as bytes, and never more of it than the cap. */

import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';

export type BodyFailure =
  { readonly kind: 'body_too_large'; readonly bytesMax: number } | { readonly kind: 'body_interrupted' };

/** The failure of a body that announces itself too large, before a byte of it is read. */
export function announcedTooLarge(headers: Headers, bytesMax: number): BodyFailure | undefined {
  const announced = Number(headers.get('content-length') ?? 0);
  return announced > bytesMax ? { kind: 'body_too_large', bytesMax } : undefined;
}

/** The whole body; reading stops as soon as it is too large, whatever was announced. */
export async function readBody(request: Request, bytesMax: number): Promise<Result<Uint8Array, BodyFailure>> {
  const tooLarge = announcedTooLarge(request.headers, bytesMax);
  if (tooLarge) return failure(tooLarge);
  if (!request.body) return success(new Uint8Array(0));
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
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
