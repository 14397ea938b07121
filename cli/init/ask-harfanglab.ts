/** Asks for a HarfangLab manager: its address, its token, which of its APIs, and what the relay may do there. */

import { normaliseBaseUrl } from '../../src/destinations/harfanglab/base-url.ts';
import {
  HARFANGLAB_GUIDE_VERBS,
  HARFANGLAB_NATIVE_VERBS,
  type HarfangLabAction,
} from '../../src/domain/harfanglab-config.ts';
import type { HarfangLabConfig } from '../../src/domain/tenant-config.ts';
import type { Prompts } from '../io.ts';
import { askEventsFrom, type EventsFrom } from './ask-events-from.ts';
import { askIndicators, askSpared } from './ask-falcon-actions.ts';
import { askSecret } from './ask-secret.ts';

type Mode = HarfangLabConfig['mode'];
type Verb = Exclude<HarfangLabAction, 'block'>;

/** The destination without its name and type. */
export interface HarfangLabAnswers {
  readonly base_url: string;
  readonly token: string;
  readonly mode?: Mode;
  readonly actions?: readonly Verb[];
  readonly incidents?: EventsFrom;
  readonly indicators?: readonly string[];
  readonly contain?: { readonly never: readonly string[] };
}

const MODES: readonly { readonly value: Mode; readonly label: string; readonly hint: string }[] = [
  { value: 'events', label: 'Send events, incidents and alerts', hint: 'as the Noxys guide documents it' },
  {
    value: 'native',
    label: 'Keep indicators and rules, isolate, comment',
    hint: 'the API of HarfangLab itself',
  },
  { value: 'both', label: 'Both', hint: 'you choose next' },
];
const LABELS: Readonly<Record<Verb, string>> = {
  event: 'Send events',
  incident: 'Open incidents',
  alert: 'Raise alerts',
  indicator: 'Keep indicators of AI domains',
  rule: 'Keep Sigma rules on endpoints',
  comment: 'Comment on threats of the same machine',
  contain: 'Isolate hosts when a rule asks for it',
};

/** `before`: what was answered, to be offered again. */
export async function askHarfangLab(
  prompts: Prompts,
  before: HarfangLabAnswers | undefined,
): Promise<HarfangLabAnswers> {
  const baseUrl = await prompts.text({
    message: "The manager's address, with its port",
    placeholder: 'https://harfanglab.example.com:8443',
    ...(before && { initial: before.base_url }),
    validate: (value) => {
      const url = normaliseBaseUrl(value, { isLocal: true });
      return url.ok ? undefined : `It ${url.error}.`;
    },
  });
  const token = await askSecret(prompts, 'API token of the manager', before?.token);
  const mode = await prompts.select({
    message: 'What is it for?',
    options: MODES,
    initial: before?.mode ?? 'events',
  });
  const place = { base_url: baseUrl.trim(), token };
  const granted = mode === 'events' ? {} : { mode, ...(await askActions(prompts, mode, before)) };
  return { ...place, ...granted, ...(await askIncidents(prompts, granted, before)) };
}

/** Not asked where no incidents are opened. None by default: each is somebody's work, and the event itself is sent anyway. */
async function askIncidents(
  prompts: Prompts,
  { actions = HARFANGLAB_GUIDE_VERBS }: Pick<HarfangLabAnswers, 'actions'>,
  before: HarfangLabAnswers | undefined,
): Promise<Pick<HarfangLabAnswers, 'incidents'>> {
  if (!actions.includes('incident')) return {};
  const incidents = await askEventsFrom(prompts, {
    message: "Noxys' own events that open an incident, beside detections",
    initial: before?.incidents?.events_at_or_above ?? 'none',
  });
  return incidents ? { incidents } : {};
}

/** What is granted, and what each grant needs to be told. */
async function askActions(
  prompts: Prompts,
  mode: Exclude<Mode, 'events'>,
  before: HarfangLabAnswers | undefined,
): Promise<Pick<HarfangLabAnswers, 'actions' | 'indicators' | 'contain'>> {
  const verbs: readonly Verb[] = [
    ...(mode === 'both' ? HARFANGLAB_GUIDE_VERBS : []),
    ...HARFANGLAB_NATIVE_VERBS,
  ];
  const first: readonly Verb[] = mode === 'both' ? HARFANGLAB_GUIDE_VERBS : ['indicator'];
  const actions = await prompts.selectMany({
    message: "What may the relay do there? The token's user needs the right to it",
    options: verbs.map((value) => ({ value, label: LABELS[value] })),
    initial: (before?.actions ?? first).filter((verb) => verbs.includes(verb)),
  });
  return {
    actions,
    ...(actions.includes('indicator') ? await askIndicators(prompts, before?.indicators) : {}),
    ...(actions.includes('contain') ? await askSpared(prompts, before?.contain?.never) : {}),
  };
}
