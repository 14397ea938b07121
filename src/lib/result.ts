/** Expected failures as values. Pure. */

export type Result<T, F> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: F };

export function success<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function failure<F>(error: F): { readonly ok: false; readonly error: F } {
  return { ok: false, error };
}

/** Stands in the default branch of an exhaustive switch: the compiler refuses a missing case, the runtime reports it. */
export function unreachable(value: never): never {
  throw new Error(
    `Cannot handle the case ${JSON.stringify(value)} as the switch must be exhaustive: it is not`,
  );
}
