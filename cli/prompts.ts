/** Questions on the terminal. They are written to stderr, so that stdout holds the result alone. */

import type { Readable, Writable } from 'node:stream';

import { confirm, isCancel, multiselect, password, select, text } from '@clack/prompts';

import { interrupted } from './failure.ts';
import type { Prompts } from './io.ts';

interface Common {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
}

export function terminalPrompts(input: Readable, output: Writable, signal: AbortSignal): Prompts {
  const ask = async <T>(question: (common: Common) => Promise<T>): Promise<Exclude<T, symbol>> => {
    const { signal: ended, forget } = endOf(input);
    try {
      return answerOf(await question({ input, output, signal: AbortSignal.any([signal, ended]) }));
    } finally {
      forget();
    }
  };
  return {
    text: async ({ message, initial, placeholder, validate }) =>
      (await ask(async (common) =>
        text({
          ...common,
          message,
          ...(initial === undefined ? {} : { initialValue: initial }),
          ...(placeholder === undefined ? {} : { placeholder }),
          ...(validate === undefined ? {} : { validate: (value) => validate(value ?? '') }),
        }),
      )) ?? '',
    secret: async ({ message, validate }) =>
      (await ask(async (common) =>
        password({
          ...common,
          message,
          ...(validate === undefined ? {} : { validate: (value) => validate(value ?? '') }),
        }),
      )) ?? '',
    select: async <T extends string>({
      message,
      options,
      initial,
    }: {
      readonly message: string;
      readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
      readonly initial?: T;
    }) => {
      const choices = options as readonly { value: string; label: string; hint?: string }[];
      const start: { initialValue?: string } = initial === undefined ? {} : { initialValue: initial };
      const chosen = await ask(async (common) =>
        select({ ...common, message, options: [...choices], ...start }),
      );
      return (options.find(({ value }) => value === chosen) ?? failNoOption()).value;
    },
    selectMany: async <T extends string>({
      message,
      options,
      initial,
    }: {
      readonly message: string;
      readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
      readonly initial: readonly T[];
    }) => {
      const choices = options as readonly { value: string; label: string; hint?: string }[];
      const chosen = await ask(async (common) =>
        multiselect({
          ...common,
          message,
          options: [...choices],
          initialValues: [...initial],
          required: true,
        }),
      );
      return options.map(({ value }) => value).filter((value) => chosen.includes(value));
    },
    confirm: async ({ message, initial }) =>
      ask(async (common) => confirm({ ...common, message, initialValue: initial })),
  };
}

/** Aborted by Ctrl-D and by the end of the input: the questions themselves would wait for ever. */
function endOf(input: Readable): { readonly signal: AbortSignal; readonly forget: () => void } {
  const controller = new AbortController();
  // After the question's own listeners, which still look at its state.
  const leave = () => queueMicrotask(() => controller.abort());
  const onKey = (_text: unknown, key?: { readonly ctrl?: boolean; readonly name?: string }) => {
    if (key?.ctrl === true && key.name === 'd') leave();
  };
  const ends = ['end', 'close', 'error'] as const;
  input.on('keypress', onKey);
  for (const name of ends) input.on(name, leave);
  if (input.readableEnded || input.destroyed) leave();
  return {
    signal: controller.signal,
    forget: () => {
      input.removeListener('keypress', onKey);
      for (const name of ends) input.removeListener(name, leave);
    },
  };
}

function answerOf<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw interrupted();
  return answer as Exclude<T, symbol>;
}

function failNoOption(): never {
  throw new Error('Cannot go on as one of the options must be chosen: none is');
}
