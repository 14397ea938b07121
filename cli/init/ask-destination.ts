/** Asks for one destination, each answer checked by the relay's own readers as it is given. */

import { normaliseBaseUrl } from '../../src/destinations/harfanglab/base-url.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import type { Result } from '../../src/lib/result.ts';
import type { Prompts } from '../io.ts';
import { refuseEmpty } from '../read-secret.ts';
import { askFalcon } from './ask-falcon.ts';

export type Destination = Readonly<Record<string, unknown>> & { readonly name: string };

const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** The destination, or undefined when there is to be no more. */
export async function askDestination(
  prompts: Prompts,
  residency: Residency,
  taken: readonly string[],
): Promise<Destination | undefined> {
  const type = await prompts.select({
    message: taken.length === 0 ? 'Where do the events go?' : 'Where else?',
    options: [
      { value: 'harfanglab', label: 'HarfangLab EDR' },
      { value: 'falcon', label: 'CrowdStrike Falcon' },
      { value: 'none', label: taken.length === 0 ? 'Nowhere yet' : 'Nowhere else' },
    ],
  });
  if (type === 'none') return undefined;
  const name = await prompts.text({
    message: 'A name for it, which names its lanes',
    initial: freeName(type === 'harfanglab' ? 'edr' : 'falcon', taken),
    validate: (value) => nameFault(value, taken),
  });
  if (type === 'harfanglab') return askHarfangLab(prompts, name);
  return { name, type, ...(await askFalcon(prompts, residency)) };
}

async function askHarfangLab(prompts: Prompts, name: string): Promise<Destination> {
  const baseUrl = await prompts.text({
    message: "The manager's address, with its port",
    placeholder: 'https://harfanglab.example.com:8443',
    validate: (value) => faultOf(normaliseBaseUrl(value, { isLocal: true })),
  });
  const token = await prompts.secret({ message: 'API token of the manager', validate: refuseEmpty });
  return { name, type: 'harfanglab', base_url: baseUrl.trim(), token: token.trim() };
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
