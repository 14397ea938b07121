/** A rule as a test of events. Pure; knows nothing of YAML and checks nothing, so that what is stored is compiled without either. */

import { compileCondition } from './condition.ts';
import type { SigmaDocument } from './document.ts';
import type { Test } from './item.ts';
import { joined } from './joined.ts';
import { compileSelection } from './selection.ts';

/** Only for a rule that was read without fault; throws for another kind of document. */
export function compileRule(document: SigmaDocument): Test {
  if (document.kind !== 'rule') throw new Error(`A ${document.kind} is no rule`);
  let evaluation = 0;
  /** A selection that conditions name more than once is looked at once for each event. */
  function once(test: Test): Test {
    let at = 0;
    let result = false;
    return (event) => {
      if (at !== evaluation) {
        at = evaluation;
        result = test(event);
      }
      return result;
    };
  }
  const selections = new Map(
    Object.entries(document.selections).map(([name, selection]) => [name, once(compileSelection(selection))]),
  );
  const names = [...selections.keys()];
  const test = joined(
    document.condition.map((condition) =>
      compileCondition(condition, names, (name) => selections.get(name) ?? (() => false)),
    ),
    false,
  );
  return (event) => {
    evaluation += 1;
    return test(event);
  };
}
