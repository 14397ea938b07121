/** `/api/v1/tenants/{id}/dead-letters`: what could not be delivered, listed, shown, and sent again. */

import type { DeadLetterPage, DeadLetterReason } from '../../domain/lane-view.ts';
import type { RedriveAnswer, RedriveRequest } from '../../domain/rpc.ts';
import { DEAD_LETTER_REASONS } from '../../domain/lane-view.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { askExisting, requestFields } from './existing.ts';
import { lettersFor } from './for-viewers.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';
import { refused } from './refused.ts';
import { instantMs, laneName, oneOf, wholeNumber } from './values.ts';

const ROOT = '/api/v1/tenants/:id/dead-letters';
const REDRIVE = 'redrive';

const reason = oneOf(DEAD_LETTER_REASONS);
const LIST_READERS: Readers<DeadLetterPage> = { ...PAGE_READERS, reason, lane: laneName };
interface Selection {
  readonly reason: DeadLetterReason;
  readonly since: number;
  readonly lane: string;
}
const SELECT_READERS: Readers<Selection> = { reason, since: instantMs, lane: laneName };
const readLetter = wholeNumber('must be the id of a dead letter', { min: 1 });

export const deadLetterRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: ROOT,
    role: 'viewer',
    scope: 'tenant',
    query: LIST_READERS,
    handle: async (call) => {
      const { c, deployment, query } = call;
      const page = { ...FIRST_PAGE, ...query };
      const letters = await askExisting(c, deployment, async (relay) => relay.deadLetters(page));
      if (!letters.ok) return letters;
      const shown = lettersFor(call, letters.value);
      return success({ body: { deadLetters: shown, ...nextBefore(shown, page) } });
    },
  }),
  adminRoute({
    method: 'POST',
    path: `${ROOT}/${REDRIVE}`,
    role: 'operator',
    scope: 'tenant',
    body: SELECT_READERS,
    handle: async (call) => accepted(await redriveSelected(call)),
  }),
  adminRoute({
    method: 'GET',
    // Not the path above, which takes no GET: it goes on to its 405.
    path: `${ROOT}/:letter{(?!${REDRIVE}$)[^/]+}`,
    role: 'viewer',
    scope: 'tenant',
    handle: async (call) => {
      const letter = await showLetter(call);
      return letter.ok ? success({ body: letter.value }) : letter;
    },
  }),
  adminRoute({
    method: 'POST',
    path: `${ROOT}/:letter/${REDRIVE}`,
    role: 'operator',
    scope: 'tenant',
    handle: async (call) => accepted(await redriveLetter(call)),
  }),
];

function accepted(answer: Result<Redriven, RequestFailure>): Result<Answer, RequestFailure> {
  return answer.ok ? success({ status: 202, body: answer.value }) : answer;
}

const NOT_FOUND = { kind: 'dead_letter_not_found' } as const;

async function showLetter(call: Call) {
  const { c, deployment } = call;
  const id = readLetter(c.req.param('letter'));
  const letter = await askExisting(c, deployment, async (relay) =>
    id.ok ? relay.deadLetter(id.value) : null,
  );
  if (!letter.ok) return letter;
  const [shown] = lettersFor(call, letter.value ? [letter.value] : []);
  return shown ? success(shown) : failure(NOT_FOUND);
}

interface Redriven {
  readonly redriven: number;
  readonly left: number;
  readonly detail?: string;
}

async function redriveLetter(call: Call): Promise<Result<Redriven, RequestFailure>> {
  const id = readLetter(call.c.req.param('letter'));
  const answer = await redrive(call, id.ok ? { id: id.value } : null);
  const isLeft = answer.ok && answer.value.redriven === 0 && answer.value.left > 0;
  return isLeft ? failure({ kind: 'dead_letter_left' }) : answer;
}

async function redriveSelected(call: Call<object, Selection>): Promise<Result<Redriven, RequestFailure>> {
  const { since, ...others } = call.body;
  const select = since === undefined ? others : { ...others, sinceMs: since };
  if (Object.keys(select).length === 0)
    return failure(bodyInvalid('', `must have at least one of ${Object.keys(SELECT_READERS).join(', ')}`));
  const answer = await redrive(call, select);
  if (!answer.ok || answer.value.left === 0) return answer;
  return success({ ...answer.value, detail: leftDetail(answer.value.left) });
}

function leftDetail(left: number): string {
  const were = left === 1 ? '1 dead letter was' : `${left} dead letters were`;
  return `${were} left: a lane retries only so many events at once, and none for a destination that is not configured. Repeat this request later.`;
}

/** `select` is null for an id that no dead letter has: the tenant alone is looked up. */
async function redrive(
  { c, deployment, actor }: Call,
  select: RedriveRequest['select'] | null,
): Promise<Result<Redriven, RequestFailure>> {
  const answer = await askExisting<RedriveAnswer>(c, deployment, async (relay) =>
    select ? relay.redrive({ v: 1, actor, select }) : { kind: 'not_found' },
  );
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case 'redriven': {
      const { count: redriven, left } = answer.value;
      logEvent('info', 'dead_letters.redriven', { ...requestFields(c), count: redriven, left });
      return success({ redriven, left });
    }
    case 'not_found':
      return failure(NOT_FOUND);
    default:
      return refused(c, answer.value);
  }
}
