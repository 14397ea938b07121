/** Asks for one destination, each answer checked by the relay's own readers as it is given. */

import { normaliseBaseUrl } from '../../src/destinations/harfanglab/base-url.ts';
import type { Result } from '../../src/lib/result.ts';
import type { Prompts } from '../io.ts';
import { askFalcon, type FalconAnswers, type FalconPlace } from './ask-falcon.ts';
import { askSecret } from './ask-secret.ts';

interface HarfangLab {
  readonly name: string;
  readonly type: 'harfanglab';
  readonly base_url: string;
  readonly token: string;
}
interface Falcon extends FalconAnswers {
  readonly name: string;
  readonly type: 'falcon';
}
export type Destination = HarfangLab | Falcon;

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
      { value: 'none', label: taken.length === 0 ? 'Nowhere yet' : 'Nowhere else' },
    ],
    ...(before && { initial: before.type }),
  });
  if (type === 'none') return undefined;
  const name = await prompts.text({
    message: 'A name for it, which names its lanes',
    initial: before?.type === type ? before.name : freeName(type === 'harfanglab' ? 'edr' : 'falcon', taken),
    validate: (value) => nameFault(value, taken),
  });
  if (type === 'harfanglab') return askHarfangLab(prompts, name, before?.type === type ? before : undefined);
  return { name, type, ...(await askFalcon(prompts, place, before?.type === type ? before : undefined)) };
}

async function askHarfangLab(
  prompts: Prompts,
  name: string,
  before: HarfangLab | undefined,
): Promise<HarfangLab> {
  const baseUrl = await prompts.text({
    message: "The manager's address, with its port",
    placeholder: 'https://harfanglab.example.com:8443',
    ...(before && { initial: before.base_url }),
    validate: (value) => faultOf(normaliseBaseUrl(value, { isLocal: true })),
  });
  const token = await askSecret(prompts, 'API token of the manager', before?.token);
  return { name, type: 'harfanglab', base_url: baseUrl.trim(), token };
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

function faultOf(result: Result<unknown, string>): string | undefined {
  return result.ok ? undefined : `It ${result.error}.`;
}
