/** `/api/v1/tenants/{id}/dead-letters`: what could not be delivered, listed, shown, and sent again. */

import type { Context, Hono } from 'hono';

import type { DeadLetterPage, RedriveAnswer, RedriveRequest } from '../../domain/rpc.ts';
import { DEAD_LETTER_REASONS } from '../../domain/rpc.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success, unreachable } from '../../lib/result.ts';
import type { AppEnv, AppOptions, Deployment } from '../deployment.ts';
import { deploymentOf } from '../deployment.ts';
import type { RequestFailure } from '../problem.ts';
import { problemResponse } from '../problem.ts';
import { askExisting, requestFields, unavailable } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid, readBodyFields, readParameters } from './fields.ts';
import { FIRST_PAGE, nextBefore, PAGE_READERS } from './page.ts';
import { instantMs, laneName, oneOf, wholeNumber } from './values.ts';

const ROOT = '/api/v1/tenants/:id/dead-letters';
const REDRIVE = 'redrive';

const reason = oneOf(DEAD_LETTER_REASONS);
const LIST_READERS: Readers<DeadLetterPage> = { ...PAGE_READERS, reason, lane: laneName };
const SELECT_READERS = { reason, since: instantMs, lane: laneName };
const readLetter = wholeNumber('must be the id of a dead letter', { min: 1 });

/** The dead-letter routes, behind the operator's token. */
export function mountDeadLetters(app: Hono<AppEnv>, options: AppOptions): void {
  app.get(ROOT, async (c) => {
    const asked = readParameters<DeadLetterPage>(c, LIST_READERS);
    if (!asked.ok) return problemResponse(asked.error, c.get('requestId'));
    const page = { ...FIRST_PAGE, ...asked.value };
    const deployment = deploymentOf(c.env, options.nowMs);
    const letters = await askExisting(c, deployment, async (relay) => relay.deadLetters(page));
    if (!letters.ok) return problemResponse(letters.error, c.get('requestId'));
    return c.json({ deadLetters: letters.value, ...nextBefore(letters.value, page) });
  });
  app.post(`${ROOT}/${REDRIVE}`, async (c) => {
    const parameters = readParameters(c, {});
    if (!parameters.ok) return problemResponse(parameters.error, c.get('requestId'));
    const answer = await redriveSelected(c, deploymentOf(c.env, options.nowMs));
    return answer.ok ? c.json(answer.value, 202) : problemResponse(answer.error, c.get('requestId'));
  });
  app.get(`${ROOT}/:letter`, async (c, next) => {
    // The path above, which takes no GET: it goes on to its 405.
    if (c.req.param('letter') === REDRIVE) return next();
    const letter = await showLetter(c, deploymentOf(c.env, options.nowMs));
    return letter.ok ? c.json(letter.value) : problemResponse(letter.error, c.get('requestId'));
  });
  app.post(`${ROOT}/:letter/${REDRIVE}`, async (c) => {
    const answer = await redriveLetter(c, deploymentOf(c.env, options.nowMs));
    return answer.ok ? c.json(answer.value, 202) : problemResponse(answer.error, c.get('requestId'));
  });
}

const NOT_FOUND = { kind: 'dead_letter_not_found' } as const;

async function showLetter(c: Context<AppEnv>, deployment: Deployment) {
  const id = readLetter(c.req.param('letter'));
  const letter = await askExisting(c, deployment, async (relay) =>
    id.ok ? relay.deadLetter(id.value) : null,
  );
  if (!letter.ok) return letter;
  return letter.value ? success(letter.value) : failure(NOT_FOUND);
}

interface Redriven {
  readonly redriven: number;
  readonly left: number;
  readonly detail?: string;
}

async function redriveLetter(
  c: Context<AppEnv>,
  deployment: Deployment,
): Promise<Result<Redriven, RequestFailure>> {
  const id = readLetter(c.req.param('letter'));
  const answer = await redrive(c, deployment, id.ok ? { id: id.value } : null);
  const isLeft = answer.ok && answer.value.redriven === 0 && answer.value.left > 0;
  return isLeft ? failure({ kind: 'dead_letter_left' }) : answer;
}

async function redriveSelected(
  c: Context<AppEnv>,
  deployment: Deployment,
): Promise<Result<Redriven, RequestFailure>> {
  const fields = await readBodyFields(c, SELECT_READERS);
  if (!fields.ok) return fields;
  const { since, ...others } = fields.value;
  const select = since === undefined ? others : { ...others, sinceMs: since };
  if (Object.keys(select).length === 0)
    return failure(bodyInvalid('', `must have at least one of ${Object.keys(SELECT_READERS).join(', ')}`));
  const answer = await redrive(c, deployment, select);
  if (!answer.ok || answer.value.left === 0) return answer;
  return success({ ...answer.value, detail: leftDetail(answer.value.left) });
}

function leftDetail(left: number): string {
  const were = left === 1 ? '1 dead letter was' : `${left} dead letters were`;
  return `${were} left: a lane retries only so many events at once, and none for a destination that is not configured. Repeat this request later.`;
}

/** `select` is null for an id that no dead letter has: the tenant alone is looked up. */
async function redrive(
  c: Context<AppEnv>,
  deployment: Deployment,
  select: RedriveRequest['select'] | null,
): Promise<Result<Redriven, RequestFailure>> {
  const answer = await askExisting<RedriveAnswer>(c, deployment, async (relay) =>
    select ? relay.redrive({ v: 1, select }) : { kind: 'not_found' },
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
    case 'unknown_tenant':
      return failure({ kind: 'tenant_not_found' });
    case 'unavailable':
      return unavailable(c, { cause: answer.value.reason });
    default:
      return unreachable(answer.value);
  }
}
