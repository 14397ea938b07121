/** Erases people from a tenant's real object, and looks through all that it has stored. */

import type { EraseAnswer, ErasureView, Subject } from '../../src/domain/rights.ts';
import { PersonKeys } from '../../src/relay/person-keys.ts';
import type { Tenant } from './tenant.ts';
import { EDR, destination } from './tenant.ts';

/** As `sealedConfig` seals it. */
const PSEUDONYM_KEY = new Uint8Array(32);
export const KEPT = new PersonKeys(PSEUDONYM_KEY, {
  user_id: 'keep',
  user_email: 'keep',
  device: 'keep',
  url: 'drop',
});

export const keyOfId = (id: string): string => KEPT.ofName({ id });
export const keyOfEmail = (email: string): string => KEPT.ofName({ email });

/** Tables that hold a text in whatever column, in any case. */
export async function tablesWith(tenant: Tenant, text: string): Promise<string[]> {
  return tenant.inside((_relay, { storage }) => {
    const names = storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .toArray()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('_cf') && !name.startsWith('sqlite'));
    return names.filter((name) =>
      storage.sql
        .exec(`SELECT * FROM ${name}`)
        .toArray()
        .some((row) => JSON.stringify(row).toLowerCase().includes(text.toLowerCase())),
    );
  });
}

export async function erase(tenant: Tenant, subject: Subject): Promise<EraseAnswer> {
  const answer: unknown = await tenant.stub.erase({
    v: 1,
    subject,
    actor: { by: 'admin', requestId: 'req-erase' },
  });
  return answer as EraseAnswer;
}

export async function erasures(tenant: Tenant): Promise<readonly ErasureView[]> {
  const answer = (await tenant.stub.erasures()) as { erasures?: readonly ErasureView[] };
  return answer.erasures ?? [];
}

/** Lets every erasure come to its end; returns the newest. */
export async function untilErased(tenant: Tenant): Promise<ErasureView> {
  await tenant.until(
    async () => (await erasures(tenant)).every(({ doneAt }) => doneAt !== undefined),
    'all are erased',
  );
  const [newest] = await erasures(tenant);
  if (!newest) throw new Error('Cannot find an erasure');
  return newest;
}

export async function erased(tenant: Tenant, subject: Subject): Promise<ErasureView> {
  const answer = await erase(tenant, subject);
  if (answer.kind !== 'erasing') throw new Error(`Cannot erase: ${answer.kind}`);
  return untilErased(tenant);
}

/** Only HarfangLab, changed by `changes`; users' addresses are kept. */
export function edrOnly(changes: Record<string, unknown> = {}, privacy: Record<string, unknown> = {}) {
  return (document: Record<string, unknown>): void => {
    document['destinations'] = (document['destinations'] as unknown[]).slice(0, 1);
    document['privacy'] = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep', ...privacy };
    destination('edr', changes)(document);
  };
}

/** The destination answers so from now on. */
export function edrAnswers(tenant: Tenant, status: number, body = '{}'): void {
  tenant.destinations.answer(EDR, () => new Response(body, { status }));
}
