/** Asks what the relay may do in Falcon, and what each of it needs to be told. */

import { type FalconScope, scopeName } from '../../src/destinations/falcon/scopes.ts';
import type { FalconVerb } from '../../src/domain/falcon-config.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { indicatorFaults } from '../../src/tenants/check-indicators.ts';
import type { Prompts } from '../io.ts';
import { refuseEmpty } from '../read-secret.ts';

export interface FalconActions {
  readonly actions?: readonly FalconVerb[];
  readonly indicators?: readonly string[];
  readonly contain?: { readonly never: readonly string[] };
  readonly workflow?: { readonly name: string };
}

const ACTIONS: readonly { readonly value: FalconVerb; readonly label: string; readonly hint: string }[] = [
  { value: 'event', label: 'Send events and detections', hint: 'Next-Gen SIEM' },
  { value: 'case', label: 'Open cases', hint: namesOf('cases:read', 'cases:write') },
  { value: 'indicator', label: 'Keep indicators of AI domains', hint: namesOf('ioc:read', 'ioc:write') },
  {
    value: 'contain',
    label: 'Isolate hosts when a rule asks for it',
    hint: namesOf('devices:read', 'devices:write'),
  },
  { value: 'workflow', label: 'Start a Fusion workflow', hint: namesOf('workflow:read', 'workflow:write') },
];

function namesOf(...scopes: readonly FalconScope[]): string {
  return scopes.map(scopeName).join(', ');
}

/** What is granted, and what each grant needs to be told. `before`: what was answered, to be offered again. */
export async function askActions(
  prompts: Prompts,
  hasConnector: boolean,
  before: FalconActions,
): Promise<FalconActions> {
  const options = ACTIONS.filter(({ value }) => value !== 'event' || hasConnector);
  const isOffered = (verb: FalconVerb) => options.some(({ value }) => value === verb);
  const actions = await prompts.selectMany({
    message: 'What may the relay do there? The API client needs the scopes that are named',
    options,
    initial: (before.actions ?? ['event', 'case']).filter(isOffered),
  });
  const has = (verb: FalconVerb) => actions.includes(verb);
  return {
    actions,
    ...(has('indicator') ? await askIndicators(prompts, before.indicators) : {}),
    ...(has('contain') ? await askSpared(prompts, before.contain?.never) : {}),
    ...(has('workflow') ? await askWorkflow(prompts, before.workflow?.name) : {}),
  };
}

/** Platforms and domains. */
export async function askIndicators(
  prompts: Prompts,
  before: readonly string[] | undefined,
): Promise<Pick<FalconActions, 'indicators'>> {
  const text = await prompts.text({
    message: 'AI platforms or domains to watch, separated by commas (empty: only those that rules ask for)',
    placeholder: 'perplexity, deepseek',
    ...(before && { initial: before.join(', ') }),
    validate: (value) => {
      const [fault] = indicatorFaults(listIn(value), 'indicators', PLATFORMS_DEFAULT);
      return fault && `${listIn(value)[indexIn(fault.path)] ?? 'It'} ${fault.message}.`;
    },
  });
  const indicators = listIn(text);
  return indicators.length === 0 ? {} : { indicators };
}

/** Of `indicators[2]`. */
function indexIn(path: string): number {
  return Number(/\d+/.exec(path)?.[0]);
}

/** Hosts that are never isolated. */
export async function askSpared(
  prompts: Prompts,
  before: readonly string[] | undefined,
): Promise<Pick<FalconActions, 'contain'>> {
  const text = await prompts.text({
    message: 'Hosts that are never isolated, separated by commas: your own machines, domain controllers',
    placeholder: 'DC-01, ADMIN-7',
    ...(before && { initial: before.join(', ') }),
    validate: (value) =>
      /['*\\]/.test(value) ? "They are whole names, without ', * and backslash." : undefined,
  });
  return { contain: { never: listIn(text) } };
}

async function askWorkflow(
  prompts: Prompts,
  before: string | undefined,
): Promise<Pick<FalconActions, 'workflow'>> {
  const text = await prompts.text({
    message: 'The name of the workflow, whose trigger must be on demand',
    ...(before !== undefined && { initial: before }),
    validate: (value) => {
      if (value.trim() === '') return refuseEmpty('');
      return /['*\\]/.test(value)
        ? "Without ', * and backslash: give it another name, or write its id into the file."
        : undefined;
    },
  });
  return { workflow: { name: text.trim() } };
}

function listIn(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
