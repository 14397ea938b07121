/**
 * The person that a command is about, as options name them: asked for where the value was left out, so that no shell keeps a
 * person. A search takes one name; what is about all of a person takes several.
 */

import { PSEUDONYM_PATTERN } from '../src/ingest/pseudonym.ts';
import { invalidInput } from './failure.ts';
import { canAsk, type Io } from './io.ts';
import { refuseEmpty } from './read-secret.ts';

export interface NamedUser {
  readonly userId?: string | true | undefined;
  readonly userEmail?: string | true | undefined;
  readonly userKey?: string | undefined;
}

export interface NamedSubject extends NamedUser {
  /** Whatever it is: an id, an address or a key. */
  readonly user?: string | true | undefined;
}

/** A person in the body of a request. */
export type UserBody = Readonly<Record<string, string>>;

const CONTROL_PATTERN = /\p{Cc}/u;
const THE_ID = "The user's id";
const THE_ADDRESS = "The user's e-mail address";
const ANY_NAME = "The user's id, e-mail address or key";

/** As the body of a search names the user; empty: of everybody. */
export async function userOf(io: Io, options: NamedUser): Promise<UserBody> {
  const { userId, userEmail, userKey } = options;
  const given = [userId, userEmail, userKey].filter((value) => value !== undefined);
  if (given.length > 1)
    throw invalidInput('Name the user in one way: --user-id, --user-email or --user-key.');
  if (userKey !== undefined) return { user_key: oneKey(userKey) };
  if (userId !== undefined) return { user_id: await nameOf(io, THE_ID, userId) };
  return userEmail === undefined ? {} : { user_email: await nameOf(io, THE_ADDRESS, userEmail) };
}

/** A person by all the names that are given, which are all theirs; empty: nobody was named. */
export async function subjectOf(io: Io, options: NamedSubject): Promise<UserBody> {
  const { user, userId, userEmail, userKey } = options;
  const others = [userId, userEmail, userKey].filter((value) => value !== undefined);
  if (user !== undefined && others.length > 0)
    throw invalidInput(
      '--user goes alone.',
      'Give several names of one person with --user-id, --user-email and --user-key.',
    );
  if ([userId, userEmail].filter((value) => value === '-').length > 1)
    throw invalidInput(
      'Only one name can be given on stdin.',
      'Leave out the value of the other: it is asked for.',
    );
  if (user !== undefined) return anyName(await nameOf(io, ANY_NAME, user));
  return {
    ...(userId === undefined ? {} : { user_id: await nameOf(io, THE_ID, userId) }),
    ...(userEmail === undefined ? {} : { user_email: await nameOf(io, THE_ADDRESS, userEmail) }),
    ...(userKey === undefined ? {} : { user_key: oneKey(userKey) }),
  };
}

function oneKey(key: string): string {
  if (PSEUDONYM_PATTERN.test(key)) return key;
  throw invalidInput('A key is p_ and 22 characters, as events, detections and the audit show it.');
}

/** What is no key may be either: Noxys has ids that look like addresses. */
function anyName(name: string): UserBody {
  return PSEUDONYM_PATTERN.test(name) ? { user_key: name } : { user_id: name, user_email: name };
}

/** From the option, stdin or a prompt: a person is no argument either. */
async function nameOf(io: Io, what: string, value: string | true): Promise<string> {
  if (value !== true && value !== '-') return oneName(what, value);
  if (value === true && !canAsk(io)) {
    throw invalidInput(
      `${what} is needed, and nobody can be asked here.`,
      'Write - after the option and give it on stdin, or write it after the option.',
    );
  }
  const given =
    value === '-'
      ? new TextDecoder().decode(await io.stdin.readAll())
      : await io.prompts.text({ message: what, validate: refuseEmpty });
  return oneName(what, given);
}

/** Without the line's end, in the form of any system. A name of several lines would find nobody. */
function oneName(what: string, given: string): string {
  const name = given.trim();
  if (name === '') throw invalidInput(`${what} is empty.`);
  if (CONTROL_PATTERN.test(name)) throw invalidInput(`${what} must be one name in one line.`);
  return name;
}
