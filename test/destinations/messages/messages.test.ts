import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { testEvent } from '../../../src/domain/test-event.ts';
import { DELIVERED, HOUR_MS, MINUTE_MS, Stage, type StageOptions } from './messages-stage.ts';

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start(options);
};
afterEach(async () => stage.stop());

/** A detection of a user of its own, on an event of its own. */
const ofUser = (i: number, changes: Parameters<Stage['detection']>[1] = {}) =>
  stage.detection(`det-${i}`, { user: { id: `user-${i}` }, ...changes });
const ofUsers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ofUser(from + i));
const isStorm = ({ body }: { readonly body: Buffer }) => body.toString().includes('More than');
const untold = (period = 'daily') =>
  (JSON.parse(stage.memory.get('untold') ?? '{"daily":0,"weekly":0}') as Record<string, number>)[period];

describe('what is about one event and user', () => {
  it('is one message that lists the rules, the gravest first', async () => {
    await start();
    const about = { eventIds: ['evt-0', 'evt-1'] };
    const rule = (n: number, level: 'high' | 'critical') => ({
      ...about,
      ruleId: `rule-${n}`,
      ruleName: `rule_${n}`,
      level,
    });
    const outcome = await stage.deliver(
      stage.event('evt-1', { user: { id: 'user-42' } }),
      stage.detection('det-1', { ...rule(1, 'high'), title: 'Too many' }),
      stage.detection('det-2', { ...rule(2, 'critical'), title: 'Secrets' }),
    );
    expect(outcome).toEqual(DELIVERED);
    expect(stage.titles).toEqual(['Critical: Secrets on ChatGPT, Perplexity and 1 other rule']);
    expect(
      stage.composed[0]?.facts.filter(({ label }) => label === 'Rule').map(({ value }) => value),
    ).toEqual(['rule_2 (Critical): 6 events in 1\u00A0h', 'rule_1 (High): 6 events in 1\u00A0h']);
  });

  it("is one message where HarfangLab's and Falcon's rules fire on it, whichever asks for an incident and which for a case", async () => {
    await start();
    const about = { eventIds: ['evt-1'], windowSeconds: 0, count: 1 };
    await stage.deliver(
      stage.detection('det-hl', {
        ...about,
        ruleId: 'hl-1',
        ruleName: 'noxys_hl1',
        respond: ['incident', 'notify'],
      }),
      stage.detection('det-cs', {
        ...about,
        ruleId: 'cs-1',
        ruleName: 'noxys_cs1',
        respond: ['case', 'notify'],
      }),
    );
    expect(stage.taken).toHaveLength(1);
    const rules = stage.taken[0]?.facts.filter(({ label }) => label === 'Rule').map(({ value }) => value);
    // They count nothing: their time says it.
    expect(rules).toEqual(['noxys_hl1 (Critical)', 'noxys_cs1 (Critical)']);
    expect(stage.taken[0]?.facts.map(({ label }) => label)).toContain('Time');
  });

  it.each([
    ['alone', []],
    ['alone, as a failure narrowed the batch', ['retry']],
  ])(
    'is told of each rule though its detections come %s, and says that they belong together',
    async (_how, ends) => {
      await start();
      const about = { eventIds: ['evt-1'] };
      const first = stage.detection('det-1', { ...about, ruleId: 'rule-1', ruleName: 'rule_one' });
      const second = stage.detection('det-2', { ...about, ruleId: 'rule-2', ruleName: 'rule_two' });
      stage.slack.fail({ status: 500, times: ends.length });
      for (const kind of ends) expect(await stage.deliver(first, second)).toMatchObject({ kind });
      expect(await stage.deliver(first)).toEqual(DELIVERED);
      expect(await stage.deliver(second)).toEqual(DELIVERED);
      expect(stage.taken.map(({ data }) => data.entries.map(({ id }) => id))).toEqual([['det-1'], ['det-2']]);
      expect(stage.slack.shown[0]).not.toContain('told before');
      expect(stage.slack.shown[1]).toContain('rule_two');
      expect(stage.slack.shown[1]).toContain('It belongs to an event that was told before.');
      expect(stage.taken[1]?.id).not.toBe(stage.taken[0]?.id);
      expect(await stage.deliver(first, second)).toEqual(DELIVERED);
      expect(stage.titles).toHaveLength(2);
      expect(untold()).toBe(0);
    },
  );

  it('is told of its rule though the event itself was told first, as grave', async () => {
    await start({ messages: { events_at_or_above: 'critical' } });
    await stage.deliver(stage.event('evt-1', { severity: 'critical', user: { id: 'user-42' } }));
    await stage.deliver(stage.detection('det-1', { eventIds: ['evt-1'], level: 'critical' }));
    expect(stage.taken.map(({ kind }) => kind)).toEqual(['event', 'detection']);
  });

  it('is counted where its rule is quiet, also when the event was told', async () => {
    await start();
    await stage.deliver(stage.detection('det-1', { eventIds: ['evt-1'] }));
    await stage.deliver(stage.detection('det-2', { eventIds: ['evt-1'] }));
    expect(stage.titles).toHaveLength(1);
    expect(untold()).toBe(1);
  });

  it('is told again when what comes later is graver', async () => {
    await start();
    await stage.deliver(stage.event('evt-1', { severity: 'high', user: { id: 'user-42' } }));
    await stage.deliver(stage.detection('det-1', { eventIds: ['evt-1'], level: 'critical' }));
    expect(stage.titles).toHaveLength(2);
  });

  it('of two users is two messages', async () => {
    await start();
    await stage.deliver(
      stage.detection('det-1', { eventIds: ['evt-1'] }),
      stage.detection('det-2', { eventIds: ['evt-1'], user: { id: 'user-43' } }),
    );
    expect(stage.titles).toHaveLength(2);
  });
});

describe('people whom the destination may not know', () => {
  it('do not silence each other', async () => {
    await start();
    const nameless = (i: number) => {
      const { user: _user, ...entry } = ofUser(i);
      return entry;
    };
    const [first, second, again] = [nameless(1), nameless(2), { ...nameless(1), id: 'det-3' }];
    stage.records = { ...stage.records, userKey: (entry) => (entry === second ? 'p_two' : 'p_one') };
    for (const entry of [first, second, again]) expect(await stage.deliver(entry)).toEqual(DELIVERED);
    expect(stage.taken.map(({ data }) => data.entries.map(({ id }) => id))).toEqual([['det-1'], ['det-2']]);
    expect(untold()).toBe(1);
    expect(JSON.stringify(stage.slack.messages)).not.toContain('p_');
    expect(stage.remembered).not.toContain('p_');
  });
});

describe('the same about the same user', () => {
  it('is told once in its quiet time, and then with how many came meanwhile', async () => {
    await start();
    for (let i = 0; i < 38; i++) {
      expect(await stage.deliver(stage.detection(`det-${i}`))).toEqual(DELIVERED);
      stage.passes(MINUTE_MS);
    }
    expect(stage.titles).toHaveLength(1);
    stage.passes(30 * MINUTE_MS);
    await stage.deliver(stage.detection('det-99'));
    expect(stage.titles).toHaveLength(2);
    expect(stage.slack.shown[1]).toContain('And 37 more of the same kind since 09:00.');
    expect(stage.composed[1]?.data.untold).toBe(37);
    stage.passes(61 * MINUTE_MS);
    await stage.deliver(stage.detection('det-100'));
    expect(stage.slack.shown[2]).not.toContain('more of the same kind');
  });

  it.each([
    ['another rule', { ruleId: 'rule-2' }],
    ['another user', { user: { id: 'user-7' } }],
  ])('but %s is told at once', async (_what, changes) => {
    await start();
    await stage.deliver(stage.detection('det-1'));
    await stage.deliver(stage.detection('det-2', changes));
    expect(stage.titles).toHaveLength(2);
  });

  it('is told at once when it is graver than before, and not when it is less grave', async () => {
    await start();
    await stage.deliver(stage.detection('det-1', { level: 'high' }));
    await stage.deliver(stage.detection('det-2', { level: 'critical' }));
    await stage.deliver(stage.detection('det-3', { level: 'high' }));
    expect(stage.titles.map((title) => title.split(':')[0])).toEqual(['High', 'Critical']);
  });

  it('is, of events, what has the same type and platform', async () => {
    await start();
    const claude = { platform: { id: 'claude', name: 'claude' } };
    await stage.deliver(stage.event('evt-1'), stage.event('evt-2'), stage.event('evt-3', claude));
    expect(stage.titles).toEqual([
      'High: policy violation on ChatGPT (blocked)',
      'High: policy violation on Claude (blocked)',
    ]);
    expect(untold()).toBe(1);
  });

  it('is silenced for no longer by a clock that was a day ahead for a moment', async () => {
    await start();
    stage.passes(24 * HOUR_MS);
    await stage.deliver(stage.detection('det-1'));
    stage.passes(-24 * HOUR_MS);
    await stage.deliver(stage.detection('det-2'));
    expect(stage.titles).toHaveLength(2);
  });

  it('is remembered without a person', async () => {
    await start();
    await stage.deliver(...ofUsers(1, 30), stage.event('evt-1'), stage.event('evt-2'));
    expect(stage.remembered).toContain('matter:');
    expect(stage.remembered).not.toMatch(/user-|ada@|WKS-7|dev-7/);
  });
});

describe('more messages in an hour than the cap', () => {
  it('are one message that says so, and counts by kind', async () => {
    await start({ messages: { per_hour_max: 20 } });
    await stage.deliverAll(ofUsers(1, 500));
    expect(stage.titles).toHaveLength(21);
    expect(stage.titles[20]).toBe('More than 20 messages in an hour: the others are counted');
    expect(stage.slack.shown[20]).toContain('80 more were counted since 09:00, and not told one by one.');
    expect(stage.slack.shown[20]).toContain('80 × Repeated AI policy violations from same user');
    expect(stage.slack.shown[20]).not.toContain('user-');
    expect(untold()).toBe(480);
  });

  it('are told of again after an hour, with all that came meanwhile', async () => {
    await start({ messages: { per_hour_max: 2 } });
    await stage.deliverAll(ofUsers(1, 10));
    stage.passes(30 * MINUTE_MS);
    await stage.deliverAll(ofUsers(11, 20));
    expect(stage.titles).toHaveLength(3);
    stage.passes(31 * MINUTE_MS);
    await stage.deliverAll(ofUsers(21, 30));
    expect(stage.titles.slice(3)).toEqual([
      expect.stringContaining('Critical'),
      expect.stringContaining('Critical'),
      'More than 2 messages in an hour: the others are counted',
    ]);
    expect(stage.slack.shown[5]).toContain('18 more were counted');
    expect(new Set(stage.composed.map(({ id }) => id)).size).toBe(6);
  });

  it('leave room again an hour later', async () => {
    await start({ messages: { per_hour_max: 2 } });
    await stage.deliverAll(ofUsers(1, 2));
    stage.passes(61 * MINUTE_MS);
    await stage.deliverAll(ofUsers(3, 4));
    expect(stage.titles).toHaveLength(4);
    expect(untold()).toBe(0);
  });

  it('are said by the storm message though Slack fails when it is first sent', async () => {
    await start({ messages: { per_hour_max: 2 } });
    let posts = 0;
    stage.slack.fail({ status: 500, match: () => ++posts === 3, times: 1 });
    const events = ofUsers(1, 10);
    expect(await stage.deliver(...events)).toMatchObject({
      kind: 'delivered',
      settled: 9,
      others: { kind: 'retry' },
    });
    expect(await stage.deliver(...events.slice(9))).toEqual(DELIVERED);
    expect(stage.titles).toHaveLength(3);
    expect(stage.slack.shown[2]).toContain('8 more were counted');
    expect(untold()).toBe(8);
  });

  it('do not hand an alert back that was told, where the storm message fails after it', async () => {
    await start({ messages: { at_once_at_or_above: 'low', per_hour_max: 1 } });
    const low = (i: number) => ofUser(i, { level: 'low' });
    const fault = stage.slack.fail({ status: 500, match: isStorm });
    expect(await stage.deliver(low(1), low(2), ofUser(3))).toEqual(DELIVERED);
    expect(await stage.deliver(low(4), ofUser(3))).toEqual(DELIVERED);
    fault.heal();
    expect(await stage.deliver(low(5))).toEqual(DELIVERED);
    expect(stage.taken.map(({ kind }) => kind)).toEqual(['detection', 'detection', 'storm']);
    expect(stage.slack.shown[2]).toContain('3 more were counted');
  });

  it('are no failure of any entry where the storm message is refused: they stay counted, for the next one and the digest', async () => {
    await start({ messages: { per_hour_max: 1 } });
    const lines = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const fault = stage.slack.fail({ status: 400, body: 'no alice.martin', match: isStorm });
    for (const i of [1, 2, 3]) expect(await stage.deliver(ofUser(i))).toEqual(DELIVERED);
    expect(stage.composed.filter(({ kind }) => kind === 'storm')).toHaveLength(1);
    const logged = lines.mock.calls.flat().join('\n');
    lines.mockRestore();
    expect(logged).toContain('storm_message.refused');
    // What it answered may quote the message.
    expect(logged).not.toContain('alice');
    fault.heal();
    stage.passes(61 * MINUTE_MS);
    expect(await stage.deliver(ofUser(4), ofUser(5))).toEqual(DELIVERED);
    expect(stage.taken.map(({ kind }) => kind)).toEqual(['detection', 'detection', 'storm']);
    expect(stage.slack.shown[2]).toContain('3 more were counted since 09:00');
    expect(untold()).toBe(3);
  });

  it('never hold back a graver one behind lesser ones', async () => {
    await start({ messages: { at_once_at_or_above: 'low', per_hour_max: 5 } });
    await stage.deliverAll(Array.from({ length: 8 }, (_, i) => ofUser(i, { level: 'low' })));
    const graver = { level: 'critical', title: 'Crown jewels leave', ruleId: 'crown' } as const;
    await stage.deliverAll(Array.from({ length: 6 }, (_, i) => ofUser(90 + i, graver)));
    const told = stage.taken.map(({ kind, level }) => `${kind} ${level}`);
    expect(told).toEqual([
      ...Array<string>(5).fill('detection low'),
      'storm low',
      ...Array<string>(5).fill('detection critical'),
      'storm critical',
    ]);
    expect(stage.slack.shown[6]).toContain('user-90');
    await stage.deliver(ofUser(99, { level: 'high' }));
    expect(stage.taken).toHaveLength(12);
  });

  it('are named by kind with level and count, the gravest first, however many kinds there are', async () => {
    await start({ messages: { at_once_at_or_above: 'low', per_hour_max: 1 } });
    const kind = (n: number) => ({ ruleId: `r-${n}`, ruleName: `rule_${n}`, title: `Rule ${n}` });
    await stage.deliver(
      ofUser(0, { level: 'critical' }),
      ...Array.from({ length: 30 }, (_, i) => ofUser(i + 1, { level: 'low', ...kind(i + 1) })),
      ofUser(31, { level: 'critical', ...kind(31) }),
      ofUser(32, { level: 'low', ...kind(1) }),
    );
    const storm = stage.taken.at(-1);
    expect(storm?.facts[0]?.value).toBe('1 × Rule 31 (Critical)');
    expect(storm?.data.untold).toBe(32);
    expect(storm?.data.kinds).toHaveLength(20);
    expect(storm?.data.kinds?.slice(0, 2)).toEqual([
      { rule: 'rule_31', title: 'Rule 31', level: 'critical', count: 1 },
      { rule: 'rule_1', title: 'Rule 1', level: 'low', count: 2 },
    ]);
  });

  it('never hold back notices and digests', async () => {
    await start({ messages: { per_hour_max: 1 } });
    const since = new Date(stage.nowMs).toISOString();
    await stage.deliver(
      ...ofUsers(1, 5),
      stage.notice('n-1', { kind: 'lane_blocked', lane: 'edr/events', since }),
      stage.notice('n-2', { kind: 'lane_recovered', lane: 'edr/events', since }),
      stage.digest('d-1'),
    );
    expect(stage.slack.messages).toHaveLength(5);
    expect(stage.composed.map(({ kind }) => kind)).toEqual([
      'detection',
      'notice',
      'notice',
      'digest',
      'storm',
    ]);
    expect(stage.composed.map(({ colour }) => colour)).toEqual(['red', 'red', 'green', 'grey', 'red']);
  });

  it('of notices, too, are counted: sixty an hour are a fault', async () => {
    await start();
    const since = new Date(stage.nowMs).toISOString();
    const notices = Array.from({ length: 80 }, (_, i) =>
      stage.notice(`n-${i}`, { kind: 'inbound_limited', since }),
    );
    await stage.deliver(...notices);
    expect(stage.slack.messages).toHaveLength(60);
    expect(untold()).toBe(20);
  });
});

describe('a digest or a notice that comes again within the day that it may be told', () => {
  it('is not told again', async () => {
    await start();
    const since = new Date(stage.nowMs).toISOString();
    const both = [stage.digest('d-1'), stage.notice('n-1', { kind: 'inbound_limited', since })];
    await stage.deliver(...both);
    stage.passes(24 * HOUR_MS);
    await stage.deliver(...both);
    expect(stage.titles).toHaveLength(2);
  });
});

describe('what was counted and not told', () => {
  it('is in the next digest of each kind, once', async () => {
    await start();
    await stage.deliver(stage.detection('det-1'), stage.detection('det-2'), stage.detection('det-3'));
    await stage.deliver(stage.digest('d-1'));
    await stage.deliver(stage.digest('d-2'));
    await stage.deliver(stage.digest('w-1', { period: 'weekly' }));
    expect(stage.composed.map(({ data }) => data.untold)).toEqual([undefined, 2, undefined, 2]);
  });

  it('is counted once, however often an entry comes', async () => {
    await start();
    const events = [1, 2, 3].map((i) => stage.detection(`det-${i}`));
    await stage.deliver(...events);
    await stage.deliver(...events);
    await stage.deliver(...events.slice(1));
    expect(stage.titles).toHaveLength(1);
    expect(untold()).toBe(2);
  });
});

describe('a message that fails', () => {
  it('is sent again under the same id, and those before it are not', async () => {
    await start();
    const events = ofUsers(1, 3);
    let posts = 0;
    stage.slack.fail({ status: 503, match: () => ++posts === 2, times: 1 });
    expect(await stage.deliver(...events)).toMatchObject({
      kind: 'delivered',
      settled: 1,
      others: { kind: 'retry' },
    });
    expect(await stage.deliver(...events.slice(1))).toEqual(DELIVERED);
    expect(stage.titles).toHaveLength(3);
    expect(stage.composed[1]?.id).toBe(stage.composed[2]?.id);
    expect(stage.composed[1]?.id).toMatch(/^msg_[a-z2-7]{26}$/);
  });

  it('is repeated only where its answer was not seen, when the object crashes in the middle', async () => {
    await start();
    const events = ofUsers(1, 4);
    let posts = 0;
    stage.slack.fail({ drop: 'after_reading', match: () => ++posts === 3, times: 1 });
    expect(await stage.deliver(...events)).toMatchObject({ settled: 2, others: { kind: 'retry' } });
    // The cursor was never written: all of them come again.
    expect(await stage.deliver(...events)).toEqual(DELIVERED);
    const users = stage.slack.shown.map((text) => /user-\d/.exec(text)?.[0]);
    expect(users).toEqual(['user-1', 'user-2', 'user-3', 'user-3', 'user-4']);
  });

  it('waits as long as Slack asks, and the others come after it', async () => {
    await start({ slack: { isRateLimited: true } });
    expect(await stage.deliver(...ofUsers(1, 2))).toMatchObject({
      settled: 1,
      others: { kind: 'retry', reason: 'busy', retryAfterMs: 1000 },
    });
    await stage.deliverAll(ofUsers(2, 9));
    expect(stage.titles).toHaveLength(9);
  });

  it('keeps its group together: of the others of a batch, none is settled by mistake', async () => {
    await start();
    const about = (id: string) => ({ eventIds: [id], user: { id } });
    const events = [
      stage.detection('det-1', about('evt-1')),
      stage.detection('det-2', about('evt-2')),
      stage.detection('det-3', { ...about('evt-1'), ruleId: 'rule-2' }),
    ];
    let posts = 0;
    stage.slack.fail({ status: 500, match: () => ++posts === 2, times: 1 });
    expect(await stage.deliver(...events)).toMatchObject({ settled: 1 });
    expect(await stage.deliver(...events.slice(1))).toEqual(DELIVERED);
    expect(stage.titles).toHaveLength(2);
    expect(untold()).toBe(0);
  });
});

describe('a turn', () => {
  it('ends with its requests, and says how far it came', async () => {
    await start();
    stage.requestsMax = 2;
    expect(await stage.deliver(...ofUsers(1, 5))).toEqual({ kind: 'delivered', settled: 2 });
  });

  it('that ends early has counted what it did not tell', async () => {
    await start();
    stage.requestsMax = 1;
    const events = [stage.detection('det-1'), stage.detection('det-2'), ofUser(3)];
    expect(await stage.deliver(...events)).toEqual({ kind: 'delivered', settled: 2 });
    expect(untold()).toBe(1);
  });

  it('ends after twenty seconds', async () => {
    await start();
    const slow = stage.io;
    const io = {
      ...slow,
      send: async (request: Parameters<typeof slow.send>[0]) => {
        stage.passes(11_000);
        return slow.send(request);
      },
    };
    expect(await stage.channel.deliver(ofUsers(1, 5), io)).toEqual({ kind: 'delivered', settled: 2 });
  });

  it('sends nothing once the config is another one', async () => {
    await start();
    stage.isCurrent = false;
    expect(await stage.deliver(...ofUsers(1, 2))).toMatchObject({ kind: 'retry', detail: 'not sent' });
    expect(stage.slack.requests).toHaveLength(0);
  });

  it('tells the storm in the next one when there is no request left for it', async () => {
    await start({ messages: { per_hour_max: 2 } });
    stage.requestsMax = 2;
    await stage.deliverAll(ofUsers(1, 10));
    expect(stage.titles).toHaveLength(3);
    expect(untold()).toBe(8);
  });
});

describe('a test', () => {
  it('is a green message, whatever the hour, and is not remembered', async () => {
    await start({ messages: { per_hour_max: 1 } });
    await stage.deliver(stage.detection('det-1'));
    const test = testEvent({ tenant: 'acme', id: 'abc', nowMs: stage.nowMs });
    const before = stage.remembered;
    expect(await stage.deliver(test)).toEqual(DELIVERED);
    expect(await stage.deliver(test)).toEqual(DELIVERED);
    expect(stage.titles.slice(1)).toEqual(['noxys-relay connection test', 'noxys-relay connection test']);
    expect(stage.composed[1]?.colour).toBe('green');
    expect(stage.remembered).toBe(before);
  });
});

describe('whatever fails, and wherever a batch ends', () => {
  const LEVELS = ['low', 'high', 'critical'] as const;
  const entry = fc.record({
    user: fc.integer({ min: 1, max: 3 }),
    rule: fc.integer({ min: 0, max: 3 }),
    event: fc.integer({ min: 1, max: 6 }),
    level: fc.constantFrom(...LEVELS),
  });
  const turn = fc.record({
    take: fc.integer({ min: 1, max: 8 }),
    failAt: fc.integer({ min: 1, max: 8 }),
    status: fc.constantFrom(500, 400),
    // The object crashed before the cursor was written.
    isForgotten: fc.boolean(),
    passesMs: fc.constantFrom(0, 0, 30_000),
  });
  const graveness = (level: string) => LEVELS.findIndex((other) => other === level);

  it('every entry is told once or counted once, and no message takes the place of a graver one', async () => {
    await start();
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 20 }),
        fc.infiniteStream(turn),
        async (drawn, turns) => {
          const messages = { at_once_at_or_above: 'low', events_at_or_above: 'low', per_hour_max: 3 };
          const one = await Stage.start({ messages });
          try {
            const events = new Set<string>();
            let rest: readonly CanonicalEvent[] = drawn.map(({ user, rule, event, level }, i) => {
              const about = { user: { id: `user-${user}` } };
              // Rule 0: the event itself, which stands in the log once.
              if (rule === 0) {
                const id = events.has(`evt-${event}`) ? `evt-${event}-${i}` : `evt-${event}`;
                events.add(id);
                return one.event(id, { ...about, severity: level });
              }
              const eventIds = [`evt-${event}`];
              return one.detection(`det-${i}`, { ...about, ruleId: `rule-${rule}`, eventIds, level });
            });
            const came = rest.map(({ id }) => id);
            for (let turnsLeft = 300; rest.length > 0 && turnsLeft > 0; turnsLeft--) {
              const { take, failAt, status, isForgotten, passesMs } = turns.next().value;
              let posts = 0;
              const fault = one.slack.fail({ status, match: () => ++posts === failAt, times: 1 });
              const outcome = await one.deliver(...rest.slice(0, take));
              fault.heal();
              one.passes(passesMs);
              const count = Math.min(take, rest.length);
              if (outcome.kind === 'delivered' && !isForgotten) rest = rest.slice(outcome.settled ?? count);
            }
            expect(rest).toHaveLength(0);
            const alerts = one.taken.filter(({ kind }) => kind !== 'storm');
            const told = alerts.flatMap(({ data }) => data.entries.map(({ id }) => id));
            expect(new Set(told).size).toBe(told.length);
            expect(came).toEqual(expect.arrayContaining(told));
            const { daily } = JSON.parse(one.memory.get('untold') ?? '{"daily":0}') as { daily: number };
            expect(told.length + daily).toBe(came.length);
            for (const [i, { level }] of alerts.entries()) {
              const before = alerts.slice(0, i).filter((other) => graveness(other.level) >= graveness(level));
              expect(before.length).toBeLessThan(3);
            }
            const storms = one.taken.filter(({ kind }) => kind === 'storm').map(({ level }) => level);
            expect(storms).toEqual([...new Set(storms)].toSorted((a, b) => graveness(a) - graveness(b)));
          } finally {
            await one.stop();
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
