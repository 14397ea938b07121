/** The languages in which the relay writes to people: messages, digests, incidents. Constants only. */

export const LANGUAGES = ['en', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];
