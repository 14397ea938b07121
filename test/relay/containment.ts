/** For tests of the containment of both products: an operator who lifts one, what the audit has of it, a crash at its worst moment. */

import type { AuditEntry } from '../../src/domain/audit.ts';
import type { LiftContainmentAnswer, LiftContainmentRequest } from '../../src/domain/destination-requests.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { Database } from '../../src/lib/database.ts';
import { Audit } from '../../src/relay/audit.ts';
import type { Tenant } from './tenant.ts';

export const ACTOR = { by: 'token:7', requestId: 'req-1', reason: 'clean again' };

export async function liftContainment(
  { stub }: Tenant,
  asked: Pick<LiftContainmentRequest, 'destination' | 'deviceId' | 'hostname'>,
): Promise<LiftContainmentAnswer> {
  const answer: unknown = await stub.liftContainment({ v: 1, actor: ACTOR, ...asked });
  return answer as LiftContainmentAnswer;
}

/** Oldest first, of one action. */
export async function auditOf(tenant: Tenant, wanted: AuditEntry['action']): Promise<AuditEntry[]> {
  return tenant.inside((_relay, state) =>
    new Audit(new Database(state.storage))
      .page(1e9, 50)
      .filter(({ action }) => action === wanted)
      .toReversed(),
  );
}

export const outcomesOf = (entries: readonly AuditEntry[]) => entries.map(({ detail }) => detail['outcome']);

interface Cloud {
  readonly tenant: Tenant;
  intercept: (act: () => Response) => Response | Promise<Response>;
}

/** The object crashes when the product has done what it was asked for, before it has answered. */
export async function crashBeforeAnswer(cloud: Cloud, event: CanonicalEvent): Promise<void> {
  const { tenant } = cloud;
  let isAsked = false;
  cloud.intercept = async (act) => {
    act();
    isAsked = true;
    return new Promise<Response>(() => undefined);
  };
  await tenant.accept(event);
  await tenant.until(() => isAsked, 'the product was asked');
  cloud.intercept = (act) => act();
  await tenant.crash();
}
