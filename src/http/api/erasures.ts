/**
 * `POST /api/v1/tenants/{id}/erase`: erases a person from what the tenant's object has stored; `GET …/erasures[/{erasureId}]`: how far that
 * is, and what was removed. Answers and logs name keys alone.
 */

import type { EraseAnswer } from '../../domain/rights.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, type Answer, type Call, adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { ASKED_USER_READERS, type AskedUser } from './asked-user.ts';
import { askExisting, requestFields } from './existing.ts';
import { refused } from './refused.ts';
import { askedSubject } from './subject.ts';

const ERASURES = '/api/v1/tenants/:id/erasures';

export const erasureRoutes: readonly AdminRoute[] = [
  adminRoute<object, AskedUser>({
    method: 'POST',
    path: '/api/v1/tenants/:id/erase',
    role: 'admin',
    scope: 'tenant',
    body: ASKED_USER_READERS,
    handle: async (call) => {
      const { c, deployment, actor, body } = call;
      const subject = askedSubject(body);
      if (!subject.ok) return subject;
      const answer = await askExisting(c, deployment, async (relay) =>
        relay.erase({ v: 1, actor, subject: subject.value }),
      );
      return answer.ok ? begun(call, answer.value) : answer;
    },
  }),
  adminRoute({
    method: 'GET',
    path: ERASURES,
    role: 'admin',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const answer = await askExisting(c, deployment, async (relay) => relay.erasures());
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'erasures') return refused(c, answer.value);
      return success({ body: { erasures: answer.value.erasures } });
    },
  }),
  adminRoute({
    method: 'GET',
    path: `${ERASURES}/:erasureId`,
    role: 'admin',
    scope: 'tenant',
    handle: async ({ c, deployment }) => {
      const answer = await askExisting(c, deployment, async (relay) => relay.erasures());
      if (!answer.ok) return answer;
      if (answer.value.kind !== 'erasures') return refused(c, answer.value);
      const asked = c.req.param('erasureId');
      const erasure = answer.value.erasures.find(({ id }) => String(id) === asked);
      return erasure ? success({ body: erasure }) : failure({ kind: 'erasure_not_found' });
    },
  }),
];

function begun({ c }: Pick<Call, 'c'>, answer: EraseAnswer): Result<Answer, RequestFailure> {
  switch (answer.kind) {
    case 'erasing': {
      const { erasure } = answer;
      logEvent('info', 'user.erasing', { ...requestFields(c), erasure: erasure.id });
      return success({ status: 202, body: erasure });
    }
    case 'held':
      return failure({ kind: 'held', tenant: c.req.param('id') ?? '', holds: answer.holds });
    default:
      return refused(c, answer);
  }
}
