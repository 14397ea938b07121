/** The options of a bench: whole numbers, with a clear error for anything else. */

import { parseArgs } from 'node:util';

/** Reads `--name N` for each name with its default. Throws for unknown names and for what is no whole number above 0. */
export function numbersOf<Name extends string>(
  args: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options });
  return Object.fromEntries(
    names.map((name) => [name, numberOf(name, values[name], defaults[name])]),
  ) as Record<Name, number>;
}

/** One of them, from what `parseArgs` read. */
export function numberOf(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  const number = typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : 0;
  if (number > 0) return number;
  throw new Error(`Cannot run as --${name} must be a whole number above 0: it is ${JSON.stringify(value)}`);
}
