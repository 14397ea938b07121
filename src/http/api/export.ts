/** `POST /api/v1/tenants/{id}/export`: all that is stored of a person, page by page. A person is never part of a URL. */

import type { ExportAnswer } from '../../domain/rights.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, adminRoute } from '../admin-route.ts';
import { ASKED_USER_READERS, type AskedUser } from './asked-user.ts';
import { askExisting } from './existing.ts';
import { refused } from './refused.ts';
import { askedSubject } from './subject.ts';
import { shortText } from './values.ts';

/** A sealed place is as long as what a rule groups by. */
const CURSOR_LENGTH_MAX = 8_192;
const BODY_BYTES_MAX = 16 * 1024;

interface Asked extends AskedUser {
  readonly cursor: string;
}

export const exportRoutes: readonly AdminRoute[] = [
  adminRoute<object, Asked>({
    method: 'POST',
    path: '/api/v1/tenants/:id/export',
    role: 'admin',
    scope: 'tenant',
    body: { ...ASKED_USER_READERS, cursor: shortText(CURSOR_LENGTH_MAX) },
    bodyBytesMax: BODY_BYTES_MAX,
    handle: async ({ c, deployment, actor, body: { cursor, ...named } }) => {
      const subject = askedSubject(named);
      if (!subject.ok) return subject;
      const asked = { v: 1, actor, subject: subject.value, ...(cursor !== undefined && { cursor }) } as const;
      const answer = await askExisting<ExportAnswer>(c, deployment, async (relay) =>
        relay.exportSubject(asked),
      );
      if (!answer.ok) return answer;
      if (answer.value.kind === 'place_unknown')
        return failure({
          kind: 'parameter_invalid',
          path: 'cursor',
          detail: 'cursor must be the next of a page of the same person.',
        });
      if (answer.value.kind !== 'page') return refused(c, answer.value);
      const { items, next } = answer.value;
      return success({ body: { items, ...(next !== undefined && { next }) } });
    },
  }),
];
