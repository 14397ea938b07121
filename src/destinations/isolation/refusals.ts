/** What the relay itself refuses to isolate, whichever product does it: dead letters that tell why, and no failure of the product. Pure. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { FailedOutcome } from '../../domain/outcome.ts';
import type { ContainConfig } from '../../domain/destination-base.ts';
import type { DeliveryIo } from '../destination.ts';
import type { IsolationLog } from './isolation-log.ts';

/** `why`: a clause without a full stop. */
export function notIsolated(why: string): Extract<FailedOutcome, { kind: 'rejected' }> {
  return { kind: 'rejected', status: null, excerpt: `not isolated: ${why}` };
}

/** An operator has decided about the host since: a late retry does not decide anew. The clock of who detected it may be ahead. */
export function liftedSince(
  log: IsolationLog,
  deviceId: string,
  { occurredAt, receivedAt }: Pick<CanonicalEvent, 'occurredAt' | 'receivedAt'>,
): string | undefined {
  return log.isLiftedSince(deviceId, Math.min(Date.parse(occurredAt), Date.parse(receivedAt)))
    ? 'an operator has let the host back into the network since'
    : undefined;
}

/** Whether the hour has none left for a detection: then a person decides, by redriving this very one or by leaving it. */
export function hourIsFull(
  { log, isRedriven = false }: { readonly log: IsolationLog } & Pick<DeliveryIo, 'isRedriven'>,
  detectionId: string,
  { per_hour_max: perHourMax }: Pick<ContainConfig, 'per_hour_max'>,
): FailedOutcome | undefined {
  if (isRedriven || log.isLeft(detectionId, perHourMax)) return undefined;
  const hosts = perHourMax === 1 ? 'one host was' : `${perHourMax} hosts were`;
  const why = `${hosts} isolated in the last hour, and contain.per_hour_max allows no more`;
  return { ...notIsolated(why), asksHuman: true };
}

/** Why a detection names no device, as far as privacy is the reason: the stricter of the tenant's and the destination's. */
export function whyNoDevice(privacy: 'keep' | 'pseudonymise' | 'drop' | undefined): string {
  return privacy === undefined || privacy === 'keep' ? '' : `: privacy.device is ${privacy}`;
}
