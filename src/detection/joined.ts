/** Several tests as one. Pure. */

/** All of them, or any; of none: does not hold. */
export function joined<T>(tests: readonly ((value: T) => boolean)[], isAll: boolean): (value: T) => boolean {
  const [first, second, ...more] = tests;
  if (first === undefined || second === undefined) return first ?? (() => false);
  if (more.length === 0) {
    return isAll ? (value) => first(value) && second(value) : (value) => first(value) || second(value);
  }
  return (value) => {
    for (const test of tests) if (test(value) !== isAll) return !isAll;
    return isAll;
  };
}
