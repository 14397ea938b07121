/** Asks for a tenant, destination by destination, and tests each connection as soon as it is known. */

import type { Residency } from '../../src/domain/tenant-config.ts';
import { TENANT_ID_PATTERN } from '../../src/domain/tenant-config.ts';
import type { Io } from '../io.ts';
import { askWebhook } from './ask-webhook.ts';
import { askDestination, type Destination } from './ask-destination.ts';

/** Whether the destination is fine, or can't be tested; false after its answer was shown. */
export type TestDestination = (document: Record<string, unknown>, name: string) => Promise<boolean>;

export interface Asking {
  /** Throws when the tenant has a file already. */
  readonly refuseExisting: (id: string) => void;
  readonly test: TestDestination;
  /** Whether the relay is on this machine. */
  readonly isRelayLocal: boolean;
}

/** The document; its `webhook` has no secret when the person has none yet. */
export async function askTenant(
  { prompts }: Io,
  { refuseExisting, test, isRelayLocal }: Asking,
): Promise<Record<string, unknown>> {
  const id = await prompts.text({
    message: "The tenant's id: it is part of URLs and logs, and names no person",
    placeholder: 'acme',
    validate: (value) =>
      TENANT_ID_PATTERN.test(value)
        ? undefined
        : 'It has 1 to 64 lower-case letters, digits and inner dashes.',
  });
  refuseExisting(id);
  const residency = await prompts.select<Residency>({
    message: 'Where may its events rest, and be sent from? This can not be changed later',
    options: [
      { value: 'eu', label: 'EU only' },
      { value: 'global', label: 'Anywhere' },
    ],
  });
  const base = { id, residency, webhook: await askWebhook(prompts) };
  const destinations: Destination[] = [];
  let before: Destination | undefined;
  for (;;) {
    const taken = destinations.map(({ name }) => name);
    const destination = await askDestination(prompts, { residency, isRelayLocal, taken, before });
    if (destination === undefined) return { ...base, destinations };
    const isFine = await test({ ...base, destinations: [...destinations, destination] }, destination.name);
    const isKept = isFine || (await wantsToKeep(prompts));
    if (isKept) destinations.push(destination);
    before = isKept ? undefined : destination;
  }
}

async function wantsToKeep(prompts: Io['prompts']): Promise<boolean> {
  const choice = await prompts.select({
    message: 'It did not pass the test',
    options: [
      { value: 'again', label: 'Enter it again', hint: 'what you answered is offered' },
      { value: 'keep', label: 'Keep it as it is' },
    ],
  });
  return choice === 'keep';
}
