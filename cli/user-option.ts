/** The user that a search is for, as options name them; asked for where the value was left out, so that no shell keeps a person. */

import { invalidInput } from './failure.ts';
import { canAsk, type Io } from './io.ts';
import { refuseEmpty } from './read-secret.ts';

export interface NamedUser {
  readonly userId?: string | true | undefined;
  readonly userEmail?: string | true | undefined;
  readonly userKey?: string | undefined;
}

/** As the body of a search names the user; empty: of everybody. */
export async function userOf(io: Io, options: NamedUser): Promise<Readonly<Record<string, string>>> {
  const { userId, userEmail, userKey } = options;
  const given = [userId, userEmail, userKey].filter((value) => value !== undefined);
  if (given.length > 1)
    throw invalidInput('Name the user in one way: --user-id, --user-email or --user-key.');
  if (userKey !== undefined) return { user_key: userKey };
  const value = userId ?? userEmail;
  if (value === undefined) return {};
  const what = userId === undefined ? "The user's e-mail address" : "The user's id";
  const user = value === true || value === '-' ? await askUser(io, what, value === '-') : value;
  return userId === undefined ? { user_email: user } : { user_id: user };
}

/** From stdin or a prompt: a person is no argument either. */
async function askUser(io: Io, what: string, isPiped: boolean): Promise<string> {
  if (!isPiped && !canAsk(io)) {
    throw invalidInput(
      `${what} is needed, and nobody can be asked here.`,
      'Write - after the option and give it on stdin, or write it after the option.',
    );
  }
  const given = isPiped
    ? new TextDecoder().decode(await io.stdin.readAll())
    : await io.prompts.text({ message: what, validate: refuseEmpty });
  if (given.trim() === '') throw invalidInput(`${what} is empty.`);
  return given.trim();
}
