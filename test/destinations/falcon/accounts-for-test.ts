import { createSealer } from '../../../src/lib/seal.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { ApiAccounts } from '../../../src/relay/api-accounts.ts';

/** A tenant's real accounts, as after a restart of the object with nothing in KV. Who sleeps turns the clock. */
export function accountsForTest(clock: { nowMs: number }): ApiAccounts {
  const nowMs = () => clock.nowMs;
  const sleep = async (ms: number) => void (clock.nowMs += ms);
  const sealer = createSealer({ primary: new Uint8Array(32).fill(7) });
  const outside = new Semaphore(1);
  return new ApiAccounts({ tenant: 'acme', kv: undefined, sealer, io: { nowMs, sleep }, outside });
}
