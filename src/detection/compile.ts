/** A rule as a test of events. Pure; knows nothing of YAML, so that what is stored is compiled without it. */

import { compileDetection } from './detection.ts';
import type { SigmaDocument } from './document.ts';
import { TRUSTED } from './fault.ts';
import type { Test } from './item.ts';

/** Only for a rule that was read without fault; throws for another kind of document. */
export function compileRule(document: SigmaDocument): Test {
  if (document.kind !== 'rule') throw new Error(`Cannot compile a ${document.kind}: it is no rule by itself`);
  return compileDetection(document.selections, document.condition, TRUSTED, []).test;
}
