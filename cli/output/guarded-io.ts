/**
 * The one way out of a run: whatever reaches a terminal, in a text, an error or a question, brings no control characters
 * of others along. A relay, a file's name or an argument may hold some.
 */

import type { Io, Prompts, Sink } from '../io.ts';
import { withoutControls } from './printable.ts';

/** The same surroundings, whose streams and prompts write nothing harmful. */
export function guardedIo(io: Io): Io {
  return {
    ...io,
    stdout: guardedSink(io.stdout),
    stderr: guardedSink(io.stderr),
    prompts: guardedPrompts(io.prompts),
  };
}

function guardedSink(sink: Sink): Sink {
  return {
    write: (text) => sink.write(withoutControls(text)),
    get isTTY() {
      return sink.isTTY;
    },
    get columns() {
      return sink.columns;
    },
    ...(sink.stream === undefined ? {} : { stream: sink.stream }),
  };
}

function guardedPrompts(prompts: Prompts): Prompts {
  return {
    text: async (question) =>
      prompts.text({
        ...question,
        message: withoutControls(question.message),
        ...(question.placeholder === undefined ? {} : { placeholder: withoutControls(question.placeholder) }),
      }),
    secret: async (question) => prompts.secret({ ...question, message: withoutControls(question.message) }),
    select: async (question) =>
      prompts.select({
        ...question,
        message: withoutControls(question.message),
        options: guardedOptions(question.options),
      }),
    selectMany: async (question) =>
      prompts.selectMany({
        ...question,
        message: withoutControls(question.message),
        options: guardedOptions(question.options),
      }),
    confirm: async (question) => prompts.confirm({ ...question, message: withoutControls(question.message) }),
  };
}

function guardedOptions<Option extends { readonly label: string; readonly hint?: string }>(
  options: readonly Option[],
): readonly Option[] {
  return options.map((option) => ({
    ...option,
    label: withoutControls(option.label),
    ...(option.hint === undefined ? {} : { hint: withoutControls(option.hint) }),
  }));
}
