/**
 * `POST /api/v1/tenants/{id}/rules/test` and `/backtest`: what rules make of one event, and of all that is stored, before they are switched on.
 * Nothing is counted, recorded or sent. An event at hand is read and reduced as a webhook's is.
 */

import type { BacktestRequest, TestRulesRequest } from '../../domain/rule-views.ts';
import type { RuleTextRefused } from '../../domain/rules-rpc.ts';
import { RULE_TEXT_LENGTH_MAX } from '../../domain/rules-config.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { isRecord } from '../../lib/record.ts';
import { type AdminRoute, type Answer, type Call, adminRoute, roleMissing } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { askExisting, findExisting } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { readGivenEvent } from './given-event.ts';
import { refused } from './refused.ts';
import { testsFor } from './rules-for-viewers.ts';
import { instantMs, oneOf, reader, ruleReference, shortText, textOf } from './values.ts';

const ROOT = '/api/v1/tenants/:id/rules';
/** A text as long as one may be, escaped, with an event as large as Noxys'. */
const BODY_BYTES_MAX = 200 * 1024;
/** As Noxys sends it: a longer one is kept as a hash. */
const EVENT_ID_LENGTH_MAX = 2_048;
const JOB_LENGTH_MAX = 64;

interface Chosen {
  readonly rule: string;
  readonly text: string;
}
interface Tested extends Chosen {
  readonly event: Readonly<Record<string, unknown>>;
  readonly event_id: string;
}
interface Run extends Chosen {
  readonly job: string;
  readonly since: number;
  readonly until: number;
  readonly persons: 'show';
}

const CHOSEN: Readers<Chosen> = { rule: ruleReference, text: textOf({ min: 1, max: RULE_TEXT_LENGTH_MAX }) };

export const ruleRunRoutes: readonly AdminRoute[] = [
  adminRoute<object, Tested>({
    method: 'POST',
    path: `${ROOT}/test`,
    role: 'viewer',
    scope: 'tenant',
    body: {
      ...CHOSEN,
      event: reader({ type: 'object' }, (value) =>
        isRecord(value) && !Array.isArray(value)
          ? success(value)
          : failure('must be an event as a webhook has it'),
      ),
      event_id: shortText(EVENT_ID_LENGTH_MAX),
    },
    bodyBytesMax: BODY_BYTES_MAX,
    handle: testRules,
  }),
  adminRoute<object, Run>({
    method: 'POST',
    path: `${ROOT}/backtest`,
    role: 'operator',
    scope: 'tenant',
    body: {
      ...CHOSEN,
      job: shortText(JOB_LENGTH_MAX),
      since: instantMs,
      until: instantMs,
      persons: oneOf(['show']),
    },
    bodyBytesMax: BODY_BYTES_MAX,
    handle: backtest,
  }),
];

async function testRules(call: Call<object, Tested>): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor, body } = call;
  const { rule, text } = body;
  // A user of the caller's choice may be in it: what that user has counted is shown.
  const missing = text !== undefined || body.event !== undefined ? roleMissing(call, 'operator') : undefined;
  if (missing) return failure(missing);
  const event = await eventOf(call);
  if (!event.ok) return event;
  const request: TestRulesRequest = {
    v: 1,
    actor,
    event: event.value,
    ...(rule !== undefined && { rule }),
    ...(text !== undefined && { text }),
  };
  const answer = await askExisting(c, deployment, async (relay) => relay.testRules(request));
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case 'tested':
      return success({ body: { tests: testsFor(call, answer.value.tests) } });
    case 'event_not_found':
      return failure({ kind: 'event_not_found' });
    case 'not_found':
      return failure({ kind: 'rule_not_found' });
    case 'text_refused':
      return textRefused(answer.value);
    default:
      return refused(c, answer.value);
  }
}

async function eventOf({
  c,
  deployment,
  options,
  body,
}: Call<object, Tested>): Promise<Result<TestRulesRequest['event'], RequestFailure>> {
  const { event, event_id: id } = body;
  if ((event === undefined) === (id === undefined))
    return failure(bodyInvalid('', 'must have either event or event_id'));
  if (id !== undefined) return success({ id });
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  const { config } = found.value.stored;
  const read = await readGivenEvent(event, { config, sealer: deployment.sealer, nowMs: options.nowMs() });
  return read.ok ? success({ event: read.value }) : read;
}

async function backtest(call: Call<object, Run>): Promise<Result<Answer, RequestFailure>> {
  const { c, deployment, actor, body } = call;
  const { since, until, persons, ...chosen } = body;
  if (since !== undefined && until !== undefined && since >= until)
    return failure(bodyInvalid('until', 'must be later than since'));
  const request: BacktestRequest = {
    v: 1,
    actor,
    ...chosen,
    ...(since !== undefined && { sinceMs: since }),
    ...(until !== undefined && { untilMs: until }),
    showsPersons: persons === 'show',
  };
  const answer = await askExisting(c, deployment, async (relay) => relay.backtest(request));
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case 'backtest': {
      const { kind: _kind, ...report } = answer.value;
      return success({ body: report });
    }
    case 'job_lost':
      return failure({ kind: 'backtest_lost' });
    case 'not_found':
      return failure({ kind: 'rule_not_found' });
    case 'text_refused':
      return textRefused(answer.value);
    default:
      return refused(c, answer.value);
  }
}

function textRefused({ faults }: RuleTextRefused): Result<never, RequestFailure> {
  return failure({ kind: 'body_invalid', faults });
}
