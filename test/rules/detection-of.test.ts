import { describe, expect, it } from 'vitest';

import { detectionOf } from '../../src/rules/detection-of.ts';
import { Lab, MINUTE_MS, START_MS, eventAt, plainRule, rulesOf } from './lab.ts';

const HL3 = 'noxys_hl3_repeated_violations';

function repeated(user = 'user-42') {
  const lab = new Lab(rulesOf({ catalog: [HL3] }));
  const events = [0, 5, 10, 15, 20, 25].map((minute) =>
    eventAt(minute, {
      id: `evt-${minute}`,
      user: { id: user },
      device: { hostname: 'WKS-7' },
      platform: { id: 'perplexity', name: 'Perplexity' },
      classifications: ['IBAN'],
    }),
  );
  return events.flatMap((event) => lab.take(event).map((found) => ({ found, event })))[0];
}

function detected(relay: string, event = eventAt(0)) {
  const [found] = new Lab(rulesOf({ custom: [plainRule('one', { relay })] })).take(event);
  if (!found) throw new Error('nothing was found');
  return detectionOf(found, event, START_MS + MINUTE_MS);
}

describe('detectionOf', () => {
  it('tells the rule, the count, and what the event is about', () => {
    const made = repeated();
    expect(made && detectionOf(made.found, made.event, START_MS)).toEqual({
      id: expect.stringMatching(/^det_[a-z2-7]{26}$/),
      ruleId: '17959439-cff0-46d2-9135-de30a0d097dc',
      ruleName: HL3,
      title: 'Repeated AI Policy Violations From Same User',
      level: 'medium',
      groupKey: 'user-42',
      user: { id: 'user-42' },
      device: { hostname: 'WKS-7' },
      policy: { decision: 'block' },
      platforms: ['perplexity'],
      classifications: ['IBAN'],
      count: 6,
      windowSeconds: 3600,
      firstAt: '2026-11-22T08:00:00.000Z',
      lastAt: '2026-11-22T08:25:00.000Z',
      eventIds: ['evt-0', 'evt-5', 'evt-10', 'evt-15', 'evt-20', 'evt-25'],
      respond: ['incident', 'notify'],
      tags: ['attack.exfiltration', 'attack.t1567'],
      dryRun: false,
    });
  });

  it('has the same id whenever the event comes, and another one for another event, rule or tenant', () => {
    const event = eventAt(0, { id: 'evt-a' });
    const id = (changes: object = {}, rule = 'one') => {
      const changed = { ...event, ...changes };
      const [found] = new Lab(rulesOf({ custom: [plainRule(rule)] })).take(changed);
      return found && detectionOf(found, changed, START_MS).id;
    };
    expect(id()).toBe('det_odtpzfwhvrewyer2b4x22md7o4');
    expect(id({ receivedAt: '2026-12-01T00:00:00.000Z' })).toBe(id());
    expect(new Set([id(), id({ id: 'evt-b' }), id({ tenant: 'b' }), id({}, 'two')]).size).toBe(4);
  });

  it('names nobody in its id', () => {
    const made = repeated('ada@acme.eu');
    const detection = made && detectionOf(made.found, made.event, START_MS);
    expect(JSON.stringify([detection?.id, detection?.title])).not.toMatch(/ada|acme/);
  });

  it('belongs to the user of the event where the rule has no group, so that people get cases of their own', () => {
    expect(detected('{}').groupKey).toBe('user-42');
    const { user: _user, ...event } = eventAt(0);
    expect(detected('{}', event)).not.toHaveProperty('groupKey');
  });

  it('watches the user from when it is found, unless it is a dry run or there is no user', () => {
    expect(detected('{watch: 24h}').watchedUntil).toBe('2026-11-23T08:01:00.000Z');
    expect(detected('{watch: 24h, dry_run: true}')).not.toHaveProperty('watchedUntil');
    const { user: _user, ...event } = eventAt(0);
    expect(detected('{watch: 24h}', event)).not.toHaveProperty('watchedUntil');
  });

  it('says that it is a dry run, and which playbook goes with it', () => {
    const detection = detected('{dry_run: true, playbook: critical_response, respond: []}');
    expect(detection).toMatchObject({ dryRun: true, playbook: 'critical_response', respond: [] });
  });
});
