/** Questions on the terminal. They are written to stderr, so that stdout holds the result alone. */

import type { Readable, Writable } from 'node:stream';

import { confirm, isCancel, password, select, text } from '@clack/prompts';

import { interrupted } from './failure.ts';
import type { Prompts } from './io.ts';

export function terminalPrompts(input: Readable, output: Writable, signal: AbortSignal): Prompts {
  const common = { input, output, signal };
  return {
    text: async ({ message, initial, placeholder, validate }) =>
      answerOf(
        await text({
          ...common,
          message,
          ...(initial === undefined ? {} : { initialValue: initial }),
          ...(placeholder === undefined ? {} : { placeholder }),
          ...(validate === undefined ? {} : { validate: (value) => validate(value ?? '') }),
        }),
      ) ?? '',
    secret: async ({ message, validate }) =>
      answerOf(
        await password({
          ...common,
          message,
          ...(validate === undefined ? {} : { validate: (value) => validate(value ?? '') }),
        }),
      ) ?? '',
    select: async <T extends string>({
      message,
      options,
    }: {
      readonly message: string;
      readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
    }) => {
      const choices = options as readonly { value: string; label: string; hint?: string }[];
      const chosen = answerOf(await select({ ...common, message, options: [...choices] }));
      return (options.find(({ value }) => value === chosen) ?? failNoOption()).value;
    },
    confirm: async ({ message, initial }) =>
      answerOf(await confirm({ ...common, message, initialValue: initial })),
  };
}

function answerOf<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw interrupted();
  return answer as Exclude<T, symbol>;
}

function failNoOption(): never {
  throw new Error('Cannot go on as one of the options must be chosen: none is');
}
