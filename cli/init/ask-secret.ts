/** Asks for a secret. One that was entered before is kept by an empty answer, and is never shown. */

import type { Prompts } from '../io.ts';
import { refuseEmpty } from '../read-secret.ts';
import { isQuoted } from '../tenant-files/literal-secrets.ts';

/** The secret without the space around it. */
export async function askSecret(prompts: Prompts, what: string, before?: string): Promise<string> {
  const message = before === undefined ? what : `${what} (empty: the one you entered before)`;
  const entered = await prompts.secret({
    message,
    validate: (value) => (before === undefined ? refuseEmpty(value) : undefined) ?? quoteFault(value),
  });
  return entered.trim() || (before ?? '');
}

function quoteFault(value: string): string | undefined {
  return isQuoted(value) ? 'It has quotes around it: enter it without them.' : undefined;
}
