import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { readOverflowContent } from '../../src/domain/overflow.ts';
import { CHUNK_BYTES_MAX, EVENT_BYTES_MAX, packOverflow } from '../../src/ingest/pack-overflow.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';

const EVENT: CanonicalEvent = {
  id: 'evt_1',
  type: 'interaction.high_risk',
  occurredAt: '2026-11-22T08:00:00.000Z',
  receivedAt: '2026-11-22T08:00:00.000Z',
  tenant: 'acme',
  user: { id: 'u-1', email: 'alice@acme.fr' },
  device: { id: 'd-1', hostname: 'pc-1' },
  platform: { id: 'perplexity', name: 'Perplexity' },
  policy: { decision: 'block', name: 'No secrets' },
  riskScore: 0.7,
  classifications: ['EMAIL'],
  classificationCount: 3,
  faults: [{ path: 'model', reason: 'unknown_value' }],
  source: 'noxys',
};

function bytesOf(value: string): number {
  return encodeUtf8(value).byteLength;
}

/** The events of all chunks; fails when the events do not fit. */
function unpacked(events: readonly CanonicalEvent[]): CanonicalEvent[] {
  const packed = packOverflow(events);
  if (!packed.ok) throw new Error(packed.error.kind);
  return packed.value.flatMap((chunk) => {
    const read = readOverflowContent(chunk);
    if (!read.ok) throw new Error(read.error.kind);
    return (JSON.parse(chunk) as { events: CanonicalEvent[] }).events;
  });
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.nat(1500).map((length) => 'é'.repeat(length)),
  fc.nat(300).map((length) => '😀'.repeat(length)),
);
const anyEvent: fc.Arbitrary<CanonicalEvent> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 600 }),
  type: fc.string({ minLength: 1, maxLength: 600 }),
  user: fc.record({ id: fc.string({ maxLength: 600 }), email: anyText }),
  policy: fc.record({ name: anyText }),
  classifications: fc.array(anyText, { maxLength: 80 }),
  classificationCount: fc.nat(),
  faults: fc.array(fc.record({ path: fc.string(), reason: fc.constant('wrong_type' as const) }), {
    maxLength: 70,
  }),
  occurredAt: fc.constant(EVENT.occurredAt),
  receivedAt: fc.constant(EVENT.receivedAt),
  tenant: fc.constant('acme'),
  source: fc.constant('noxys' as const),
});

function longestOf(value: unknown): { text: number; list: number } {
  if (typeof value === 'string') return { text: value.length, list: 0 };
  if (typeof value !== 'object' || value === null) return { text: 0, list: 0 };
  const inner = Object.values(value).map(longestOf);
  return {
    text: Math.max(0, ...inner.map(({ text }) => text)),
    list: Math.max(Array.isArray(value) ? value.length : 0, ...inner.map(({ list }) => list)),
  };
}

/** An event of exactly so many bytes as JSON, within all other bounds. */
function sized(bytes: number): CanonicalEvent {
  const bytesWith = (classifications: string[]) =>
    bytesOf(JSON.stringify({ ...EVENT, classifications, policy: { name: '' } }));
  const count = Math.floor((bytes - bytesWith([])) / bytesOf(`,"${'é'.repeat(200)}"`));
  const classifications = Array.from({ length: count }, () => 'é'.repeat(200));
  return { ...EVENT, classifications, policy: { name: 'x'.repeat(bytes - bytesWith(classifications)) } };
}

describe('packOverflow', () => {
  it('leaves an event within its bounds as it is', () => {
    expect(unpacked([EVENT])).toEqual([EVENT]);
  });

  it('puts every event into exactly one chunk, in order, within all bounds, or refuses them all', () => {
    const seen = { packed: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 30 }), (events) => {
        const packed = packOverflow(events);
        seen[packed.ok ? 'packed' : 'refused']++;
        if (!packed.ok) return;
        expect(packed.value.every((chunk) => bytesOf(chunk) <= CHUNK_BYTES_MAX)).toBe(true);
        const out = unpacked(events);
        expect(out.map(({ id, type, user }) => [id, type, user?.id])).toEqual(
          events.map(({ id, type, user }) => [id, type, user?.id]),
        );
        for (const [i, event] of out.entries()) {
          const before = events[i];
          expect(bytesOf(JSON.stringify(event))).toBeLessThanOrEqual(EVENT_BYTES_MAX);
          expect(longestOf(event).text).toBeLessThanOrEqual(512);
          expect(longestOf(event).list).toBeLessThanOrEqual(64);
          const { faults: _, ...rest } = event;
          const { faults: __, ...restBefore } = before ?? EVENT;
          const isCut = JSON.stringify(rest) !== JSON.stringify(restBefore);
          expect(isCut && event.faults[0]?.reason !== 'too_long').toBe(false);
        }
      }),
      { numRuns: 300 },
    );
    expect(Math.min(seen.packed, seen.refused)).toBeGreaterThan(20);
  });

  it.each<[string, Partial<CanonicalEvent>, string]>([
    ['a text', { policy: { name: 'x'.repeat(513) } }, 'policy.name'],
    ['a list', { classifications: Array.from({ length: 65 }, (_, i) => `C${i}`) }, 'classifications'],
    ['an entry of a list', { classifications: ['A', 'x'.repeat(513)] }, 'classifications.1'],
  ])('cuts %s and marks it, before the marks that were there', (_case, changes, path) => {
    const [event] = unpacked([{ ...EVENT, ...changes }]);
    expect(event?.faults).toEqual([{ path, reason: 'too_long' }, ...EVENT.faults]);
  });

  it('marks a cut although the list of faults is full', () => {
    const faults = Array.from({ length: 64 }, () => ({ path: 'model', reason: 'wrong_type' as const }));
    const [event] = unpacked([{ ...EVENT, faults, policy: { name: 'x'.repeat(513) } }]);
    expect(event?.faults).toHaveLength(64);
    expect(event?.faults[0]).toEqual({ path: 'policy.name', reason: 'too_long' });
  });

  it('never cuts a surrogate pair in two', () => {
    const [event] = unpacked([{ ...EVENT, policy: { name: `x${'😀'.repeat(300)}` } }]);
    expect(event?.policy?.name).toBe(`x${'😀'.repeat(255)}`);
  });

  it.each<[string, Partial<CanonicalEvent>]>([
    ['an id', { id: 'x'.repeat(513) }],
    ['a type', { type: 'x'.repeat(513) }],
    ['an interaction id', { interactionId: 'x'.repeat(513) }],
    ["a person's id", { user: { id: 'x'.repeat(513) } }],
    ['8 kB', { classifications: Array.from({ length: 64 }, () => '語'.repeat(64)) }],
  ])('refuses all events for the sake of one with more than fits: %s', (_case, changes) => {
    expect(packOverflow([EVENT, { ...EVENT, ...changes }, EVENT])).toEqual({
      ok: false,
      error: { kind: 'event_too_large' },
    });
  });

  it('measures bytes, not characters: an event of 8,000 fits, one of 8,001 does not', () => {
    expect(bytesOf(JSON.stringify(sized(8_000)))).toBe(8_000);
    expect(packOverflow([sized(8_000)]).ok).toBe(true);
    expect(packOverflow([sized(8_001)]).ok).toBe(false);
  });

  it.each([5_997, 5_998, 5_999, 6_000])(
    'fills a chunk to its bound, and no further: events of %i',
    (bytes) => {
      const packed = packOverflow(Array.from({ length: 40 }, () => sized(bytes)));
      const sizes = packed.ok ? packed.value.map(bytesOf) : [];
      expect(Math.max(...sizes)).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
      expect(sizes[0]).toBeGreaterThan(CHUNK_BYTES_MAX - bytes - 20);
      expect(unpacked(Array.from({ length: 40 }, () => sized(bytes)))).toHaveLength(40);
    },
  );

  it('keeps each name once, in the chunk of the first event that has it, and no chunk above its bound', () => {
    const events = Array.from({ length: 100 }, (_, i) => ({
      ...EVENT,
      id: `evt_${i}`,
      user: { id: `p_id_${i % 60}`, email: `p_email_${i}` },
    }));
    const names = events.flatMap(({ user }) =>
      [user.id, user.email].map((key) => ({ key, sealed: 'x'.repeat(3_000) })),
    );
    const packed = packOverflow(events, [...names, { key: 'p_nobody', sealed: 'x' }]);
    if (!packed.ok) throw new Error(packed.error.kind);
    const seen = new Set<string>();
    for (const chunk of packed.value) {
      expect(bytesOf(chunk)).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
      const read = readOverflowContent(chunk);
      if (!read.ok) throw new Error(read.error.kind);
      const keys = read.value.events.flatMap(({ user }) => [user?.id, user?.email]);
      for (const { key } of read.value.names) {
        expect([key, keys.includes(key), seen.has(key)]).toEqual([key, true, false]);
        seen.add(key);
      }
    }
    expect(seen.size).toBe(160);
    expect(packed.value.length).toBeGreaterThan(5);
  });
});
