/** Asks from which level on Noxys' own events are told, or opened as incidents, beside detections. */

import type { Prompts } from '../io.ts';

const LEVELS = [
  { value: 'none', label: 'None', hint: 'detections alone' },
  { value: 'critical', label: 'Critical ones', hint: 'few' },
  { value: 'high', label: 'High and critical ones', hint: 'a test event is one of them' },
] as const;
type Asked = (typeof LEVELS)[number]['value'];

export interface EventsFrom {
  readonly events_at_or_above: Exclude<Asked, 'none'>;
}

/** Undefined: none. */
export async function askEventsFrom(
  prompts: Prompts,
  { message, initial }: { readonly message: string; readonly initial: Asked },
): Promise<EventsFrom | undefined> {
  const level = await prompts.select({ message, options: LEVELS, initial });
  return level === 'none' ? undefined : { events_at_or_above: level };
}
