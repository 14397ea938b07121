import { afterEach, describe, expect, it } from 'vitest';

import { WORDS_EN } from '../../../src/destinations/messages/words-en.ts';
import { WORDS_FR } from '../../../src/destinations/messages/words-fr.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { testEvent } from '../../../src/domain/test-event.ts';
import { MINUTE_MS, NOTHING, Stage, type StageOptions } from './messages-stage.ts';

let stage: Stage;
const start = async (language: 'en' | 'fr', options: StageOptions = {}) => {
  const context = { language, publicUrl: 'https://relay.acme.eu', ...options.context };
  stage = await Stage.start({ ...options, context });
};
afterEach(async () => stage.stop());

const told = async (...events: CanonicalEvent[]) => {
  await stage.deliver(...events);
  const message = stage.composed.at(-1);
  if (!message) throw new Error('Expected a message: there is none');
  const facts = Object.fromEntries(message.facts.map(({ label, value }) => [label, value]));
  return { message, facts };
};
const BUSY = {
  totals: {
    ...NOTHING,
    events: 12_045,
    limited: 3,
    byLevel: { low: 12_042, high: 3 },
    byPlatform: { x1: 1, chatgpt: 9_000, x2: 1, claude: 2_000, x3: 1, x4: 1 },
    byClassification: { '1': 1, '2': 2, '3': 3, '4': 4, '5': 5, '6': 6, SECRET: 95 },
    detections: [{ rule: 'Secrets', level: 'critical' as const, count: 2 }],
  },
  before: { ...NOTHING, events: 10_750, byLevel: { high: 6 } },
  notices: { lane_blocked: 1 },
  blockedLanes: ['edr/events'],
};

describe('a message about an event and its rules', () => {
  it('says who, where, what and why in English, at the time of the tenant', async () => {
    await start('en');
    const user = { id: 'user-42', email: 'ada@acme.fr' };
    const detection = stage.detection('det/1', { eventIds: ['evt-1'], user, platforms: ['chatgpt'] });
    const { message, facts } = await told(stage.event('evt-1', { user }), detection);
    expect(message.title).toBe('Critical: Repeated AI policy violations from same user on ChatGPT');
    expect(facts).toEqual({
      Level: 'Critical',
      Decision: 'blocked',
      User: 'user-42 (ada@acme.fr)',
      Device: 'WKS-7 (dev-7)',
      Platforms: 'ChatGPT',
      Rule: 'noxys_hl3_repeated_violations (Critical): 6 events in 1\u00A0h',
      Classifications: 'API_KEY, CREDIT_CARD, EMAIL',
      'Risk score': '0.87',
      Policy: 'No secrets',
      Time: '22 Nov 2026, 09:00 CET',
    });
    expect(message.link?.url).toBe('https://relay.acme.eu/api/v1/tenants/acme/events/det%2F1');
  });

  it('says it in French, with its own spaces', async () => {
    await start('fr');
    const { message, facts } = await told(stage.event('evt-1', { policy: { decision: 'coach' } }));
    expect(message.title).toBe('Élevé\u00A0: violation de politique sur ChatGPT (avertissement)');
    expect(facts).toMatchObject({
      Niveau: 'Élevé',
      'Score de risque': '0,87',
      Heure: '22 nov. 2026, 09:00 UTC+1',
    });
    stage.passes(MINUTE_MS);
    await stage.deliver(stage.event('evt-2'), stage.event('evt-3'));
    stage.passes(60 * MINUTE_MS);
    const later = await told(stage.event('evt-4'));
    expect(later.message.text).toBe('Et 2\u00A0autres du même type depuis 09:00.');
  });

  it.each([
    ['block', 'red'],
    ['coach', 'yellow'],
    ['log', 'grey'],
  ] as const)('of decision %s is %s', async (decision, colour) => {
    await start('en');
    expect((await told(stage.event('evt-1', { policy: { decision } }))).message.colour).toBe(colour);
  });

  it.each([
    ['critical', 'red'],
    ['high', 'red'],
    ['medium', 'yellow'],
    ['low', 'grey'],
  ] as const)('without a decision, of level %s, is %s', async (level, colour) => {
    await start('en');
    expect((await told(stage.detection('det-1', { level }))).message.colour).toBe(colour);
  });

  it('names no user and no device where privacy left none, and no page where the relay has no address', async () => {
    await start('en', { context: { publicUrl: undefined } });
    const { user: _user, device: _device, ...nobody } = stage.event('evt-1');
    const { message, facts } = await told(nobody);
    expect(Object.keys(facts)).not.toContain('User');
    expect(Object.keys(facts)).not.toContain('Device');
    expect(message.link).toBeUndefined();
  });

  it('lists five rules and says how many more there are', async () => {
    await start('en');
    const rules = Array.from({ length: 8 }, (_, i) =>
      stage.detection(`det-${i}`, { eventIds: ['evt-1'], ruleId: `rule-${i}`, ruleName: `rule_${i}` }),
    );
    const { message, facts } = await told(...rules);
    expect(message.facts.filter(({ label }) => label === 'Rule')).toHaveLength(5);
    expect(facts['Other rules']).toBe('and 3 more');
    expect(message.title).toContain('and 7 other rules');
  });

  it('keeps the texts of others on one line, and short', async () => {
    await start('en');
    const { message } = await told(
      stage.detection('det-1', { title: `Secrets\nUser: nobody ${'x'.repeat(900)}` }),
    );
    expect(message.title).not.toContain('\n');
    expect(message.title.length).toBeLessThan(260);
  });

  it('of a type that nobody knows is an interaction', async () => {
    await start('en');
    expect((await told(stage.event('evt-1', { type: '__proto__', policy: {} }))).message.title).toBe(
      'High: interaction on ChatGPT',
    );
  });
});

describe('a digest', () => {
  it('compares with the time before, names the most frequent, and says what was not told', async () => {
    await start('en');
    await stage.deliver(stage.detection('det-1'), stage.detection('det-2'));
    const { message, facts } = await told(stage.digest('d-1', BUSY));
    expect(message.title).toBe('Daily digest: 12,045 events, 2 detections');
    expect(message.text).toBe('Sat 21 Nov, 08:00 to Sun 22 Nov, 08:00 (Europe/Paris)');
    expect(facts).toEqual({
      Events: '12,045 (↑ +12% on the day before)',
      Detections: '2 (none the day before)',
      'Refused above the limit': '3 (none the day before)',
      'Counted, not told one by one': '1',
    });
    expect(message.sections).toEqual([
      { title: 'Detections by rule', lines: ['Secrets (Critical): 2'] },
      { title: 'By level', lines: ['High: 3 (↓ -50%)', 'Low: 12,042'] },
      {
        title: 'Platforms',
        lines: ['ChatGPT: 9,000', 'Claude: 2,000', 'x1: 1', 'x2: 1', 'x3: 1', 'and 1 more'],
      },
      {
        title: 'Classifications',
        lines: ['SECRET: 95', '6: 6', '5: 5', '4: 4', '3: 3', 'and 2 more'],
      },
      { title: 'Notices', lines: ['lane blocked: 1'] },
      { title: 'Blocked now', lines: ['edr/events'] },
    ]);
  });

  it('says it in French', async () => {
    await start('fr');
    const { message, facts } = await told(stage.digest('d-1', { ...BUSY, period: 'weekly' }));
    expect(message.title).toBe('Bilan hebdomadaire\u00A0: 12\u202F045\u00A0événements, 2\u00A0détections');
    expect(facts).toMatchObject({
      Événements: expect.stringMatching(
        /^12\u202F045 \(↑ \+12[\u00A0\u202F]% par rapport à la semaine précédente\)$/,
      ) as string,
      Détections: '2 (rien la semaine précédente)',
    });
    expect(message.sections?.[1]?.lines[0]).toMatch(/^Élevé\u00A0: 3 \(↓ -50[\u00A0\u202F]%\)$/);
  });

  it('of a time in which nothing happened is one line', async () => {
    await start('en');
    const { message } = await told(stage.digest('d-1'));
    expect(message).toMatchObject({ facts: [], text: expect.stringMatching(/^Nothing happened\. /) });
    expect(message.sections).toBeUndefined();
  });

  it('says that a busy source fell silent', async () => {
    await start('fr');
    const { message } = await told(stage.digest('d-1', { before: { ...NOTHING, events: 1204 } }));
    expect(message.text).toContain(
      'Aucun événement reçu\u202F; la période précédente en comptait 1\u202F204.',
    );
  });

  it('shows the times of daylight saving as they were', async () => {
    await start('en');
    const span = { from: '2026-10-24T06:00:00.000Z', to: '2026-10-25T07:00:00.000Z' };
    const { message } = await told(stage.digest('d-1', { ...BUSY, ...span }));
    expect(message.text).toBe('Sat 24 Oct, 08:00 to Sun 25 Oct, 08:00 (Europe/Paris)');
  });

  it('of a time zone that nobody knows is in UTC', async () => {
    await start('en');
    const { message } = await told(stage.digest('d-1', { ...BUSY, timeZone: 'Europe/Atlantis' }));
    expect(message.text).toContain('(UTC)');
  });
});

describe('a test', () => {
  it('says so in the language of the tenant', async () => {
    await start('fr');
    const { message } = await told(testEvent({ tenant: 'acme', id: 'a', nowMs: stage.nowMs }));
    expect(message).toMatchObject({ kind: 'test', colour: 'green', title: 'Test de connexion noxys-relay' });
  });
});

/** Every text of a catalogue; functions are called with one and with several. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') {
    const call = value as (...given: unknown[]) => string;
    return [call(1, '1', 'A', 'B'), call(7, '7', 'A', 'B')];
  }
  return Object.values(value as object).flatMap((inner) => textsOf(inner));
}

describe('the words', () => {
  it('are in French never before a breaking space, nor with the apostrophe of a typewriter', async () => {
    await start('fr');
    const texts = textsOf(WORDS_FR);
    expect(texts.length).toBe(textsOf(WORDS_EN).length);
    expect(texts.filter((text) => / [:;!?»]|« |[^\u00A0\u202F ][;!?»]|'/.test(text))).toEqual([]);
    expect(texts.filter((text) => text.trim() === '')).toEqual([]);
  });

  it('are others in French than in English, sentence by sentence', async () => {
    await start('en');
    const french = new Set(textsOf(WORDS_FR));
    const same = textsOf(WORDS_EN).filter((text) => french.has(text) && text.length > 15);
    expect(same).toEqual([]);
  });
});
