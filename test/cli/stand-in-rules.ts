/** The stand-in's rules, detections and windows: listed, tested, run over what is stored in steps, marked. */

import type { BacktestReport } from '../../cli/api-types.ts';
import { isRecord } from '../../src/lib/record.ts';
import { VERDICTS } from '../../src/domain/verdict.ts';
import type { Asked, Route } from './stand-in-types.ts';
import { answer, jsonOf, problem } from './stand-in-types.ts';

const TENANT = String.raw`^/api/v1/tenants/([^/]+)`;
const NO_RULE = () => problem(404, 'rule_not_found', 'The tenant has no rule of this id or name.');

function ruleOf({ state }: Asked, reference: string | undefined) {
  return state.rules.find(({ id, name }) => id === reference || name === reference);
}

function showRule(asked: Asked): Response {
  const rule = ruleOf(asked, asked.parts[1]);
  return rule ? answer(rule) : NO_RULE();
}

/** A Sigma text must at least be one; an event must be there. */
function testRules(asked: Asked): Response {
  const { event, event_id: id, rule, text } = jsonOf<Record<string, string | undefined>>(asked);
  if ((event === undefined) === (id === undefined))
    return problem(400, 'request_invalid', 'must have one of event, event_id');
  if (event !== undefined && !isRecord(event))
    return problem(400, 'request_invalid', 'event must be an object');
  if (text !== undefined && !text.includes('title:')) return refusedText();
  if (id !== undefined && !asked.state.events.some((one) => one.id === id))
    return problem(404, 'event_not_found', 'No stored event has this id.');
  if (rule === undefined) return answer({ tests: asked.state.ruleTests });
  const found = ruleOf(asked, rule);
  if (!found) return NO_RULE();
  return answer({ tests: asked.state.ruleTests.filter((test) => test.rule === found.id) });
}

function refusedText(): Response {
  const faults = [{ path: 'text', message: 'line 1, column 1: a rule needs a title' }];
  return problem(422, 'body_invalid', 'The body has 1 fault.', { faults });
}

/** A step for each answer that is planned; the relay forgets a run where one is missing. */
function backtest(asked: Asked): Response {
  const { job, rule, text } = jsonOf<{ job?: string; rule?: string; text?: string }>(asked);
  if (rule !== undefined && !ruleOf(asked, rule)) return NO_RULE();
  if (text !== undefined && !text.includes('title:')) return refusedText();
  const { backtests } = asked.state;
  const isKnown = job === undefined || backtests[0]?.job === job;
  const step: BacktestReport | undefined = isKnown ? backtests.shift() : undefined;
  return step ? answer(step) : problem(409, 'backtest_lost', 'The run is not there any more.');
}

function detections({ state, url, parts }: Asked, body: Readonly<Record<string, unknown>> = {}): Response {
  const asked = { ...Object.fromEntries(url.searchParams), ...body } as Readonly<
    Record<string, string | boolean | undefined>
  >;
  const { rule, level, verdict, dry_run: dryRun, before = Infinity, limit = 50 } = asked;
  const found = state.detections.filter(
    (one) =>
      one.tenant === parts[0] &&
      one.seq < Number(before) &&
      (rule === undefined || rule === one.detection.ruleId || rule === one.detection.ruleName) &&
      (level === undefined || one.detection.level === level) &&
      (verdict === undefined || (one.verdict ?? 'none') === verdict) &&
      (dryRun === undefined || String(dryRun) === String(one.detection.dryRun)),
  );
  const page = found.slice(0, Number(limit));
  const last = found.length > page.length ? page.at(-1) : undefined;
  const isOpen = asked['persons'] === 'show';
  return answer({
    detections: page.map((one) => (isOpen || !one.user ? one : { ...one, user: { key: one.user.key } })),
    ...(last && { nextBefore: last.seq }),
  });
}

const NO_DETECTION = () => problem(404, 'detection_not_found', 'No detection has this id.');

function explain({ state, parts, url }: Asked): Response {
  const found = state.detections.find(({ id }) => id === parts[1]);
  if (!found) return NO_DETECTION();
  const isOpen = url.searchParams.get('persons') === 'show';
  const detection = isOpen || !found.user ? found : { ...found, user: { key: found.user.key } };
  return answer({ detection, responses: state.responses, lanes: state.explain() });
}

function judge(asked: Asked): Response {
  const { verdict } = jsonOf<{ verdict: string }>(asked);
  const known = VERDICTS.find((one) => one === verdict);
  if (!known) return problem(400, 'request_invalid', 'verdict must be one of true_positive, false_positive');
  const { detections: all } = asked.state;
  const index = all.findIndex(({ id }) => id === asked.parts[1]);
  const found = all[index];
  if (!found) return NO_DETECTION();
  all[index] = { ...found, verdict: known };
  return answer({ isNew: found.verdict !== known });
}

function windows({ state, url }: Asked, body: Readonly<Record<string, unknown>> = {}): Response {
  const asked = { ...Object.fromEntries(url.searchParams), ...body } as Record<string, string | undefined>;
  const { rule, after = '-1', limit = 50, user_key: key } = asked;
  const found = state.windows.filter(
    (one) => (rule === undefined || one.rule === rule) && (key === undefined || one.group['user_id'] === key),
  );
  const from = Number(after) + 1;
  const page = found.slice(from, from + Number(limit));
  const isMore = from + page.length < found.length;
  return answer({ windows: page, ...(isMore && { nextAfter: String(from + page.length - 1) }) });
}

function route(method: string, path: string, handle: Route['handle']): Route {
  return { method, path: new RegExp(`${TENANT}/${path}$`), handle };
}

function bodyOf(asked: Asked): Readonly<Record<string, unknown>> {
  return jsonOf<Record<string, unknown>>(asked);
}

export const ruleRoutes: readonly Route[] = [
  route('GET', 'rules', ({ state }) =>
    answer({
      rules: state.rules.map(
        ({ description: _text, references: _links, falsepositives: _false, document: _yaml, ...view }) =>
          view,
      ),
    }),
  ),
  route('GET', 'rules/changes', ({ state }) => answer({ changes: state.ruleChanges })),
  route('GET', 'rules/([^/]+)', showRule),
  route('POST', 'rules/test', testRules),
  route('POST', 'rules/backtest', backtest),
  route('GET', 'detections', (asked) => detections(asked)),
  route('POST', 'detections/search', (asked) => detections(asked, bodyOf(asked))),
  route('GET', 'detections/([^/]+)', explain),
  route('POST', 'detections/([^/]+)/verdict', judge),
  route('GET', 'windows', (asked) => windows(asked)),
  route('POST', 'windows/search', (asked) => windows(asked, bodyOf(asked))),
];
