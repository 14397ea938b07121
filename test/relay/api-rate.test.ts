import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { ApiRate } from '../../src/relay/api-rate.ts';

const START_MS = Date.UTC(2026, 10, 22, 8);

let nowMs: number;
let rate: ApiRate;
const sleep = async (ms: number) => void (nowMs += ms);
beforeEach(() => {
  nowMs = START_MS;
  rate = new ApiRate({ nowMs: () => nowMs, sleep });
  rate.configure(60);
});

/** When so many turns came, one asked for after the other. */
async function turns(count: number): Promise<number[]> {
  const atMs: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    await rate.turn();
    atMs.push(nowMs - START_MS);
  }
  return atMs;
}

/** The most turns in any minute. */
function fullestMinute(atMs: readonly number[]): number {
  return Math.max(...atMs.map((from) => atMs.filter((at) => at >= from && at - from < 60_000).length));
}

describe('the rate of an account', () => {
  it('begins with one request, so that a restart gains nothing', async () => {
    expect(await turns(4)).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('lets a sixth of a minute go at once after a rest', async () => {
    nowMs += 3_600_000;
    const atMs = (await turns(12)).map((at) => at - 3_600_000);
    expect(atMs).toEqual([...Array<number>(10).fill(0), 1_000, 2_000]);
  });

  it('never lets more go in any minute than configured, whoever asks whenever, and wastes none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 120 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 50, maxLength: 300 }),
        async (perMinute, gapsMs) => {
          nowMs = START_MS;
          rate = new ApiRate({ nowMs: () => nowMs, sleep });
          rate.configure(perMinute);
          const atMs: number[] = [];
          for (const gapMs of gapsMs) {
            // Mostly none: as many as can go.
            if (gapMs > 19_000) nowMs += gapMs * 5;
            await rate.turn();
            atMs.push(nowMs);
          }
          expect(fullestMinute(atMs)).toBeLessThanOrEqual(perMinute);
        },
      ),
      { numRuns: 50 },
    );
    nowMs = START_MS;
    rate = new ApiRate({ nowMs: () => nowMs, sleep });
    rate.configure(60);
    expect((await turns(601)).at(-1)).toBeLessThanOrEqual(600_000);
  });

  it('gives turns in the order of the calls', async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await rate.turn();
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
    rate.configure(60);
    await rate.turn();
    await expect(rate.turn()).rejects.toThrow('no timer');
    isBroken = false;
    await rate.turn();
    expect(nowMs - START_MS).toBe(1_000);
  });

  it('takes a new rate at once', async () => {
    await turns(2);
    rate.configure(600);
    expect(await turns(2)).toEqual([1_100, 1_200]);
  });

  it('waits no longer than before when the clock goes back', async () => {
    await turns(70);
    nowMs -= 86_400_000;
    const beforeMs = nowMs;
    await rate.turn();
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
    rate.configure(6000);
    const gapMs = async (remaining: number) => {
      await rate.turn();
      rate.noteQuota({ limit: 600, remaining });
      const beforeMs = nowMs;
      await rate.turn();
      return nowMs - beforeMs;
    };
    expect(await gapMs(60)).toBe(100);
    expect(await gapMs(6)).toBe(1_000);
    expect(await gapMs(0)).toBe(5_000);
  });

  it('sets all waiting turns apart, not the next alone', async () => {
    rate.configure(6000);
    await rate.turn();
    rate.noteQuota({ limit: 600, remaining: 6 });
    expect(await turns(3)).toEqual([1_000, 2_000, 3_000]);
  });

  it('is forgotten with a better one, and after a minute', async () => {
    rate.configure(6000);
    await rate.turn();
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
    rate.configure(6000);
    await rate.turn();
    rate.noteQuota({ limit: 600, remaining: 0 });
    nowMs -= 3_600_000;
    const beforeMs = nowMs;
    await rate.turn();
    expect(nowMs - beforeMs).toBeLessThanOrEqual(10);
  });
});
