/**
 * What channels are told of a tenant's own records: the user's day, from the log of a real object, and the host that the tenant's map names.
 * With lanes made for the test, whose channel asks as the real ones do.
 */

import { describe, expect, it } from 'vitest';

import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { DETECTION_JUDGED_TYPE } from '../../src/domain/verdict.ts';
import { entryRecords, mappedHosts, userKeys } from '../../src/relay/entry-records.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { atDesk } from './records-desk.ts';
import { START_MS } from './tenant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("a user's day before an entry", () => {
  it('is counted by type, decision, platform, classification and device, the entry itself included', async () => {
    await atDesk(async (desk) => {
      const laptop = { device: { id: 'd-1', hostname: 'PC-01' } };
      desk.add(23 * HOUR_MS, {
        ...laptop,
        policy: { decision: 'coach' },
        classifications: ['IBAN', 'EMAIL'],
      });
      desk.add(HOUR_MS, { type: 'interaction.high_risk', platform: { id: 'grok', name: 'Grok' } });
      desk.add(HOUR_MS, { user: { id: 'user-2' } });
      const seq = desk.add(0, laptop);
      expect(await desk.ask(seq)).toEqual({
        from: new Date(START_MS - 24 * HOUR_MS).toISOString(),
        to: new Date(START_MS).toISOString(),
        events: 3,
        byType: { 'interaction.policy_violated': 2, 'interaction.high_risk': 1 },
        byDecision: { block: 2, coach: 1 },
        byPlatform: { perplexity: 2, grok: 1 },
        byClassification: { EMAIL: 3, IBAN: 1 },
        onDevice: 2,
        detections: 0,
        byRule: {},
        isComplete: true,
      });
    });
  });

  it('begins a day before the entry, and ends with it, whatever the log holds beside', async () => {
    await atDesk(async (desk) => {
      desk.add(24 * HOUR_MS + MINUTE_MS + 1, {});
      desk.add(24 * HOUR_MS + MINUTE_MS, {});
      const detection = detectionForTest({
        user: { id: 'user-1' },
        lastAt: new Date(desk.nowMs - MINUTE_MS).toISOString(),
      });
      desk.db.transaction(() => {
        const of = { tenant: desk.tenant.id, receivedAt: new Date(desk.nowMs).toISOString() };
        desk.log.advance(desk.log.append([detectionEvent(detection, of)]));
      });
      const seq = desk.log.head;
      desk.add(MINUTE_MS, {}, {});
      // Of the earlier two one is too old by then; the detection is no event of Noxys', and the others came after it.
      expect((await desk.ask(seq))?.events).toBe(1);
      expect((await desk.ask(seq - 1))?.events).toBe(2);
    });
  });

  it("counts the user's earlier detections by rule, and neither the entry itself nor what is no finding", async () => {
    await atDesk(async (desk) => {
      const detected = (ageMs: number, changes: Partial<Detection> = {}) => {
        const lastAt = new Date(desk.nowMs - ageMs).toISOString();
        const id = `det-${desk.log.head}`;
        const detection = detectionForTest({ id, user: { id: 'user-1' }, ruleName: 'a', lastAt, ...changes });
        return detectionEvent(detection, { tenant: desk.tenant.id, receivedAt: lastAt });
      };
      desk.add(26 * HOUR_MS, detected(26 * HOUR_MS));
      desk.add(3 * HOUR_MS, detected(3 * HOUR_MS, { ruleName: 'b' }));
      const judged = { detectionId: 'det-1', verdict: 'true_positive' } as const;
      desk.add(2 * HOUR_MS, { ...detected(2 * HOUR_MS), type: DETECTION_JUDGED_TYPE, judged });
      desk.add(2 * HOUR_MS, detected(2 * HOUR_MS, { dryRun: true }));
      desk.add(2 * HOUR_MS, detected(2 * HOUR_MS, { user: { id: 'user-2' } }));
      const first = desk.add(HOUR_MS, detected(HOUR_MS));
      const second = desk.add(HOUR_MS, detected(HOUR_MS));
      const third = desk.add(0, {});
      expect(await desk.ask(first)).toMatchObject({ events: 0, detections: 1, byRule: { b: 1 } });
      // It goes on from the day before, which has the first itself.
      expect(await desk.ask(second)).toMatchObject({ events: 0, detections: 2, byRule: { a: 1, b: 1 } });
      expect(await desk.ask(third)).toMatchObject({ events: 1, detections: 3, byRule: { a: 2, b: 1 } });
    });
  });

  it('is found by the e-mail address where the log has no id of the user', async () => {
    await atDesk(async (desk) => {
      const user = { email: 'ana@acme.fr' };
      desk.add(HOUR_MS, { user }, { user: { email: 'bob@acme.fr' } });
      expect(await desk.ask(desk.add(0, { user }))).toMatchObject({ events: 2 });
    });
  });

  it('says nothing of a user or a device that the destination may not see', async () => {
    await atDesk(async (desk) => {
      const seq = desk.add(0, { device: { id: 'd-1' } });
      expect(await desk.ask(seq, ({ user: _user, ...rest }) => rest)).toBeUndefined();
      const withoutDevice = await desk.ask(seq, ({ device: _device, ...rest }) => rest);
      expect(withoutDevice).toMatchObject({ events: 1 });
      expect(withoutDevice).not.toHaveProperty('onDevice');
      const pseudonymised = await desk.ask(seq, (event) => ({ ...event, user: { id: 'p-8c1f' } }));
      expect(pseudonymised).toMatchObject({ events: 1, onDevice: 1 });
    });
  });

  it('names the user in no rule or platform where the destination may not see them', async () => {
    await atDesk(async (desk) => {
      const user = { id: 'jane.doe' };
      const detection = detectionForTest({
        user,
        ruleName: 'watch_jane_doe',
        lastAt: desk.tenant.event('x').occurredAt,
      });
      const earlier = detectionEvent(detection, { tenant: desk.tenant.id, receivedAt: detection.lastAt });
      desk.add(HOUR_MS, earlier, { user, platform: { id: 'jane.doe-llm', name: 'Own' } });
      const seq = desk.add(0, { user });
      const hidden = await desk.ask(seq, (event) => ({ ...event, user: { id: 'p-8c1f' } }));
      expect(JSON.stringify(hidden)).not.toMatch(/jane|doe/);
      expect(hidden).toMatchObject({ detections: 1, byRule: { 'watch_…': 1 } });
      expect(await desk.ask(seq)).toMatchObject({ byRule: { watch_jane_doe: 1 } });
    });
  });

  it("names the entry's own page in no platform where the destination may not see it, but the platform's own domain", async () => {
    await atDesk(async (desk) => {
      const own = { platform: { id: 'wiki.corp.example-bot', name: 'Own' } };
      desk.add(HOUR_MS, own, { platform: { id: 'chat.deepseek.com', name: 'D' } });
      const seq = desk.add(0, { urlHost: 'wiki.corp.example' });
      const withoutUrl = ({ urlHost: _urlHost, ...rest }: CanonicalEvent) => rest;
      const day = await desk.ask(seq, withoutUrl);
      expect(Object.keys(day?.byPlatform ?? {})).toEqual(
        expect.arrayContaining(['…-bot', 'chat.deepseek.com']),
      );
      expect(JSON.stringify(day)).not.toContain('wiki');
      expect(JSON.stringify(await desk.ask(seq))).toContain('wiki.corp.example-bot');
      const onPlatform = desk.add(0, {
        urlHost: 'chat.deepseek.com',
        platform: { id: 'deepseek', name: 'DeepSeek' },
      });
      expect(JSON.stringify(await desk.ask(onPlatform, withoutUrl))).toContain('chat.deepseek.com');
    });
  });

  it('is of the entry that the channel was given, and of no other', async () => {
    await atDesk(async (desk) => {
      const entry = desk.log.read(desk.add(0, {}));
      const records = entryRecords(new Map(), { mappedHost: () => 'PC-01', userKey: () => 'p_1' }, desk.days);
      if (!entry) throw new Error('Cannot test as the entry must be there');
      expect(await records.lastDay(entry.event)).toBeUndefined();
      expect(records.mappedHost(entry.event)).toBeUndefined();
    });
  });

  it('names the ten most frequent platforms and classifications, the same ones each time', async () => {
    await atDesk(async (desk) => {
      for (let n = 0; n < 15; n++)
        desk.add(
          HOUR_MS,
          ...Array.from({ length: n < 3 ? 2 : 1 }, () => ({
            platform: { id: `p-${n}`, name: 'P' },
            classifications: [`C${n}`],
          })),
        );
      const day = await desk.ask(desk.log.head);
      const names = ['p-0', 'p-1', 'p-2', 'p-10', 'p-11', 'p-12', 'p-13', 'p-14', 'p-3', 'p-4'];
      expect(Object.keys(day?.byPlatform ?? {})).toEqual(names);
      expect(Object.keys(day?.byClassification ?? {})).toHaveLength(10);
    });
  });

  it('is told alike at each attempt, and to each lane, from one look', async () => {
    await atDesk(async (desk) => {
      desk.add(HOUR_MS, {});
      const seq = desk.add(0, {});
      const first = desk.ask(seq);
      desk.add(0, {});
      expect(await desk.ask(seq)).toEqual(await first);
      desk.nowMs += 2 * MINUTE_MS;
      expect(await desk.ask(seq)).toEqual(await first);
    });
  });

  it('goes on from the one before within a minute, and leaves nothing out', async () => {
    await atDesk(async (desk) => {
      desk.add(HOUR_MS, {}, {});
      expect((await desk.ask(desk.add(0, {})))?.events).toBe(3);
      desk.nowMs += 30_000;
      desk.add(0, { user: { id: 'user-2' } }, {});
      const seq = desk.add(0, {});
      expect(await desk.ask(seq)).toMatchObject({ events: 5, to: new Date(desk.nowMs).toISOString() });
      // An earlier entry, of a lane that is behind, is told its own day.
      expect((await desk.ask(2))?.events).toBe(2);
      desk.nowMs += 31_000;
      const next = await desk.ask(desk.add(0, {}));
      expect(next?.from).toBe(new Date(START_MS + MINUTE_MS - 24 * HOUR_MS).toISOString());
    });
  });

  it('stops where the log is older than the day, in whatever period', async () => {
    await atDesk(async (desk) => {
      desk.add(40 * HOUR_MS, ...Array.from({ length: 5_200 }, () => ({})));
      expect(await desk.ask(desk.add(0, {}))).toMatchObject({ events: 1, isComplete: true });
      expect(desk.yields).toBeLessThanOrEqual(1);
    });
  });
});

describe('the look for it', () => {
  const others = (count: number) => Array.from({ length: count }, () => ({ user: { id: 'user-2' } }));

  it('lets others have their turn every 5,000 rows, ends after 20,000, and says so', async () => {
    await atDesk(async (desk) => {
      desk.add(HOUR_MS, {});
      for (let n = 0; n < 5; n++) desk.add(MINUTE_MS, ...others(4_000));
      expect(await desk.ask(desk.add(0, {}))).toMatchObject({ events: 1, isComplete: false });
      expect(desk.yields).toBe(4);
    });
  });

  it('is not made once a minute holds too many of them, and is when it is over', async () => {
    await atDesk(async (desk) => {
      for (let n = 0; n < 5; n++) desk.add(MINUTE_MS, ...others(4_000));
      const seqs = Array.from({ length: 7 }, (_, n) => desk.add(0, { user: { id: `user-${n + 10}` } }));
      const days = [];
      for (const seq of seqs) days.push(await desk.ask(seq));
      expect(days.filter((day) => day !== undefined)).toHaveLength(5);
      expect(days.at(-1)).toBeUndefined();
      desk.nowMs += MINUTE_MS;
      expect(await desk.ask(seqs.at(-1) ?? 0)).toMatchObject({ events: 1 });
    });
  });

  it('ends with the tenant', async () => {
    await atDesk(async (desk) => {
      const seq = desk.add(0, {});
      desk.isRemoved = true;
      expect(await desk.ask(seq)).toBeUndefined();
    });
  });
});

describe('the host that the tenant maps a user to', () => {
  const map = { 'Ana.Martin': 'PC-Ana', 'bob@acme.fr': 'pc-bob' };
  const keep = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'drop' } as const;
  const event = (user?: CanonicalEvent['user']) => ({ ...(user && { user }) }) as unknown as CanonicalEvent;

  it('is found by user id or e-mail address, in any case, and told as it is written', () => {
    const hostOf = mappedHosts({ device_map: map, privacy: keep }, { privacy: {} });
    expect(hostOf(event({ id: 'ana.martin' }))).toBe('PC-Ana');
    expect(hostOf(event({ id: 'u-7', email: 'Bob@ACME.fr' }))).toBe('pc-bob');
    expect(hostOf(event({ id: 'constructor' }))).toBeUndefined();
    expect(hostOf(event())).toBeUndefined();
  });

  it.each(['pseudonymise', 'drop'] as const)('is not told where devices are to %s', (device) => {
    const ana = event({ id: 'Ana.Martin' });
    expect(
      mappedHosts({ device_map: map, privacy: { ...keep, device } }, { privacy: {} })(ana),
    ).toBeUndefined();
    expect(mappedHosts({ device_map: map, privacy: keep }, { privacy: { device } })(ana)).toBeUndefined();
  });
});

describe('the key of whom an entry is about', () => {
  const key = new Uint8Array(32).fill(7);
  const keep = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'drop' } as const;
  const keyOf = userKeys(key, keep);
  const event = (user?: CanonicalEvent['user'], groupKey?: string) => {
    const detection = { groupKey };
    return {
      ...(user && { user }),
      ...(groupKey !== undefined && { detection }),
    } as unknown as CanonicalEvent;
  };

  it('is the same for the same user, else for what the detection is grouped by, and names neither', () => {
    const ana = keyOf(event({ id: 'ana', email: 'ana@acme.fr' }));
    expect(keyOf(event({ id: 'ana' }, 'group'))).toBe(ana);
    expect(ana).toMatch(/^p_[\w-]{22}$/);
    const keys = [
      ana,
      keyOf(event({ id: 'bob' })),
      keyOf(event({ email: 'ana@acme.fr' })),
      keyOf(event(undefined, 'WKS-1')),
      keyOf(event(undefined, 'WKS-2')),
      userKeys(new Uint8Array(32).fill(8), keep)(event({ id: 'ana' })),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.join(' ')).not.toMatch(/ana|bob|WKS/);
    expect(keyOf(event())).toBeUndefined();
  });
});
