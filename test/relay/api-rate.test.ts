import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { ApiRate } from '../../src/relay/api-rate.ts';

const START_MS = Date.UTC(2026, 10, 22, 8);

let nowMs: number;
let rate: ApiRate;
let perMinute: number;
const sleep = async (ms: number) => void (nowMs += ms);
beforeEach(() => {
  nowMs = START_MS;
  rate = new ApiRate({ nowMs: () => nowMs, sleep });
  perMinute = 60;
});

const turn = async () => rate.turn(perMinute);

/** When so many turns came, one asked for after the other. */
async function turns(count: number): Promise<number[]> {
  const atMs: number[] = [];
  for (let i = 0; i < count; i++) {
    await turn();
    atMs.push(nowMs - START_MS);
  }
  return atMs;
}

/** The most turns in any minute. */
function fullestMinute(atMs: readonly number[]): number {
  return Math.max(...atMs.map((from) => atMs.filter((at) => at >= from && at - from < 60_000).length));
}

describe('the rate of an account', () => {
  it('lets a sixth of a minute go at once at first, and after a rest', async () => {
    const atOnce = [...Array<number>(10).fill(0), 1_000, 2_000];
    expect(await turns(12)).toEqual(atOnce);
    nowMs = START_MS + 3_600_000;
    expect((await turns(12)).map((at) => at - 3_600_000)).toEqual(atOnce);
  });

  it.each([
    ['at this moment', 0, [11_000, 12_000, 13_000]],
    ['ten seconds ago', 10_000, [1_000, 2_000, 3_000]],
    ['twenty seconds ago', 20_000, [0, 0, 0]],
    ['in a time that is still to come', -3_600_000, [11_000, 12_000, 13_000]],
  ])('begins as if a burst had gone out when another instance used it last: %s', async (_, agoMs, at) => {
    rate = new ApiRate({ nowMs: () => nowMs, sleep }, START_MS - agoMs);
    expect(await turns(3)).toEqual(at);
  });

  it('tells all who wait that they go on, every five seconds at least', async () => {
    perMinute = 30;
    await turns(30);
    const told: number[][] = [[], [], []];
    await Promise.all(
      told.map(async (atMs) => {
        atMs.push(nowMs);
        await rate.turn(1, () => atMs.push(nowMs));
        atMs.push(nowMs);
      }),
    );
    for (const atMs of told) {
      const gapsMs = atMs.slice(1).map((at, i) => at - (atMs[i] ?? 0));
      expect(Math.max(...gapsMs)).toBeLessThanOrEqual(5_000);
    }
    expect((told[2]?.at(-1) ?? 0) - (told[2]?.[0] ?? 0)).toBeGreaterThan(120_000);
  });

  it('tells nobody any more who has had a turn', async () => {
    let told = 0;
    await rate.turn(60, () => told++);
    told = 0;
    await turns(20);
    expect(told).toBe(0);
  });

  it('never lets more go in any minute than configured, whoever asks whenever, and wastes none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 120 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 50, maxLength: 300 }),
        async (ofMinute, gapsMs) => {
          nowMs = START_MS;
          rate = new ApiRate({ nowMs: () => nowMs, sleep });
          perMinute = ofMinute;
          const atMs: number[] = [];
          for (const gapMs of gapsMs) {
            // Mostly none: as many as can go.
            if (gapMs > 19_000) nowMs += gapMs * 5;
            await turn();
            atMs.push(nowMs);
          }
          expect(fullestMinute(atMs)).toBeLessThanOrEqual(ofMinute);
        },
      ),
      { numRuns: 50 },
    );
    nowMs = START_MS;
    rate = new ApiRate({ nowMs: () => nowMs, sleep });
    perMinute = 60;
    expect((await turns(601)).at(-1)).toBeLessThanOrEqual(600_000);
  });

  it('gives turns in the order of the calls', async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await turn();
        order.push(index);
      }),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('goes on after a wait that failed', async () => {
    let isBroken = true;
    rate = new ApiRate({
      nowMs: () => nowMs,
      sleep: async (ms) => {
        if (isBroken) throw new Error('no timer');
        await sleep(ms);
      },
    });
    await turns(10);
    await expect(turn()).rejects.toThrow('no timer');
    isBroken = false;
    await turn();
    expect(nowMs - START_MS).toBe(1_000);
  });

  it('takes a new rate at once', async () => {
    await turns(11);
    perMinute = 600;
    expect(await turns(2)).toEqual([1_100, 1_200]);
  });

  it('waits no longer than before when the clock goes back', async () => {
    await turns(70);
    nowMs -= 86_400_000;
    const beforeMs = nowMs;
    await turn();
    expect(nowMs - beforeMs).toBeLessThanOrEqual(1_000);
  });
});

describe('the quota that the vendor told', () => {
  it('slows nothing while enough is left', async () => {
    nowMs += 60_000;
    rate.noteQuota({ limit: 6000, remaining: 5_000 });
    expect(new Set(await turns(10)).size).toBe(1);
  });

  it('sets turns apart, the more the less is left', async () => {
    perMinute = 6000;
    const gapMs = async (remaining: number) => {
      await turn();
      rate.noteQuota({ limit: 600, remaining });
      const beforeMs = nowMs;
      await turn();
      return nowMs - beforeMs;
    };
    expect(await gapMs(60)).toBe(100);
    expect(await gapMs(6)).toBe(1_000);
    expect(await gapMs(0)).toBe(5_000);
  });

  it('sets all waiting turns apart, not the next alone', async () => {
    perMinute = 6000;
    await turn();
    rate.noteQuota({ limit: 600, remaining: 6 });
    expect(await turns(3)).toEqual([1_000, 2_000, 3_000]);
  });

  it('is forgotten with a better one, and after a minute', async () => {
    perMinute = 6000;
    await turn();
    rate.noteQuota({ limit: 600, remaining: 0 });
    rate.noteQuota({ limit: 600, remaining: 599 });
    expect((await turns(1))[0]).toBeLessThanOrEqual(10);
    rate.noteQuota({ limit: 600, remaining: 0 });
    nowMs += 60_000;
    const beforeMs = nowMs;
    await turns(5);
    expect(nowMs).toBe(beforeMs);
  });

  it('holds nothing up when the clock goes back', async () => {
    perMinute = 6000;
    await turn();
    rate.noteQuota({ limit: 600, remaining: 0 });
    nowMs -= 3_600_000;
    const beforeMs = nowMs;
    await turn();
    expect(nowMs - beforeMs).toBeLessThanOrEqual(10);
  });
});
