/** Asks for one destination, each answer checked by the relay's own readers as it is given. */

import { unreachable } from '../../src/lib/result.ts';
import type { Prompts } from '../io.ts';
import { askCountry, askTransferBasis, type Country, type TransferBasis } from './ask-declared.ts';
import { askFalcon, type FalconAnswers, type FalconPlace } from './ask-falcon.ts';
import { askHarfangLab, type HarfangLabAnswers } from './ask-harfanglab.ts';
import { askMessages, type MessageAnswers, type MessageType } from './ask-messages.ts';

interface HarfangLab extends HarfangLabAnswers, Country {
  readonly name: string;
  readonly type: 'harfanglab';
}
interface Falcon extends FalconAnswers {
  readonly name: string;
  readonly type: 'falcon';
}
interface Messages extends MessageAnswers, Country, TransferBasis {
  readonly name: string;
  readonly type: MessageType;
}
export type Destination = HarfangLab | Falcon | Messages;

export interface Asked extends FalconPlace {
  /** Names of the other destinations. */
  readonly taken: readonly string[];
  /** What was answered and is to be entered again: offered, its secrets unseen. */
  readonly before: Destination | undefined;
}

const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** The destination, or undefined when there is to be no more. */
export async function askDestination(
  prompts: Prompts,
  { taken, before, ...place }: Asked,
): Promise<Destination | undefined> {
  const type = await prompts.select({
    message: taken.length === 0 ? 'Where do the events go?' : 'Where else?',
    options: [
      { value: 'harfanglab', label: 'HarfangLab EDR' },
      { value: 'falcon', label: 'CrowdStrike Falcon' },
      { value: 'slack', label: 'Slack', hint: 'tells people' },
      { value: 'teams', label: 'Microsoft Teams', hint: 'tells people' },
      { value: 'webhook', label: 'Any webhook', hint: 'tickets, chats, your own' },
      { value: 'none', label: taken.length === 0 ? 'Nowhere yet' : 'Nowhere else' },
    ],
    ...(before && { initial: before.type }),
  });
  if (type === 'none') return undefined;
  const name = await prompts.text({
    message: 'A name for it, which names its lanes',
    initial: before?.type === type ? before.name : freeName(type === 'harfanglab' ? 'edr' : type, taken),
    validate: (value) => nameFault(value, taken),
  });
  switch (type) {
    case 'harfanglab': {
      const earlier = before?.type === type ? before : undefined;
      const answers = await askHarfangLab(prompts, earlier);
      const at = { residency: place.residency, url: answers.base_url };
      return { name, type, ...answers, ...(await askCountry(prompts, at, earlier)) };
    }
    case 'falcon':
      return { name, type, ...(await askFalcon(prompts, place, before?.type === type ? before : undefined)) };
    case 'slack':
    case 'teams':
    case 'webhook': {
      const earlier = before?.type === type ? before : undefined;
      const answers = await askMessages(prompts, type, earlier);
      const at = { residency: place.residency, url: answers.url };
      const ask = type === 'webhook' ? askCountry : askTransferBasis;
      return { name, type, ...answers, ...(await ask(prompts, at, earlier)) };
    }
    default:
      return unreachable(type);
  }
}

function nameFault(value: string, taken: readonly string[]): string | undefined {
  if (!NAME_PATTERN.test(value)) return 'It has 1 to 32 lower-case letters, digits and inner dashes.';
  return taken.includes(value) ? 'Another destination has this name.' : undefined;
}

function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 2;
  while (taken.includes(`${name}-${number}`)) number++;
  return `${name}-${number}`;
}
