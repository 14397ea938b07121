/**
 * Everything a command touches outside of itself: streams, environment, network, clock, prompts. Tests bring their own.
 * Types only.
 */

import type { AccountReader } from './deploy/account.ts';

export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width of the terminal; undefined: not a terminal, so nothing is wrapped. */
  readonly columns: number | undefined;
  /** The stream behind it, where there is one: for bars, which move the cursor. */
  readonly stream?: NodeJS.WritableStream;
}

/** Questions to a person, shown on stderr. Each rejects with `interrupted()` when the person leaves it. */
export interface Prompts {
  text(question: {
    readonly message: string;
    readonly initial?: string;
    readonly placeholder?: string;
    readonly validate?: (value: string) => string | undefined;
  }): Promise<string>;
  /** Shown as dots. */
  secret(question: {
    readonly message: string;
    readonly validate?: (value: string) => string | undefined;
  }): Promise<string>;
  select<T extends string>(question: {
    readonly message: string;
    readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
    /** Where the choice begins; absent: at the first. */
    readonly initial?: T;
  }): Promise<T>;
  /** One at least, in the order of the options. */
  selectMany<T extends string>(question: {
    readonly message: string;
    readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
    /** Those that are chosen already. */
    readonly initial: readonly T[];
  }): Promise<readonly T[]>;
  confirm(question: { readonly message: string; readonly initial: boolean }): Promise<boolean>;
}

export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: { readonly isTTY: boolean; readAll(): Promise<Uint8Array> };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; what relative paths of the command line start from. */
  readonly cwd: string;
  readonly fetch: typeof fetch;
  /** The addresses that public DNS has of a name; empty: it has none. Rejects when it does not answer. */
  readonly resolveHost: (name: string) => Promise<readonly string[]>;
  /** The operator's Cloudflare account, by wrangler and its login. */
  readonly account: AccountReader;
  readonly nowMs: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly prompts: Prompts;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted when nobody reads stdout any more: the end of what only shows. */
  readonly readerGone?: AbortSignal;
}

/** Whether a person can be asked. */
export function canAsk({ stdin, stderr }: Io): boolean {
  return stdin.isTTY && stderr.isTTY;
}
