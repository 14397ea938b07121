import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { causeFields, logEvent } from '../../src/lib/log.ts';

const spy = vi.spyOn(console, 'warn');
beforeEach(() => {
  spy.mockImplementation(() => undefined);
});
afterEach(() => {
  spy.mockReset();
});

function logged(fields: Parameters<typeof logEvent>[2]): unknown {
  logEvent('warn', 'webhook.refused', fields);
  return JSON.parse(String(spy.mock.calls[0]?.[0]));
}

it('writes one JSON line with level, event and fields', () => {
  expect(
    logged({ reason: 'stale_timestamp', count: 2, isReplay: true, headers: ['a', 'b'], absent: undefined }),
  ).toEqual({
    level: 'warn',
    event: 'webhook.refused',
    reason: 'stale_timestamp',
    count: 2,
    isReplay: true,
    headers: ['a', 'b'],
  });
  expect(spy).toHaveBeenCalledOnce();
});

it('cuts long strings and long lists', () => {
  const line = logged({
    reason: 'x'.repeat(1000),
    headers: Array.from({ length: 200 }, () => 'y'.repeat(1000)),
  });
  expect(line).toMatchObject({
    reason: 'x'.repeat(300),
    headers: Array.from({ length: 100 }, () => 'y'.repeat(300)),
  });
});

it('puts a line break into no line', () => {
  logEvent('warn', 'webhook.refused', { reason: 'a\nb' });
  expect(String(spy.mock.calls[0]?.[0])).not.toContain('\n');
});

it.each([new TypeError('bad'), 'text', undefined, null, { secret: 'hunter2' }])(
  'describes %o as flat fields',
  (thrown) => {
    const fields = causeFields(thrown);
    expect(Object.values(fields).every((value) => typeof value === 'string')).toBe(true);
    expect(JSON.stringify(fields)).not.toContain('hunter2');
  },
);

it.each([
  () => JSON.parse('alice.martin') as unknown,
  () => JSON.parse('{"user":alice.martin@acme.fr}') as unknown,
  () => JSON.parse('"alice.martin\n at alice.martin') as unknown,
  () => new RegExp(['alice.martin', '('].join('')),
])('quotes nothing of what could not be parsed: %s', (parse) => {
  const { cause, message, at } = causeFields(thrownBy(parse));
  expect(cause).toBe('SyntaxError');
  // Behind the function's name stands this file.
  expect(`${message} ${at.replace(/\(.*/, '')}`).not.toMatch(/alice|martin/);
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
