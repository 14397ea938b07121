/** Verdicts as they are typed (`false-positive`) and as the relay has them. Constants and pure functions. */

import type { Verdict } from '../src/domain/verdict.ts';
import { VERDICTS } from '../src/domain/verdict.ts';

export const TYPED_VERDICTS = VERDICTS.map(typed);

export function typed(verdict: string): string {
  return verdict.replaceAll('_', '-');
}

/** Of a word that was typed, undefined when it is none. */
export function verdictOf(word: string): Verdict | undefined {
  return VERDICTS.find((verdict) => typed(verdict) === word);
}
