/**
 * `/api/v1/tenants/{id}/events`: the stored events, a page of them, those of one user, one with what became of it.
 * Users and devices are keys, unless `persons=show` asks for their names: that needs an operator, and is audited.
 */

import { POLICY_DECISIONS, type PolicyDecision } from '../../domain/event.ts';
import type { EventsRequest } from '../../domain/event-view.ts';
import type { ExplainAnswer } from '../../domain/rpc.ts';
import { LEVELS, type Level } from '../../domain/severity.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, type Answer, type Call, adminRoute, roleMissing } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { ASKED_USER_READERS, type AskedUser, askedUser } from './asked-user.ts';
import { askExisting } from './existing.ts';
import type { Readers } from './fields.ts';
import { FIRST_PAGE, PAGE_READERS, type Page } from './page.ts';
import { refused } from './refused.ts';
import { instantMs, oneOf, shortText, wholeNumber } from './values.ts';

const ROOT = '/api/v1/tenants/:id/events';
/** As long as one of a tenant's config. */
const TYPE_LENGTH_MAX = 128;
/** As long as a text of an event. */
const PLATFORM_LENGTH_MAX = 512;
/** As Noxys sends it: a longer one is kept as a hash. */
const EVENT_ID_LENGTH_MAX = 2_048;

interface Filter {
  readonly type: string;
  readonly platform: string;
  readonly level: Level;
  readonly decision: PolicyDecision;
  readonly since: number;
  readonly until: number;
}
interface Asked extends Page, Filter {
  readonly persons: 'show';
}
interface Listed extends Asked {
  readonly after: number;
}
interface Searched extends Asked, AskedUser {}
type One = Pick<Asked, 'type' | 'before' | 'persons'>;

const READERS: Readers<Asked> = {
  ...PAGE_READERS,
  type: shortText(TYPE_LENGTH_MAX),
  platform: shortText(PLATFORM_LENGTH_MAX),
  level: oneOf(LEVELS),
  decision: oneOf(POLICY_DECISIONS),
  since: instantMs,
  until: instantMs,
  persons: oneOf(['show']),
};
const readEventId = shortText(EVENT_ID_LENGTH_MAX);

export const eventRoutes: readonly AdminRoute[] = [
  adminRoute<Listed>({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    query: { ...READERS, after: wholeNumber('must be the lastSeq of a page') },
    handle: async (call) => {
      const { before, after } = call.query;
      if (before === undefined || after === undefined) return listEvents(call, requestOf(call.query));
      return failure({ kind: 'parameter_invalid', path: 'after', detail: ONE_WAY });
    },
  }),
  adminRoute<object, Searched>({
    method: 'POST',
    path: `${ROOT}/search`,
    role: 'operator',
    scope: 'tenant',
    body: { ...READERS, ...ASKED_USER_READERS },
    handle: async (call) => {
      const { user_id: _id, user_email: _email, user_key: _key, ...asked } = call.body;
      const user = askedUser(call.body);
      return user.ok ? listEvents(call, { ...requestOf(asked), user: user.value }) : user;
    },
  }),
  adminRoute<One>({
    method: 'GET',
    path: `${ROOT}/:eventId`,
    role: 'viewer',
    scope: 'tenant',
    query: { type: READERS.type, before: READERS.before, persons: READERS.persons },
    handle: explainEvent,
  }),
];

const ONE_WAY = 'after can not be given with before: a page goes one way.';

function requestOf(asked: Partial<Listed>): Omit<EventsRequest, 'v' | 'actor' | 'user'> {
  const { persons, since, until, before, after, limit, ...filter } = asked;
  return {
    filter: {
      ...filter,
      ...(since !== undefined && { sinceMs: since }),
      ...(until !== undefined && { untilMs: until }),
    },
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    limit: limit ?? FIRST_PAGE.limit,
    showsPersons: persons === 'show',
  };
}

async function listEvents(
  call: Call,
  asked: Omit<EventsRequest, 'v' | 'actor'>,
): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor } = call;
  const missing = asked.showsPersons ? roleMissing(call, 'operator') : undefined;
  if (missing) return failure(missing);
  const answer = await askExisting(c, deployment, async (relay) => relay.events({ v: 1, actor, ...asked }));
  if (!answer.ok) return answer;
  if (answer.value.kind !== 'events') return refused(c, answer.value);
  const { kind: _kind, ...body } = answer.value;
  return success({ body });
}

async function explainEvent(call: Call<One>): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor, query } = call;
  const { persons, ...asked } = query;
  const showsPersons = persons === 'show';
  const missing = showsPersons ? roleMissing(call, 'operator') : undefined;
  if (missing) return failure(missing);
  const id = readEventId(c.req.param('eventId'));
  const answer = await askExisting<ExplainAnswer | null>(c, deployment, async (relay) =>
    id.ok ? relay.explainEvent({ v: 1, actor, id: id.value, showsPersons, ...asked }) : null,
  );
  if (!answer.ok) return answer;
  if (answer.value === null) return failure({ kind: 'event_not_found' });
  if (answer.value.kind !== 'explained') return refused(c, answer.value);
  const { kind: _kind, ...body } = answer.value;
  if (body.events.length === 0 && body.isComplete) return failure({ kind: 'event_not_found' });
  return success({ body });
}
