/** The raw names of users that minimisation replaces by pseudonyms, for the sealed map. Pure: what is not pseudonymised is not looked at. */

import type { UserName } from '../domain/event-view.ts';
import type { PrivacyConfig } from '../domain/tenant-config.ts';
import type { ParsedEvent } from './parse-event.ts';
import { pseudonymOf } from './pseudonym.ts';

/** By pseudonym. */
export function namesBehind(
  events: readonly Pick<ParsedEvent, 'personal'>[],
  privacy: Pick<PrivacyConfig, 'user_id' | 'user_email'>,
  pseudonymKey: Uint8Array,
): ReadonlyMap<string, UserName> {
  const names = new Map<string, UserName>();
  for (const { personal } of events) {
    const { userId: id, userEmail: email } = personal;
    if (id !== undefined && privacy.user_id === 'pseudonymise')
      names.set(pseudonymOf(id, 'user_id', pseudonymKey), { id });
    if (email !== undefined && privacy.user_email === 'pseudonymise')
      names.set(pseudonymOf(email, 'user_email', pseudonymKey), { email });
  }
  return names;
}
