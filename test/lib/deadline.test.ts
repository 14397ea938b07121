import { expect, it } from 'vitest';

import { withDeadline } from '../../src/lib/deadline.ts';

it('gives the value that came in time', async () => {
  expect(await withDeadline(Promise.resolve(7), 1000)).toEqual({ ok: true, value: 7 });
});

it('gives up on a promise that never settles', async () => {
  expect(await withDeadline(new Promise(() => undefined), 1)).toEqual({
    ok: false,
    error: { kind: 'timed_out' },
  });
});

it('rejects as the promise does', async () => {
  await expect(withDeadline(Promise.reject(new Error('overloaded')), 1000)).rejects.toThrow('overloaded');
});

it('drops a rejection that comes too late', async () => {
  const late = Promise.withResolvers();
  expect((await withDeadline(late.promise, 1)).ok).toBe(false);
  late.reject(new Error('too late'));
  await expect(late.promise).rejects.toThrow('too late');
});
