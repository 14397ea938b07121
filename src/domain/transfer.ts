/**
 * What an EU tenant's Slack and Teams may be told: they are outside the EU, so that a recorded transfer carries no user, no device,
 * no page and no text of somebody's own. Pure. Any other destination is as it was configured.
 */

import type { DestinationConfig, Residency } from './tenant-config.ts';

/** Whether what is sent there is a transfer out of the EU, for which the tenant has recorded a basis. */
export function isTransfer({ type }: Pick<DestinationConfig, 'type'>, residency: Residency): boolean {
  return residency === 'eu' && (type === 'slack' || type === 'teams');
}

const NOBODY: Required<DestinationConfig['privacy']> = {
  user_id: 'drop',
  user_email: 'drop',
  device: 'drop',
  url: 'drop',
};

/** The destination with the privacy that holds: its own, or nobody at all where it is a transfer. */
export function withTransferPrivacy<D extends DestinationConfig>(destination: D, residency: Residency): D {
  return isTransfer(destination, residency) ? { ...destination, privacy: NOBODY } : destination;
}
