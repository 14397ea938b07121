/** `{[key]: value}`, or nothing when there is no value: absent fields are left out, never undefined. Pure. */
export function present<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T };
export function present(key: string, value: unknown): object {
  return value === undefined ? {} : { [key]: value };
}
