import { describe, expect, it } from 'vitest';

import { FORWARDED_TYPES } from './noxys-events.ts';
import { SPELLINGS } from './noxys-spellings.ts';
import { expectedTotals, stepsOf, type SendKind } from './working-day-expectation.ts';
import { workingDay } from './working-day.ts';

const START_MS = 1_763_800_000_000;
const day = workingDay({ seed: 1, startMs: START_MS, tenant: 'acme' });
const ofKind = (kind: SendKind) => day.filter((send) => send.kind === kind);

describe('workingDay', () => {
  it('is the same for the same seed, start and tenant, and another for another', () => {
    expect(workingDay({ seed: 1, startMs: START_MS, tenant: 'acme' })).toEqual(day);
    for (const other of [
      { seed: 2, startMs: START_MS, tenant: 'acme' },
      { seed: 1, startMs: START_MS, tenant: 'globex' },
    ]) {
      expect(workingDay(other).map(({ body }) => body)).not.toEqual(day.map(({ body }) => body));
    }
  });

  it.each([1, 2, 3, 4, 5])('has at least 300 sends and every type in every spelling with seed %i', (seed) => {
    const sends = workingDay({ seed, startMs: START_MS, tenant: 'acme' });
    expect(sends.length).toBeGreaterThanOrEqual(300);
    const plain = new Set(
      sends
        .filter(({ kind }) => kind === 'plain')
        .map(({ types, spellings }) => `${types[0]} ${spellings[0]}`),
    );
    expect(plain.size).toBe(FORWARDED_TYPES.length * SPELLINGS.length);
    expect(sends.map(({ index }) => index)).toEqual(sends.map((_, i) => i));
  });

  it('holds every kind of send', () => {
    const kinds: Record<SendKind, number> = {
      plain: 168,
      routine: 28,
      unknown_type: 6,
      test_event: 2,
      batch: 8,
      batch_with_unusable: 2,
      burst: 60,
      odd_risk_score: 2,
      redelivered: 20,
      redelivered_batch: 4,
      forged: 7,
      tampered_body: 3,
      truncated_body: 3,
      unsigned: 3,
      stale: 3,
      from_the_future: 2,
      wrong_tenant: 3,
      malformed_json: 2,
      nothing_usable: 2,
      oversized: 2,
      wrong_content_type: 2,
    };
    for (const [kind, count] of Object.entries(kinds)) {
      expect([kind, day.filter((send) => send.kind === kind).length]).toEqual([kind, count]);
    }
  });

  it('gives each send a webhook id of its own, except redeliveries', () => {
    const own = day
      .filter(({ kind }) => !kind.startsWith('redelivered'))
      .map(({ options }) => options.webhookId);
    expect(new Set(own).size).toBe(own.length);
    for (const id of own) expect(id).toMatch(/^msg_[0-9a-f]{24}$/);
  });

  it('redelivers the same bytes under the same id, after the original, at most once', () => {
    const again = [...ofKind('redelivered'), ...ofKind('redelivered_batch')];
    for (const send of again) {
      const original = day.find(({ options }) => options.webhookId === send.options.webhookId);
      expect(original?.index).toBeLessThan(send.index);
      expect(send.body).toBe(original?.body);
      expect(send.expectation).toMatchObject({
        accepted: 0,
        duplicates: original?.expectation.accepted,
        filtered: original?.expectation.filtered,
      });
    }
    expect(new Set(again.map(({ options }) => options.webhookId)).size).toBe(again.length);
  });

  it('accepts no event id twice', () => {
    const ids = day.flatMap(({ acceptedIds }) => acceptedIds);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(200);
    expect(ids.length).toBeLessThanOrEqual(expectedTotals(day).accepted);
  });

  it('counts each element of an accepted request exactly once', () => {
    for (const { body, expectation, kind } of day) {
      if (expectation.expectedStatus !== 202) continue;
      const parsed: unknown = JSON.parse(body);
      const { accepted, duplicates, filtered, rejected } = expectation;
      const size = Array.isArray(parsed) ? parsed.length : 1;
      expect([kind, accepted + duplicates + filtered + rejected]).toEqual([kind, size]);
    }
  });

  it('counts nothing in a refused request, and gives its reason', () => {
    for (const { expectation } of day.filter((send) => send.expectation.expectedStatus !== 202)) {
      const { accepted, duplicates, filtered, rejected, refusal } = expectation;
      expect(accepted + duplicates + filtered + rejected).toBe(0);
      expect(refusal).toBeDefined();
    }
  });

  it('lets events happen in the 50 minutes before the start, in no case later', () => {
    const times = [...JSON.stringify(day.map(({ body }) => body)).matchAll(/20\d\d-\d\d-\d\dT[\d:.]+Z/g)].map(
      ([text]) => Date.parse(text),
    );
    expect(times.length).toBeGreaterThan(200);
    expect(Math.min(...times)).toBeGreaterThan(START_MS - 50 * 60_000);
    expect(Math.max(...times)).toBeLessThanOrEqual(START_MS);
  });

  it('has bodies over 256 KiB only where they are meant to be', () => {
    for (const { kind, body } of day) {
      expect([kind, Buffer.byteLength(body) > 256 * 1024]).toEqual([kind, kind === 'oversized']);
    }
  });

  it('sends the burst at once and everything else one after another', () => {
    const steps = stepsOf(day);
    expect(steps.filter((step) => step.length > 1).map((step) => step.length)).toEqual([60]);
    expect(steps.flat()).toEqual(day);
  });
});

describe('expectedTotals', () => {
  it('sums counts, statuses and reasons', () => {
    const nothing = { accepted: 0, duplicates: 0, filtered: 0, rejected: 0 };
    const totals = expectedTotals([
      { expectation: { ...nothing, expectedStatus: 202, accepted: 2, filtered: 1 } },
      { expectation: { ...nothing, expectedStatus: 202, duplicates: 3, rejected: 1 } },
      { expectation: { ...nothing, expectedStatus: 401, refusal: 'unauthorized' } },
    ]);
    expect(totals).toEqual({
      sends: 3,
      accepted: 2,
      duplicates: 3,
      filtered: 1,
      rejected: 1,
      byStatus: { 202: 2, 401: 1 },
      refused: { unauthorized: 1, too_large: 0, unsupported_media_type: 0, malformed: 0 },
    });
  });

  it('adds up over a day', () => {
    const totals = expectedTotals(day);
    expect(Object.values(totals.byStatus).reduce((a, b) => a + b, 0)).toBe(totals.sends);
    expect(totals.refused).toEqual({
      unauthorized: 24,
      too_large: 2,
      unsupported_media_type: 2,
      malformed: 4,
    });
  });
});
