/** What a destination can do: a rule asks for it, the destination's `actions` grant it. One word each, everywhere. Constants only. */

export const VERBS = [
  'event',
  'case',
  'incident',
  'alert',
  'indicator',
  'rule',
  'comment',
  'contain',
  'workflow',
  'notify',
] as const;
export type Verb = (typeof VERBS)[number];

/** What a rule may ask for. */
export const RESPONSES = [
  'case',
  'incident',
  'alert',
  'indicator',
  'contain',
  'workflow',
  'notify',
] as const satisfies readonly Verb[];
export type Response = (typeof RESPONSES)[number];

/** Granted where a destination names no `actions`, as far as it can do them. */
export const DEFAULT_ACTIONS: readonly Verb[] = ['event', 'case', 'incident', 'alert', 'notify'];

/** Done for a detection whose rule does not say what it asks for. */
export const DEFAULT_RESPONSES: readonly Verb[] = ['case', 'incident', 'alert', 'notify'];
