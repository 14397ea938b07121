import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  analystNotes,
  caseDescription,
  type DescriptionFacts,
  withLine,
} from '../../../src/destinations/falcon/case-description.ts';
import { groupKey, uniqueTag } from '../../../src/destinations/falcon/case-group.ts';
import { caseName } from '../../../src/destinations/falcon/case-name.ts';
import { newRecord, withItems } from '../../../src/destinations/falcon/case-record.ts';
import { caseTags } from '../../../src/destinations/falcon/case-tags.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';

const EVENT: CanonicalEvent = {
  id: 'evt-1',
  type: 'interaction.policy_violated',
  occurredAt: '2026-11-22T08:00:00.250Z',
  receivedAt: '2026-11-22T08:00:01.000Z',
  tenant: 'acme',
  user: { id: 'user-42', email: 'alice@acme.fr' },
  device: { id: 'device-7', hostname: 'WKS-7' },
  platform: { id: 'chatgpt', name: 'chatgpt' },
  policy: { decision: 'block', name: 'No PII' },
  riskScore: 0.93,
  severity: 'high',
  classifications: ['EMAIL'],
  classificationCount: 3,
  faults: [],
  source: 'noxys',
};
const { policy: _policy, platform: _platform, ...NOWHERE } = EVENT;
const DETECTION = detectionEvent(
  {
    id: 'det-1',
    ruleId: 'rule-1',
    ruleName: 'Repeated violations',
    title: 'Repeated violations',
    level: 'high',
    platforms: ['chatgpt', 'claude'],
    classifications: ['EMAIL'],
    count: 1,
    windowSeconds: 90,
    firstAt: '2026-11-22T07:00:00Z',
    lastAt: '2026-11-22T08:00:00Z',
    eventIds: ['evt-1'],
    dryRun: false,
  },
  { tenant: 'acme', receivedAt: '2026-11-22T08:00:01Z' },
);

describe('caseName', () => {
  const on = (platform: string) => ({ platform: { id: platform, name: platform } });
  it.each<[string, Partial<CanonicalEvent>]>([
    ['Policy violation: Block PII on ChatGPT', {}],
    ['Policy violation: Coach PII on Claude', { policy: { decision: 'coach' }, ...on('claude') }],
    [
      'Policy violation: Log secrets and PII on ChatGPT',
      { policy: { decision: 'log' }, classifications: ['EMAIL', 'API_KEY'] },
    ],
    ['Policy violation: Block restricted data on ChatGPT', { classifications: ['PROJECT_X'] }],
    ['Policy violation: Block interaction on ChatGPT', { classifications: [] }],
    ['Policy violation on ChatGPT', { policy: {}, classifications: [] }],
    ['High-risk interaction: Block PII on ChatGPT', { type: 'interaction.high_risk' }],
    ['High-risk interaction: PII detected on ChatGPT', { type: 'interaction.high_risk', policy: {} }],
    [
      'High-risk interaction: Restricted data detected on Claude',
      { type: 'interaction.high_risk', policy: {}, classifications: [], ...on('claude') },
    ],
    [
      'Critical alert: Financial data detected on poe.example',
      { type: 'alert.severity_critical', policy: {}, classifications: ['IBAN'], ...on('poe.example') },
    ],
    ['High alert on ChatGPT', { type: 'alert.severity_high', policy: {}, classifications: [] }],
    ['Interaction: Block PII on ChatGPT', { type: 'toString' }],
  ])('is %j', (name, changes) => {
    expect(caseName({ ...EVENT, ...changes })).toBe(name);
  });

  it('goes without platform and decision where the event has none', () => {
    expect(caseName(NOWHERE)).toBe('Policy violation: PII detected');
  });

  it('is the title of a detection, with the platforms that it does not name itself', () => {
    expect(caseName(DETECTION)).toBe('Repeated violations on ChatGPT, Claude');
    const { detection } = DETECTION;
    if (!detection) throw new Error('Expected a detection');
    const named = { ...DETECTION, detection: { ...detection, title: 'ChatGPT and Claude misused' } };
    expect(caseName(named)).toBe('ChatGPT and Claude misused');
  });

  it('never is longer than Falcon takes, nor names the user or the device', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 512 }), (name) => {
        const text = caseName({ ...EVENT, platform: { id: `x${name}`, name: `${name}!` } });
        expect(text.length).toBeLessThanOrEqual(256);
        expect(text).not.toMatch(/user-42|alice|WKS-7|device-7/);
      }),
    );
  });
});

describe('caseTags', () => {
  const unique = `nx-${'a'.repeat(16)}`;
  const all = { unique, isStorm: false, platforms: ['chatgpt'], categories: ['secret', 'pii'] } as const;

  it('are the unique one, the relay, the platforms and the categories', () => {
    expect(caseTags(all)).toEqual([unique, 'noxys', 'chatgpt', 'secret', 'pii']);
  });

  it.each([
    ['categories, the last first', 'p'.repeat(97), [unique, 'noxys', 'p'.repeat(97)]],
    ['one category, where that is enough', 'p'.repeat(92), [unique, 'noxys', 'p'.repeat(92), 'secret']],
    ['the platform, too', 'p'.repeat(110), [unique, 'noxys']],
  ])('go without %s when they are too long', (_what, platform, tags) => {
    expect(caseTags({ ...all, platforms: [platform] })).toEqual(tags);
  });

  it('are within 128 characters, whole, of safe characters, and begin with the unique one', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 128 }), { maxLength: 20 }), (platforms) => {
        const tags = caseTags({ ...all, platforms });
        expect(tags.join(' ').length).toBeLessThanOrEqual(128);
        expect(tags.slice(0, 2)).toEqual([unique, 'noxys']);
        for (const tag of tags) expect(tag).toMatch(/^[a-z0-9_-]+$/);
      }),
    );
  });
});

describe('uniqueTag', () => {
  const parts = { tenant: 'acme', destination: 'falcon', key: groupKey(EVENT), opener: EVENT };

  it('is the same for the same opener, and another one for anything else', () => {
    const others = [
      { ...parts, tenant: 'beta' },
      { ...parts, destination: 'falcon-us' },
      { ...parts, key: groupKey(DETECTION) },
      { ...parts, opener: { ...EVENT, id: 'evt-2' } },
      { ...parts, opener: { ...EVENT, type: 'alert.severity_high' } },
    ];
    const tags = [parts, { ...parts }, ...others].map(uniqueTag);
    expect(new Set(tags).size).toBe(1 + others.length);
    for (const tag of tags) expect(tag).toMatch(/^nx-[a-z2-7]{16}$/);
  });

  it('stays the same for ever: by it the case of an earlier release is found', () => {
    const fixed = { ...parts, key: 'case:1' };
    expect(uniqueTag(fixed)).toBe('nx-jaxxvxcq7guj4we7');
  });
});

describe('caseDescription', () => {
  const facts = (event: CanonicalEvent, changes: Partial<DescriptionFacts> = {}): DescriptionFacts => ({
    event,
    record: withItems(newRecord('nx-1', event, 0), [event]),
    tenant: 'acme',
    publicUrl: 'https://relay.acme.eu',
    ...changes,
  });

  it('tells what happened, a line for each fact', () => {
    expect(caseDescription(facts(EVENT)).split('\n')).toEqual([
      'Noxys blocked an interaction with ChatGPT.',
      'Time of the policy decision: 2026-11-22T08:00:00.250Z',
      'Severity: 75',
      'User: user-42 (alice@acme.fr)',
      'Device: WKS-7 (device-7)',
      'Platform: ChatGPT',
      'Classifications: EMAIL',
      'Policy: No PII',
      'Risk score: 0.93',
      'Count: 1 event',
      'First and last: 2026-11-22T08:00:00.250Z, 2026-11-22T08:00:00.250Z',
      'Relay: https://relay.acme.eu/api/v1/tenants/acme/events/evt-1',
      'Event ids: evt-1',
      '-- noxys-relay updates what stands above. Notes below this line stay.',
    ]);
  });

  it('tells what a rule found, over its window', () => {
    const text = caseDescription(facts(DETECTION));
    expect(text).toContain('Time of the detection: 2026-11-22T08:00:00Z');
    expect(text).toContain('Rule: Repeated violations (rule-1)');
    expect(text).toContain('Platform: ChatGPT, Claude');
    expect(text).toContain('Count: 1 event in 90 s');
    expect(text).toContain('First and last: 2026-11-22T07:00:00Z, 2026-11-22T08:00:00Z');
    expect(text).not.toMatch(/User|Device/);
  });

  const ACTIVITY = {
    from: '2026-11-21T08:00:00.000Z',
    to: '2026-11-22T08:00:00.000Z',
    events: 12,
    byType: {},
    byDecision: {},
    byPlatform: { perplexity: 12 },
    byClassification: {},
    onDevice: 9,
    detections: 1,
    byRule: { repeated: 1 },
    isComplete: true,
  } as const;
  const playing = (changes: Partial<Detection> = {}) =>
    detectionEvent(
      detectionForTest({
        id: 'det-1',
        playbook: 'unauthorized_platform',
        tags: ['attack.t1567.002', 'attack.exfiltration'],
        device: { id: 'device-7', hostname: 'WKS-7' },
        ...changes,
      }),
      { tenant: 'acme', receivedAt: EVENT.receivedAt },
    );

  it("tells the user's last 24 hours, and what is known of ATT&CK", () => {
    const { detection: _detection, ...rest } = playing();
    const event = detectionEvent(detectionForTest({ tags: ['attack.t1567.002', 'noxys.x'] }), rest);
    const lines = caseDescription(facts(event, { activity: ACTIVITY })).split('\n');
    expect(lines).toContain(
      "The user's last 24 hours: 12 events, 9 of them on this device (Perplexity 12); earlier detections: 1 (repeated 1)",
    );
    expect(lines).toContain('ATT&CK: T1567.002');
    expect(lines).toContain('Level: medium');
  });

  it('tells the time alone of a rule that counts nothing, and how many there were', () => {
    const event = playing({ windowSeconds: 0, count: 1 });
    const text = caseDescription(facts(event));
    expect(text).toContain('Time of the detection: 2026-11-22T08:00:00.000Z');
    expect(text).not.toMatch(/Count|First and last|0 s/);
    const record = withItems(newRecord('nx-1', event, 0), [event, { ...event, id: 'det-2' }]);
    expect(caseDescription(facts(event, { record }))).toContain('\nCount: 2 detections\n');
  });

  it('has the checklist last, within the limit, what a person does before what the relay knows', () => {
    const whole = caseDescription(facts(playing(), { activity: ACTIVITY, granted: ['case'] }));
    expect(whole.length).toBeLessThanOrEqual(2048);
    const lines = whole.split('\n');
    expect(lines.at(-2)).toBe('[ ] To check: true or false positive? Mark the detection at the relay');
    expect(lines.filter((line) => line.startsWith('['))).toHaveLength(10);
    // What the checklist says is not said twice.
    expect(lines.filter((line) => line.includes('last 24 hours'))).toHaveLength(1);
    const notes = `\n${'note '.repeat(220)}end`;
    const short = caseDescription(facts(playing(), { activity: ACTIVITY, notes }));
    expect(short.length).toBeLessThanOrEqual(2048);
    expect(short).toContain('Playbook: Unauthorized AI platform');
    expect(short).toContain('[ ] To check: has the user completed the security training?');
    expect(short).not.toContain('Event ids');
  });

  it('keeps what analysts ticked, also when the newest detection is another one', () => {
    const earlier = caseDescription(facts(playing())).replace(
      '[ ] To check: has the user completed',
      '[X] To check: has the user completed',
    );
    const next = caseDescription(facts(playing({ id: 'det-2', count: 7 }), { earlier }));
    expect(next).toContain('[x] To check: has the user completed the security training?');
    expect(next).toContain("[ ] To check: has the user's manager been told?");
    expect(next).toContain('[x] Counted: 7 events in 1 h');
  });

  it('takes a line more right above the marker, in place of others where there is no room', () => {
    const text = caseDescription(facts(playing(), { activity: ACTIVITY, notes: '\nMine.' }));
    const added = `Verdict: ${'x'.repeat(900)}`;
    const changed = withLine(text, added);
    expect(changed?.length).toBeLessThanOrEqual(2048);
    expect(changed?.split('\n').slice(-3)).toEqual([added, text.split('\n').at(-2), 'Mine.']);
    expect(changed?.startsWith('Repeated AI policy violations from same user\n')).toBe(true);
    expect(withLine('Ours now.', added)).toBeUndefined();
  });

  it('names tenant and event where no address of the relay is configured', () => {
    expect(caseDescription(facts(EVENT, { publicUrl: undefined }))).toContain(
      'Relay: tenant acme, interaction.policy_violated evt-1',
    );
  });

  it('leaves out whole lines, the least important first, and keeps notes', () => {
    const notes = `\n${'note '.repeat(250)}end`;
    const long = 'L'.repeat(500);
    const event = {
      ...EVENT,
      policy: { decision: 'block', name: long } as const,
      device: { hostname: long },
    };
    const text = caseDescription(facts(event, { notes, alertsNote: long }));
    expect(text.length).toBeLessThanOrEqual(2048);
    expect(text.endsWith(notes)).toBe(true);
    expect(text).toContain('User: user-42');
    expect(text).not.toMatch(/Event ids|Host alerts/);
    expect(analystNotes(text)).toBe(notes);
  });

  it('is within what Falcon takes, on lines of its own, whatever the entry says', () => {
    const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 512 });
    fc.assert(
      fc.property(fc.tuple(anyText, anyText, anyText, fc.array(anyText, { maxLength: 64 })), (texts) => {
        const [id, hostname, policy, classifications] = texts;
        const event: CanonicalEvent = {
          ...EVENT,
          id,
          user: { id: hostname, email: id },
          device: { id, hostname },
          platform: { id: policy, name: hostname },
          policy: { decision: 'log', name: policy },
          classifications,
        };
        const text = caseDescription(facts(event));
        expect(text.length).toBeLessThanOrEqual(2048);
        expect(text.isWellFormed()).toBe(true);
        const lines = text.split('\n');
        const labels = /^(?:Time|Severity|User|Device|Platform|Class|Policy|Risk|Count|First|Relay|Event|--)/;
        for (const line of lines.slice(1)) expect(line).toMatch(labels);
      }),
    );
  });
});

it('links to an entry whatever its id', () => {
  const event: CanonicalEvent = { ...EVENT, id: 'evt-\uD83D' };
  const record = newRecord('nx-1', event, 0);
  const text = caseDescription({ event, record, tenant: 'acme', publicUrl: 'https://relay.acme.eu' });
  expect(text).toContain('https://relay.acme.eu/api/v1/tenants/acme/events/evt-%EF%BF%BD');
});

describe('analystNotes', () => {
  it('are none in a description that the relay made', () => {
    const text = caseDescription({
      event: EVENT,
      record: newRecord('nx-1', EVENT, 0),
      tenant: 'acme',
      publicUrl: undefined,
    });
    expect(analystNotes(text)).toBe('');
  });

  const LINE = '-- noxys-relay updates what stands above. Notes below this line stay.';

  it.each([
    ['a policy', { policy: { decision: 'block', name: LINE } }],
    ['a device, cut in two', { device: { hostname: LINE.slice(0, 40), id: LINE.slice(40) } }],
    ['a classification, twice', { classifications: [`-- noxys${LINE}-relay`, `${LINE}${LINE}`] }],
  ] as const)('are not begun by %s that is called like the line', (_what, changes) => {
    const event: CanonicalEvent = { ...EVENT, ...changes };
    const record = withItems(newRecord('nx-1', event, 0), [event]);
    const text = caseDescription({ event, record, tenant: 'acme', publicUrl: undefined, notes: '\nMine.' });
    expect(text.split(LINE)).toHaveLength(2);
    expect(analystNotes(text)).toBe('\nMine.');
  });

  it('are not begun by a title that is the line', () => {
    const event = detectionEvent(detectionForTest({ id: 'det-1', title: LINE }), {
      tenant: 'acme',
      receivedAt: EVENT.receivedAt,
    });
    const text = caseDescription({
      event,
      record: newRecord('nx-1', event, 0),
      tenant: 'acme',
      publicUrl: undefined,
    });
    expect(text.startsWith('…\n')).toBe(true);
    expect(analystNotes(text)).toBe('');
  });

  it.each([
    ['amid another line', `See "${LINE}" there.`, undefined],
    ['with blanks and a carriage return behind it', `Theirs.\r\n${LINE} \r\nMine.`, ' \r\nMine.'],
    ['twice', `${LINE}\nOld.\n${LINE}\nMine.`, '\nMine.'],
  ])('begin after the last line that is the line as a whole: %s', (_where, text, notes) => {
    expect(analystNotes(text)).toBe(notes);
  });

  it.each([
    ['the line is gone', 'Ours now.'],
    [
      'there is no room left for the relay',
      `-- noxys-relay updates what stands above. Notes below this line stay.${'x'.repeat(1900)}`,
    ],
  ])('make the description theirs when %s', (_when, text) => {
    expect(analystNotes(text)).toBeUndefined();
  });
});
