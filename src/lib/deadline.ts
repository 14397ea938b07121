/** Waits for a promise, but not for ever. The promise itself is not stopped: what it does goes on unseen. */

import type { Result } from './result.ts';
import { failure, success } from './result.ts';

/** The value, or `timed_out` after `timeoutMs`. Rejects as the promise does; a rejection after the deadline is dropped. */
export async function withDeadline<T>(
  promise: Promise<T>,
  timeoutMs: number,
): Promise<Result<T, { readonly kind: 'timed_out' }>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<Result<T, { readonly kind: 'timed_out' }>>((resolve) => {
    timer = setTimeout(() => resolve(failure({ kind: 'timed_out' })), timeoutMs);
  });
  try {
    return await Promise.race([promise.then((value) => success(value)), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
