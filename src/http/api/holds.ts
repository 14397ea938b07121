/** `/api/v1/tenants/{id}/holds`: legal holds, of a person or of everything. A person is never part of a URL. */

import { HOLDS_MAX } from '../../domain/rights.ts';
import { REASON_LENGTH_MAX } from '../../domain/principal.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { ASKED_USER_READERS, type AskedUser } from './asked-user.ts';
import { askExisting } from './existing.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
import { namedSubject } from './subject.ts';
import { shortText, wholeNumber } from './values.ts';

const ROOT = '/api/v1/tenants/:id/holds';
const readHold = wholeNumber('must be the id of a hold', { min: 1 });

interface Placed extends AskedUser {
  readonly reason: string;
}

export const holdRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: ROOT,
    role: 'admin',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const answer = await askExisting(c, deployment, async (relay) => relay.holds());
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'holds') return refused(c, answer.value);
      return success({ body: { holds: answer.value.holds } });
    },
  }),
  adminRoute<object, Placed>({
    method: 'POST',
    path: ROOT,
    role: 'admin',
    scope: 'tenant',
    body: { ...ASKED_USER_READERS, reason: shortText(REASON_LENGTH_MAX) },
    handle: async ({ c, deployment, actor, body: { reason, ...named } }) => {
      if (reason === undefined) return failure(bodyInvalid('reason', 'must say why it is held'));
      const subject = namedSubject(named);
      const asked = { v: 1, actor, reason, ...(subject && { subject }) } as const;
      const answer = await askExisting(c, deployment, async (relay) => relay.placeHold(asked));
      if (!answer.ok) return answer;
      if (answer.value.kind === 'too_many') return failure({ kind: 'too_many_holds', max: HOLDS_MAX });
      if (answer.value.kind !== 'placed') return refused(c, answer.value);
      return success({ status: 201, body: answer.value.hold });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: `${ROOT}/:holdId`,
    role: 'admin',
    scope: 'tenant',
    handle: async ({ c, deployment, actor }) => {
      const id = readHold(c.req.param('holdId'));
      if (!id.ok) return failure({ kind: 'hold_not_found' });
      const asked = { v: 1, actor, id: id.value } as const;
      const answer = await askExisting(c, deployment, async (relay) => relay.liftHold(asked));
      if (!answer.ok) return answer;
      if (answer.value.kind === 'not_found') return failure({ kind: 'hold_not_found' });
      if (answer.value.kind !== 'lifted') return refused(c, answer.value);
      return success({ body: answer.value.hold });
    },
  }),
];
