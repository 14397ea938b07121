/**
 * Refuses a command line that holds a secret: other users of the machine see it in the list of processes, and the shell keeps it.
 * Pure. The argument is never quoted.
 */

import { invalidInput } from './failure.ts';

/** What can be nothing else. A JWT, a Noxys secret, a bearer, a private key. */
const CERTAIN_PATTERN =
  /whsec_|\beyJ[\w-]{8,}\.[\w-]{8,}\.|^bearer\s|-----BEGIN|^(?:token|authorization)[:=_ ]/i;
/** 16 bytes or more in hex, 32 in base64, as `openssl rand` prints them: keys and tokens, now and then the id of an event or of a host. */
const LIKELY_PATTERN = /^(?:[0-9a-f]{32,}|[A-Za-z0-9+/_-]{43}=?)$/i;
/** Names of options that such command lines tend to have. */
const OPTION_PATTERN =
  /^--?(?:token|secret|password|passwd|pass|api-?key|auth|auth-?token|key|bearer|client-?secret|value)(?:=|$)/i;

/** Commands that are given such ids: of events, of hosts, of users. */
const TAKING_IDS = ['explain', 'lift-containment', 'erase', 'export', 'holds'];

export interface KnownSecrets {
  /** Values of the environment that are secrets. */
  readonly values: readonly string[];
}

/** Throws when an argument is, or looks like, a secret. */
export function refuseSecretArguments(args: readonly string[], known: readonly string[]): void {
  const takesIds = TAKING_IDS.some((command) => args.includes(command));
  for (const [index, argument] of args.entries()) {
    const value = argument.replace(/^--?[\w-]+=/, '');
    const isSecret =
      CERTAIN_PATTERN.test(value) ||
      known.includes(value) ||
      OPTION_PATTERN.test(argument) ||
      (!takesIds && LIKELY_PATTERN.test(value) && hasMixture(value));
    if (isSecret) {
      throw invalidInput(
        `Argument ${index + 1} looks like a secret: secrets are never taken from the command line.`,
        SOURCES,
      );
    }
  }
}

const SOURCES =
  'The shell and the list of processes would show it, so take it for known and replace it. Give secrets by a prompt, an environment variable, or a file: see docs/cli.md.';

const PATH_LENGTH_MAX = 64;

/** Whether a word is a path and no secret that stands where one belongs: only then a message repeats it. */
export function looksLikePath(word: string): boolean {
  if (word.length > PATH_LENGTH_MAX || !/[/.]/.test(word) || CERTAIN_PATTERN.test(word)) return false;
  return word.split(/[/.]/).every((part) => part.length < 16 || !hasMixture(part));
}

/** A tenant's id, a name or a path of 43 characters is words; a key is not. */
function hasMixture(value: string): boolean {
  const digits = value.replaceAll(/\D/g, '').length;
  return digits >= 4 && (/^[0-9a-f]+$/i.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value)));
}
