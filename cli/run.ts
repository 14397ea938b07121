/** One run of the command line, from arguments to an exit code. Starts no process and ends none. */

import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { CommanderError } from 'commander';

import { actingWith } from './action.ts';
import { SECRET_VARIABLES } from './credentials.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import type { Io } from './io.ts';
import { Concealed } from './output/concealed.ts';
import { guardedIo } from './output/guarded-io.ts';
import { jsonText } from './output/output.ts';
import { buildProgram } from './program.ts';
import { refuseSecretArguments } from './secret-arguments.ts';

/** Runs a command line (without node and script) and says what the process is to end with. */
export async function runCli(args: readonly string[], surroundings: Io): Promise<ExitCode> {
  const io = guardedIo(surroundings);
  const concealed = new Concealed();
  try {
    const { act, exitCode } = actingWith(io, concealed);
    const program = buildProgram(act);
    prepare(program, io);
    const known = SECRET_VARIABLES.flatMap((name) => io.env[name]?.trim() || []);
    for (const secret of known) concealed.add(secret);
    refuseSecretArguments(args, known);
    await program.parseAsync([...args], { from: 'user' });
    return exitCode();
  } catch (error) {
    const isJson = args.includes('--json');
    try {
      return end(error, io, { isJson, concealed });
    } catch {
      // Even the words for the error failed, such as at a value that is nested too deep.
      if (isJson) io.stdout.write(`${jsonText({ error: BUG }, 2)}\n`);
      io.stderr.write('noxys-relay failed, which is a fault of its own.\n');
      return EXIT.failed;
    }
  }
}

const BUG = { kind: 'bug', message: 'The command line failed: stderr has the trace.' } as const;

/** Errors are thrown, not process exits, and go to the given streams; for subcommands, too. */
function prepare(command: CommandUnknownOpts, io: Io): void {
  command.exitOverride();
  command.showHelpAfterError('Run it with --help for its arguments and options.');
  command.configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    getOutHelpWidth: () => io.stdout.columns ?? 100,
    getErrHelpWidth: () => io.stderr.columns ?? 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
    outputError: (text, write) => write(withoutValues(text)),
  });
  for (const inner of command.commands) prepare(inner, io);
}

/** What other tools call `plan`. */
const PLAN = "unknown command 'plan'\n(Did you mean apply --dry-run?)";

/** Commander quotes what it does not know; a value in it may be a secret. */
function withoutValues(text: string): string {
  return text
    .replaceAll(/(unknown option '[^'=]*)=.*'/gs, "$1=…'")
    .replaceAll(/(unknown option '-[^-'])[^']+'/g, "$1…'")
    .replaceAll(/unknown option '[^']{24,}'/g, 'unknown option')
    .replaceAll(/(option '[^']*') argument '.*' is invalid/gs, '$1: its value is invalid')
    .replaceAll(/(option '[^']*') value '.*' from env '/gs, "$1: its value from env '")
    .replaceAll(/(too many arguments .* but got \d+): .*\./gs, '$1.')
    .replaceAll(/unknown command '[^']{24,}'/g, 'unknown command')
    .replace(/unknown command 'plan'(?:\n\(Did you mean [^\n]*\))?/, PLAN)
    .replaceAll(/value '[^']{24,}' is invalid/g, 'value is invalid')
    .replaceAll(/argument '[^']{24,}' is invalid/g, 'argument is invalid');
}

/** Commander shows the help then, and says nothing of its own. */
const NO_COMMAND = 'A command is missing: --help lists them.';

interface End {
  readonly isJson: boolean;
  readonly concealed: Concealed;
}

function end(error: unknown, { stdout, stderr }: Io, { isJson, concealed }: End): ExitCode {
  const tell = (facts: Readonly<Record<string, unknown>>): void => {
    if (isJson) stdout.write(`${jsonText(concealed.scrubValue({ error: facts }), 2)}\n`);
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    const message = error.code === 'commander.help' ? NO_COMMAND : withoutValues(error.message);
    tell({ kind: 'usage', message });
    return EXIT.invalid;
  }
  const expected = error instanceof CliFailure ? error : fileFailure(error);
  if (!expected) {
    // A bug of the command line: the one case in which a stack trace helps somebody.
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(concealed.scrub(`noxys-relay failed, which is a fault of its own:\n${trace}\n`));
    tell(BUG);
    return EXIT.failed;
  }
  const { message, hint, kind, details, exitCode } = expected;
  stderr.write(concealed.scrub(`${message}\n${hint === undefined ? '' : `${hint}\n`}`));
  tell({ kind, message, hint, ...details });
  return exitCode;
}

/** A file or folder that the system does not let us have. */
function fileFailure(error: unknown): CliFailure | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'A file';
  return new CliFailure(EXIT.failed, 'file_failed', `${path} can't be used: ${String(error.code)}.`);
}
