/** What is answered of a test of rules: their steps, and what would be done about what they found. Pure. Names nobody. */

import { detectionEvent } from '../domain/detection.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Language } from '../domain/language.ts';
import { canDo, grantsOf } from '../domain/grants.ts';
import { type ChecklistFacts, checklistOf } from '../domain/playbook-words.ts';
import type { RuleTest } from '../domain/rule-views.ts';
import type { DestinationConfig } from '../domain/tenant-config.ts';
import { detectionOf } from '../rules/detection-of.ts';
import type { Found, Rule } from '../rules/rule.ts';
import type { RulesTested } from '../rules/test-rule.ts';
import type { PersonKeys } from './person-keys.ts';
import { prospectsOf } from './response-outcomes.ts';

export interface TestContext {
  readonly event: CanonicalEvent;
  readonly keys: PersonKeys;
  readonly language: Language;
  readonly destinations: readonly DestinationConfig[];
  readonly nowMs: number;
  /** Rules were named: of each it is said what would be done, also where this event does not make it fire. */
  readonly areNamed: boolean;
}

export function answerOfTest({ tests, found }: RulesTested, context: TestContext): RuleTest[] {
  const { language, destinations, nowMs, areNamed } = context;
  const event = withKeys(context);
  return tests.map(({ tested, ...test }) => {
    // A window that is not crossed yet: what would be done when it is.
    const isAsked = areNamed || test.matches || test.window !== undefined;
    if (!isAsked) return { ...test, responses: [] };
    const hit = found.find(({ rule }) => rule.id === tested.id) ?? alone(tested, event);
    const detection = detectionOf(hit, event, nowMs);
    const entry = { ...detectionEvent(detection, event), detection };
    const { playbook } = tested;
    return {
      ...test,
      responses: prospectsOf(entry, destinations, nowMs),
      ...(playbook && {
        playbook,
        checklist: checklistFor({ playbook, language, event: entry }, destinations),
      }),
    };
  });
}

/**
 * As the destinations that open cases and incidents write it: what one of them is not granted is to be checked there. One checklist
 * where they agree; else each under its name.
 */
function checklistFor(
  facts: Omit<ChecklistFacts, 'granted'>,
  destinations: readonly DestinationConfig[],
): readonly string[] {
  const enabled = destinations.filter((destination) => destination.enabled);
  const writing = enabled.filter((one) => canDo(one, 'case') || canDo(one, 'incident'));
  if (writing.length === 0) return checklistOf({ ...facts, granted: enabled.flatMap(grantsOf) });
  const texts = Map.groupBy(writing, (one) =>
    JSON.stringify(checklistOf({ ...facts, granted: grantsOf(one) })),
  );
  return [...texts].flatMap(([text, ones]) => {
    const [head = '', ...lines] = JSON.parse(text) as string[];
    const names = texts.size > 1 ? ` (${ones.map(({ name }) => name).join(', ')})` : '';
    return [head + names, ...lines];
  });
}

/** As if the rule fired on this event alone. */
function alone(rule: Rule, { id, occurredAt }: CanonicalEvent): Found {
  const atMs = Date.parse(occurredAt);
  return { rule, count: 1, windowMs: 0, firstAtMs: atMs, lastAtMs: atMs, eventIds: [id] };
}

function withKeys({ event, keys }: TestContext): CanonicalEvent {
  const { user, device, ...rest } = event;
  const [userKey, deviceKey] = [user && keys.ofUser(user), device && keys.ofDevice(device)];
  return {
    ...rest,
    ...(userKey !== undefined && { user: { id: userKey } }),
    ...(deviceKey !== undefined && { device: { id: deviceKey } }),
  };
}
