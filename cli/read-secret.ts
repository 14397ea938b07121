/** A secret that a command needs: from a named file, stdin, an environment variable or a prompt, in this order. */

import { readSecretFile } from './credentials.ts';
import { invalidInput } from './failure.ts';
import { canAsk, type Io } from './io.ts';

export interface SecretSource {
  /** What it is, for the prompt and for messages: `The webhook secret of acme`. */
  readonly what: string;
  /** The option that names a file, such as `--secret-file`; `-` is stdin. */
  readonly option: string;
  readonly file: string | undefined;
  /** The environment variable that is looked at. */
  readonly variable: string;
}

/** The secret, trimmed. Throws a CliFailure that says where it can come from. */
export async function readSecret(io: Io, { what, option, file, variable }: SecretSource): Promise<string> {
  if (file === '-') return nonEmpty(new TextDecoder().decode(await io.stdin.readAll()), what);
  if (file !== undefined) return nonEmpty(readSecretFile(io, file, option), what);
  const fromEnv = io.env[variable];
  if (fromEnv !== undefined && fromEnv.trim() !== '') return fromEnv.trim();
  if (canAsk(io)) {
    return (await io.prompts.secret({ message: what, validate: refuseEmpty })).trim();
  }
  throw invalidInput(`${what} is needed.`, `Set ${variable}, or name a file with ${option}.`);
}

/** For prompts. */
export function refuseEmpty(value: string): string | undefined {
  return value.trim() === '' ? 'It is empty.' : undefined;
}

function nonEmpty(text: string, what: string): string {
  const secret = text.trim();
  if (secret === '') throw invalidInput(`${what} is empty.`);
  return secret;
}
