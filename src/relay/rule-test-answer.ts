/** What is answered of a test of rules: their steps, and what would be done about what they found. Pure. Names nobody. */

import { detectionEvent } from '../domain/detection.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Language } from '../domain/language.ts';
import { checklistOf } from '../domain/playbook-words.ts';
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
}

export function answerOfTest({ tests, found }: RulesTested, context: TestContext): RuleTest[] {
  const { language, destinations, nowMs } = context;
  const event = withKeys(context);
  return tests.map(({ tested, ...test }) => {
    // A window that is not crossed yet: what would be done when it is.
    const isAsked = test.matches || test.window !== undefined;
    if (!isAsked) return { ...test, responses: [] };
    const hit = found.find(({ rule }) => rule.id === tested.id) ?? alone(tested, event);
    const detection = detectionOf(hit, event, nowMs);
    const entry = { ...detectionEvent(detection, event), detection };
    const { playbook } = tested;
    return {
      ...test,
      responses: prospectsOf(entry, destinations, nowMs),
      ...(playbook && { playbook, checklist: checklistOf({ playbook, language, event: entry }) }),
    };
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
