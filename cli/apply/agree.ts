/** The agreement of a person before anything is written, and the typed one before anything is deleted. */

import { CliFailure, invalidInput } from '../failure.ts';
import { EXIT } from '../exit-codes.ts';
import { canAsk, type Io } from '../io.ts';

/** Throws a CliFailure unless the person agrees. */
export async function agree(io: Io, question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  refuseWithoutTerminal(io);
  if (!(await io.prompts.confirm({ message: question, initial: false }))) throw notAgreed();
}

/** As `agree`, but the words have to be typed: for what can't be undone. */
export async function agreeByTyping(
  io: Io,
  question: string,
  words: string,
  isAgreed: boolean,
): Promise<void> {
  if (isAgreed) return;
  refuseWithoutTerminal(io);
  const typed = await io.prompts.text({ message: `${question} Type "${words}" to go on:` });
  if (typed.trim() !== words) throw notAgreed();
}

function refuseWithoutTerminal(io: Io): void {
  if (canAsk(io)) return;
  throw invalidInput(
    'Nobody can be asked here: nothing was changed.',
    'Say --yes once the plan is as you want it.',
  );
}

function notAgreed(): CliFailure {
  return new CliFailure(EXIT.failed, 'not_agreed', 'Nothing was changed.');
}
