import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { terminalPrompts } from '../../cli/prompts.ts';

const QUESTIONS = ['text', 'secret', 'confirm', 'select', 'selectMany'] as const;
const LEAVINGS: readonly [string, (input: PassThrough) => void][] = [
  ['Ctrl-C', (input) => void input.write('\u0003')],
  ['Ctrl-D', (input) => void input.write('\u0004')],
  ['Ctrl-D after a word', (input) => void input.write('word\u0004')],
  ['the end of the input', (input) => void input.end()],
  ['a terminal that is gone', (input) => void input.destroy()],
];

function stage() {
  const input = new PassThrough();
  const output = new PassThrough();
  output.resume();
  const prompts = terminalPrompts(input, output, new AbortController().signal);
  const ask = {
    text: async () => prompts.text({ message: 'Name' }),
    secret: async () => prompts.secret({ message: 'Secret' }),
    confirm: async () => prompts.confirm({ message: 'Sure?', initial: true }),
    selectMany: async () =>
      prompts.selectMany({
        message: 'Which ones?',
        options: [
          { value: 'a', label: 'A' },
          { value: 'b', label: 'B' },
          { value: 'c', label: 'C' },
        ],
        initial: ['b'],
      }),
    select: async () =>
      prompts.select({
        message: 'Which?',
        options: [
          { value: 'a', label: 'A' },
          { value: 'b', label: 'B' },
        ],
        initial: 'b',
      }),
  };
  return { input, ask };
}

describe('a question', () => {
  it.each(QUESTIONS.flatMap((kind) => LEAVINGS.map(([what, leave]) => ({ kind, what, leave }))))(
    '($kind) is left by $what',
    async ({ kind, leave }) => {
      const { input, ask } = stage();
      const answer = ask[kind]();
      leave(input);
      await expect(answer).rejects.toMatchObject({ kind: 'interrupted' });
      expect(input.listenerCount('keypress')).toBe(0);
    },
  );

  it('after the end of the input is left at once', async () => {
    const { input, ask } = stage();
    input.end().resume();
    await new Promise((resolve) => input.once('close', resolve));
    await expect(ask.confirm()).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('takes those that are chosen already, and what is chosen beside them, in the order of the options', async () => {
    const { input, ask } = stage();
    const initial = ask.selectMany();
    input.write('\r');
    expect(await initial).toEqual(['b']);
    const more = ask.selectMany();
    // The cursor stands on the first: space takes it.
    input.write(' ');
    input.write('\r');
    expect(await more).toEqual(['a', 'b']);
  });

  it('begins at the choice that it offers', async () => {
    const { input, ask } = stage();
    const answer = ask.select();
    input.write('\r');
    expect(await answer).toBe('b');
  });

  it('is answered, one after the other', async () => {
    const { input, ask } = stage();
    for (const name of ['first', 'second']) {
      const answer = ask.text();
      input.write(`${name}\r`);
      expect(await answer).toBe(name);
    }
  });
});
