import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { OVERFLOW_AGE_MS_MAX, deduplicationMs } from '../../src/domain/deduplication.ts';
import {
  readOverflowContent,
  readOverflowMessage,
  writeOverflowContent,
  writeOverflowMessage,
} from '../../src/domain/overflow.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';

const SEALED_AT_MS = 1_763_800_000_000;
const EVENT = {
  id: 'evt_1',
  type: 'interaction.high_risk',
  occurredAt: '2026-11-22T08:00:00.000Z',
  receivedAt: '2026-11-22T08:00:00.000Z',
  tenant: 'acme',
  classifications: [],
  classificationCount: 0,
  faults: [],
  source: 'noxys',
};
const sealer = createSealer({ primary: new Uint8Array(32).fill(1) });

async function seal(tenant = 'acme', purpose = 'overflow'): Promise<string> {
  return sealer.seal(writeOverflowContent([JSON.stringify(EVENT)]), { tenant, purpose });
}

describe('the time that sealed events may wait', () => {
  it('is shorter than the time for which the object remembers events, whatever the tolerance', () => {
    expect(OVERFLOW_AGE_MS_MAX).toBe(6 * 24 * 3_600_000);
    for (const tolerance of [0, 300, 86_400]) {
      expect(OVERFLOW_AGE_MS_MAX).toBeLessThan(deduplicationMs(tolerance));
    }
  });
});

describe('a message', () => {
  it('names its tenant and its time to a reader without a key', async () => {
    const jwe = await seal();
    const message = readOverflowMessage(writeOverflowMessage(SEALED_AT_MS, jwe));
    expect(message).toEqual({ sealedAtMs: SEALED_AT_MS, tenant: 'acme', sealed: encodeUtf8(jwe) });
  });

  it('is none with another purpose, or a tenant that no tenant can be', async () => {
    for (const jwe of [await seal('acme', 'webhook'), await seal('Alice Martin'), await seal('..')]) {
      expect(readOverflowMessage(writeOverflowMessage(SEALED_AT_MS, jwe))).toBeUndefined();
    }
  });

  it('is none without a time, with a bad one, or with bytes that are no text', async () => {
    const jwe = await seal();
    for (const text of [
      '',
      '.',
      jwe,
      `.${jwe}`,
      `x.${jwe}`,
      `-1.${jwe}`,
      `1e9.${jwe}`,
      `9999999999999999.${jwe}`,
    ]) {
      expect(readOverflowMessage(encodeUtf8(text))).toBeUndefined();
    }
    expect(readOverflowMessage(new Uint8Array([0x31, 0x2e, 0xff]))).toBeUndefined();
  });

  it('is never an exception, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
        expect(readOverflowMessage(bytes)).toBeUndefined();
        expect(readOverflowMessage(encodeUtf8(`1.${text}`))).toBeUndefined();
      }),
    );
  });
});

describe('what is sealed', () => {
  it('is read as it was written, with fields that this version does not know', () => {
    const event = { ...EVENT, user: { id: 'u' }, later: [1] };
    expect(readOverflowContent(writeOverflowContent([JSON.stringify(event)]))).toEqual({
      ok: true,
      value: { events: [event], names: [] },
    });
  });

  it('has the names of users, and loses no event where what stands there is none', () => {
    const names = [{ key: 'p_1', sealed: 'a.b.c' }];
    const text = writeOverflowContent([JSON.stringify(EVENT)], names);
    expect(readOverflowContent(text)).toMatchObject({ ok: true, value: { events: [EVENT], names } });
    for (const wrong of [7, null, [{ key: 7 }], 'x'])
      expect(readOverflowContent(JSON.stringify({ v: 1, events: [EVENT], names: wrong }))).toEqual({
        ok: true,
        value: { events: [EVENT], names: [] },
      });
  });

  it.each([2, 0, -1])('of version %i is left to an object that knows it', (v) => {
    const text = JSON.stringify({ v, events: 'in another form' });
    expect(readOverflowContent(text)).toEqual({ ok: false, error: { kind: 'unknown_version' } });
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['no object', '7'],
    ['null', 'null'],
    ['no version', JSON.stringify({ events: [EVENT] })],
    ['a version that is no number', JSON.stringify({ v: '1', events: [EVENT] })],
    ['no events', JSON.stringify({ v: 1 })],
    ['an empty list', JSON.stringify({ v: 1, events: [] })],
    ['one event without an id', JSON.stringify({ v: 1, events: [EVENT, { ...EVENT, id: '' }] })],
    ['an event without a type', JSON.stringify({ v: 1, events: [{ ...EVENT, type: undefined }] })],
    ['an event without its lists', JSON.stringify({ v: 1, events: [{ ...EVENT, classifications: null }] })],
  ])('is unreadable with %s', (_case, text) => {
    expect(readOverflowContent(text)).toEqual({ ok: false, error: { kind: 'unreadable' } });
  });

  it('shows nothing of the events in the message', async () => {
    const message = decodeUtf8(writeOverflowMessage(SEALED_AT_MS, await seal())) ?? '';
    const parts = message.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    for (const text of [message, ...parts]) expect(text).not.toMatch(/evt_1|high_risk/);
  });
});
