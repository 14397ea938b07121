/** Asks for a secret. One that was entered before is kept by an empty answer, and is never shown. */

import type { Prompts } from '../io.ts';
import { refuseEmpty } from '../read-secret.ts';
import { isQuoted } from '../tenant-files/literal-secrets.ts';

/** The secret without the space around it. `faultOf`: what is wrong with one beyond that, of one that is entered. */
export async function askSecret(
  prompts: Prompts,
  what: string,
  before?: string,
  faultOf: (value: string) => string | undefined = () => undefined,
): Promise<string> {
  const message = before === undefined ? what : `${what} (empty: the one you entered before)`;
  const entered = await prompts.secret({
    message,
    validate: (value) => {
      if (value.trim() === '') return before === undefined ? refuseEmpty(value) : undefined;
      return quoteFault(value) ?? faultOf(value);
    },
  });
  return entered.trim() || (before ?? '');
}

function quoteFault(value: string): string | undefined {
  return isQuoted(value) ? 'It has quotes around it: enter it without them.' : undefined;
}
