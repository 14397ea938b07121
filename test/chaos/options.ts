/** The command line of the fault bench. Pure. */

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

export interface ChaosOptions {
  readonly seed: number;
  readonly events: number;
  readonly tenants: number;
  /** SIGKILLs of the runtime. */
  readonly kills: number;
  /** Events that a destination always answers 500. */
  readonly poison: number;
  /** Events that a destination always answers 400. */
  readonly refused: number;
  /** Events a second, over all tenants. */
  readonly rate: number;
  /** The bench gives up after this. */
  readonly limitSeconds: number;
  readonly isJson: boolean;
  /** Folder for what each lane got and when, for the study of a problem. */
  readonly traceFolder: string | undefined;
}

interface NumberOption {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  readonly help: string;
}

const NUMBERS = {
  seed: { initial: 1, min: 0, max: 2 ** 31, help: 'of the plan: events, faults and their times' },
  events: { initial: 20_000, min: 100, max: 1_000_000, help: 'sent in all' },
  tenants: { initial: 6, min: 3, max: 50, help: 'that share the events, each with destinations of its own' },
  kills: { initial: 6, min: 0, max: 100, help: 'SIGKILLs of the runtime' },
  poison: { initial: 6, min: 0, max: 100, help: 'events that one destination always answers 500' },
  refused: { initial: 6, min: 0, max: 100, help: 'events that one destination always answers 400' },
  rate: { initial: 100, min: 10, max: 2_000, help: 'events a second' },
  limit: { initial: 600, min: 10, max: 7_200, help: 'seconds after which the bench gives up' },
} as const satisfies Record<string, NumberOption>;
type NumberName = keyof typeof NUMBERS;

export const USAGE = `npm run chaos [-- options]

Sends events through a local relay while destinations fail, wake-ups get lost, objects are aborted and the runtime is killed.
Then checks that every accepted event was delivered, parked or dead-lettered in each lane, and explains every duplicate.

${Object.entries<NumberOption>(NUMBERS)
  .map(([name, { initial, help }]) => `  --${`${name} N`.padEnd(12)} ${help} (default ${initial})`)
  .join('\n')}
  --json         the report as JSON instead of tables
  --trace FOLDER writes a file per lane: its log, what arrived, when it was disturbed
  --help

Exit code: 0 nothing lost and nothing unexplained · 1 otherwise, or not done in time · 2 a wrong option · 130 Ctrl-C`;

export type Parsed =
  | { readonly kind: 'run'; readonly options: ChaosOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

const OPTIONS: ParseArgsOptionsConfig = {
  ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, { type: 'string' } as const])),
  json: { type: 'boolean' },
  trace: { type: 'string' },
  help: { type: 'boolean' },
};

export function parseOptions(args: readonly string[]): Parsed {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: OPTIONS,
    });
    if (values['help'] === true) return { kind: 'help' };
    const read = (name: NumberName): number => readNumber(name, values[name]);
    const options = {
      seed: read('seed'),
      events: read('events'),
      tenants: read('tenants'),
      kills: read('kills'),
      poison: read('poison'),
      refused: read('refused'),
      rate: read('rate'),
      limitSeconds: read('limit'),
      isJson: values['json'] === true,
      traceFolder: typeof values['trace'] === 'string' ? values['trace'] : undefined,
    };
    return { kind: 'run', options };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

function readNumber(name: NumberName, text: unknown): number {
  const { initial, min, max } = NUMBERS[name];
  if (text === undefined) return initial;
  const value = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(
    `--${name} must be a whole number from ${min} to ${max}: it is ${JSON.stringify(text) ?? 'absent'}`,
  );
}
