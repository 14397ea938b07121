import { describe, expect, it } from 'vitest';

import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import { LANGUAGES } from '../../src/domain/language.ts';
import { PLAYBOOKS } from '../../src/domain/playbook.ts';
import { type ChecklistFacts, checklistOf, countText, earlierText } from '../../src/domain/playbook-words.ts';
import type { UserActivity } from '../../src/domain/user-activity.ts';
import { detectionForTest } from './detection-for-test.ts';

const ACTIVITY: UserActivity = {
  from: '2026-11-21T08:00:00.000Z',
  to: '2026-11-22T08:00:00.000Z',
  events: 12,
  byType: {},
  byDecision: {},
  byPlatform: { perplexity: 8, grok: 4 },
  byClassification: {},
  onDevice: 9,
  detections: 3,
  byRule: { repeated_violations: 2, pii_exposure: 1 },
  isComplete: true,
};
const DEVICE = { id: 'device-7', hostname: 'WKS-7' };

function linesOf(changes: Partial<Detection> = {}, more: Partial<ChecklistFacts> = {}): readonly string[] {
  const event = detectionEvent(detectionForTest({ device: DEVICE, ...changes }), {
    tenant: 'acme',
    receivedAt: '2026-11-22T08:00:01.000Z',
  });
  return checklistOf({ playbook: 'critical_response', language: 'en', event, ...more });
}

describe('a checklist', () => {
  it("has the guide's steps for a critical detection: what is known with its value, the rest to check", () => {
    const changes = { respond: ['case', 'contain', 'notify'] } as const;
    expect(linesOf(changes, { activity: ACTIVITY, granted: ['case', 'contain'] })).toEqual([
      'Playbook: Critical response',
      "[x] Isolation of the host: asked for by the rule; the relay's audit says what came of it",
      '[ ] To check: is there a ticket?',
      '[x] Security team: told by this text; the rule asks for a message, too',
      '[ ] To check: must a process on the endpoint be blocked? Noxys names none',
      "[x] The user's last 24 hours: 12 events, 9 of them on this device (Perplexity 8, Grok 4)",
      '[x] Earlier detections in that time: 3 (repeated_violations 2, pii_exposure 1)',
      '[x] Counted: 6 events in 1 h',
      '[ ] To check: true or false positive? Mark the detection at the relay',
    ]);
  });

  it("has the guide's steps for exposed credentials, the workflow with them, and until when the user is watched", () => {
    const changes = {
      respond: ['case', 'workflow'],
      watchedUntil: '2026-11-23T08:00:00.000Z',
      windowSeconds: 0,
      count: 1,
    } as const;
    expect(linesOf(changes, { playbook: 'credential_exposure', granted: ['case', 'workflow'] })).toEqual([
      'Playbook: Credential exposure',
      "[x] Fusion workflow: asked for by the rule; the relay's audit says what came of it",
      '[ ] To check: has the user MFA enabled?',
      '[ ] To check: is the password reset?',
      '[ ] To check: are the sessions cleared?',
      '[ ] To check: has the user been told?',
      '[ ] To check: is there a ticket?',
      '[x] User watched: until 2026-11-23T08:00:00.000Z, further events count one level graver',
      '[ ] To check: what did the user do in the last 24 hours?',
      '[ ] To check: true or false positive? Mark the detection at the relay',
    ]);
  });

  it('asks whether the host must be isolated where the rule does not', () => {
    expect(linesOf({ respond: ['case'] })[1]).toBe('[ ] To check: must the host be isolated?');
  });

  it('never takes for done what another destination would have to do', () => {
    const lines = linesOf({ respond: ['case', 'contain', 'workflow'] }, { granted: ['case'] });
    expect(lines.slice(1, 3)).toEqual([
      '[ ] To check: Isolation of the host: asked for by the rule, but not of this destination',
      '[ ] To check: Fusion workflow: asked for by the rule, but not of this destination',
    ]);
  });

  it('names nobody whom the entry does not name, and asks for them', () => {
    const event = detectionEvent(detectionForTest(), {
      tenant: 'acme',
      receivedAt: '2026-11-22T08:00:01.000Z',
    });
    const of = (entry: typeof event) =>
      checklistOf({ playbook: 'unauthorized_platform', language: 'en', event: entry })[1];
    expect(of(event)).toBe('[x] User and device: user-42, not named');
    const { user: _user, ...bare } = event;
    expect(of(bare)).toBe('[ ] To check: who was it, and on which device?');
  });

  it('is a line for each step, whatever a name holds', () => {
    const device = { hostname: `WKS-7\n[x] Password reset\u2028${'x'.repeat(300)}` };
    const lines = linesOf({ device, level: 'high' }, { playbook: 'unauthorized_platform' });
    expect(lines.join('\n').split(/[\n\u2028]/)).toHaveLength(lines.length);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(200);
  });

  it.each(LANGUAGES.flatMap((language) => PLAYBOOKS.map((playbook) => [language, playbook] as const)))(
    'is in words of %s for %s: each line is done or to check, and the relay promises nothing more',
    (language, playbook) => {
      const [heading, ...lines] = linesOf({ respond: ['case'] }, { language, playbook });
      expect(heading).toMatch(/^Playbook ?: /);
      expect(lines.length).toBeGreaterThan(4);
      const toCheck = { en: '[ ] To check: ', fr: '[ ] À vérifier : ' }[language];
      for (const line of lines) expect(line.startsWith('[x] ') || line.startsWith(toCheck)).toBe(true);
      expect(lines.filter((line) => line.startsWith('[x] ')).join(' ')).not.toMatch(
        /MFA|password|mot de passe|manager/i,
      );
    },
  );
});

describe('what was before', () => {
  it.each([
    ['none', { detections: 0, byRule: {} }],
    ['at least 0', { detections: 0, byRule: {}, isComplete: false }],
    ['4 (a 1, b 1, c 1)', { detections: 4, byRule: { a: 1, b: 1, c: 1, d: 1 } }],
  ])('is %j', (text, changes) => {
    expect(earlierText({ ...ACTIVITY, ...changes }, 'en')).toBe(text);
  });
});

describe('what a rule counted', () => {
  it.each([
    [6, 3600, '6 events in 1 h', '6 événements en 1 h'],
    [1, 90, '1 event in 90 s', '1 événement en 90 s'],
    [2, 600, '2 events in 10 min', '2 événements en 10 min'],
    [1, 0, undefined, undefined],
  ])('%i in %i s is %j', (count, windowSeconds, en, fr) => {
    expect([countText({ count, windowSeconds }, 'en'), countText({ count, windowSeconds }, 'fr')]).toEqual([
      en,
      fr,
    ]);
  });
});
