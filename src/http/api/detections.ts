/**
 * `/api/v1/tenants/{id}/detections`: what rules found, a page of it, that of one user, one with what became of what it asked for; a verdict.
 * Users and devices are keys, unless `persons=show` asks for their names: that needs an operator, and is audited.
 */

import type { DetectionsRequest } from '../../domain/rule-views.ts';
import { LEVELS, type Level } from '../../domain/severity.ts';
import { VERDICTS, type Verdict } from '../../domain/verdict.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { type AdminRoute, type Answer, type Call, adminRoute, roleMissing } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { ASKED_USER_READERS, type AskedUser, askedUser } from './asked-user.ts';
import { askExisting, requestFields } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { FIRST_PAGE, PAGE_READERS, type Page } from './page.ts';
import { refused } from './refused.ts';
import { instantMs, oneOf, ruleReference, yesOrNo } from './values.ts';

const ROOT = '/api/v1/tenants/:id/detections';
/** As the relay makes them, and some room. */
const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

interface Asked extends Page {
  readonly rule: string;
  readonly level: Level;
  readonly verdict: Verdict | 'none';
  readonly dry_run: boolean;
  readonly since: number;
  readonly until: number;
  readonly persons: 'show';
}

const READERS: Readers<Asked> = {
  ...PAGE_READERS,
  rule: ruleReference,
  level: oneOf(LEVELS),
  verdict: oneOf([...VERDICTS, 'none']),
  dry_run: yesOrNo,
  since: instantMs,
  until: instantMs,
  persons: oneOf(['show']),
};

export const detectionRoutes: readonly AdminRoute[] = [
  adminRoute<Asked>({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    query: READERS,
    handle: async (call) => listDetections(call, requestOf(call.query)),
  }),
  adminRoute<object, Asked & AskedUser>({
    method: 'POST',
    path: `${ROOT}/search`,
    role: 'operator',
    scope: 'tenant',
    body: { ...READERS, ...ASKED_USER_READERS },
    handle: async (call) => {
      const user = askedUser(call.body);
      return user.ok ? listDetections(call, { ...requestOf(call.body), user: user.value }) : user;
    },
  }),
  adminRoute<Pick<Asked, 'persons'>>({
    method: 'GET',
    // Not the path above, which takes no GET: it goes on to its 405.
    path: `${ROOT}/:detectionId{(?!search$)[^/]+}`,
    role: 'viewer',
    scope: 'tenant',
    query: { persons: READERS.persons },
    handle: explainDetection,
  }),
  adminRoute<object, { readonly verdict: Verdict }>({
    method: 'POST',
    path: `${ROOT}/:detectionId/verdict`,
    role: 'operator',
    scope: 'tenant',
    body: { verdict: oneOf(VERDICTS) },
    handle: judgeDetection,
  }),
];

const NOT_FOUND = { kind: 'detection_not_found' } as const;

function requestOf({
  before,
  limit = FIRST_PAGE.limit,
  persons,
  rule,
  level,
  verdict,
  dry_run: dryRun,
  since: sinceMs,
  until: untilMs,
}: Partial<Asked>): Omit<DetectionsRequest, 'v' | 'actor' | 'user'> {
  return {
    filter: {
      ...(rule !== undefined && { rule }),
      ...(level && { level }),
      ...(verdict && { verdict }),
      ...(dryRun !== undefined && { dryRun }),
      ...(sinceMs !== undefined && { sinceMs }),
      ...(untilMs !== undefined && { untilMs }),
    },
    ...(before !== undefined && { before }),
    limit,
    showsPersons: persons === 'show',
  };
}

async function listDetections(
  call: Call,
  asked: Omit<DetectionsRequest, 'v' | 'actor'>,
): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor } = call;
  const missing = asked.showsPersons ? roleMissing(call, 'operator') : undefined;
  if (missing) return failure(missing);
  const answer = await askExisting(c, deployment, async (relay) =>
    relay.detections({ v: 1, actor, ...asked }),
  );
  if (!answer.ok) return answer;
  if (answer.value.kind !== 'detections') return refused(c, answer.value);
  const { kind: _kind, ...body } = answer.value;
  return success({ body });
}

async function explainDetection(call: Call<Pick<Asked, 'persons'>>): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor, query } = call;
  const showsPersons = query.persons === 'show';
  const missing = showsPersons ? roleMissing(call, 'operator') : undefined;
  if (missing) return failure(missing);
  const id = c.req.param('detectionId') ?? '';
  const answer = await askExisting(c, deployment, async (relay) =>
    ID_PATTERN.test(id) ? relay.detection({ v: 1, actor, id, showsPersons }) : NOT_THERE,
  );
  if (!answer.ok) return answer;
  if (answer.value.kind === 'not_found') return failure(NOT_FOUND);
  if (answer.value.kind !== 'detection') return refused(c, answer.value);
  const { kind: _kind, ...body } = answer.value;
  return success({ body });
}

const NOT_THERE = { kind: 'not_found' } as const;

async function judgeDetection({
  c,
  deployment,
  actor,
  body: { verdict },
}: Call<object, { readonly verdict: Verdict }>): Promise<Result<Answer, RequestFailure>> {
  if (!verdict) return failure(bodyInvalid('verdict', `must be given: one of ${VERDICTS.join(', ')}`));
  const id = c.req.param('detectionId') ?? '';
  const answer = await askExisting(c, deployment, async (relay) =>
    ID_PATTERN.test(id) ? relay.judge({ v: 1, actor, id, verdict }) : NOT_THERE,
  );
  if (!answer.ok) return answer;
  if (answer.value.kind === 'not_found') return failure(NOT_FOUND);
  if (answer.value.kind !== 'judged') return refused(c, answer.value);
  const { isNew } = answer.value;
  logEvent('info', 'detection.judged', { ...requestFields(c), detection: id, verdict, isNew });
  return success({ body: { isNew } });
}
