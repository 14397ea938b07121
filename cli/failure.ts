/**
 * An expected end of a command: what happened, where, and how to mend it. Thrown, because it ends the whole command;
 * shown without a stack trace. What is collected and shown together (faults of files, of tenants) is a value instead.
 */

import { EXIT, type ExitCode } from './exit-codes.ts';

export interface FailureFacts {
  /** How to mend it, in one or two sentences. */
  readonly hint?: string;
  /** More for `--json`; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  /** Stable, for scripts: such as `not_reachable`. */
  readonly kind: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(exitCode: ExitCode, kind: string, message: string, { hint, details = {} }: FailureFacts = {}) {
    super(message);
    this.name = 'CliFailure';
    this.exitCode = exitCode;
    this.kind = kind;
    this.hint = hint;
    this.details = details;
  }
}

/** The command line, a file or an answer is wrong: nothing was changed. */
export function invalidInput(message: string, hint?: string): CliFailure {
  return new CliFailure(EXIT.invalid, 'invalid_input', message, hint === undefined ? {} : { hint });
}

/** Ctrl-C, or a prompt that was left. */
export function interrupted(): CliFailure {
  return new CliFailure(EXIT.interrupted, 'interrupted', 'Interrupted.');
}
