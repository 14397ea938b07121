/** The selections and conditions of a rule as one test of events. Pure. */

import { compileCondition, isName, joined } from './condition.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import type { Test } from './item.ts';
import { compileSelection } from './selection.ts';
import type { CompiledSelection } from './selection.ts';

export interface Detection {
  readonly test: Test;
  readonly selections: ReadonlyMap<string, CompiledSelection>;
}

/** Several conditions: one of them holds. */
export function compileDetection(
  selections: Readonly<Record<string, unknown>>,
  conditions: readonly string[],
  reading: Reading,
  path: Path,
): Detection {
  const compiled = new Map<string, CompiledSelection>();
  for (const [name, selection] of Object.entries(selections)) {
    const at = [...path, name];
    const found = reading.part(at, () => {
      if (!isName(name)) throw new Fault('selection_name');
      return compileSelection(selection, reading, at);
    });
    if (found !== undefined) compiled.set(name, found);
  }
  const { testOf, root } = lookedAtOnce(compiled);
  const names = Object.keys(selections);
  const at = [...path, 'condition'];
  const tests = conditions.flatMap((condition, index) => {
    const place = conditions.length > 1 ? [...at, index] : at;
    return reading.part(place, () => compileCondition(condition, names, testOf, reading.spend)) ?? [];
  });
  return { selections: compiled, test: root(joined(tests, false)) };
}

/** A selection that a condition names more than once is looked at once for each event. */
function lookedAtOnce(compiled: ReadonlyMap<string, CompiledSelection>): {
  testOf: (name: string) => Test;
  root: (test: Test) => Test;
} {
  const uses = new Map<string, Test>();
  let evaluation = 0;
  const testOf = (name: string): Test => {
    const test = uses.get(name) ?? once(compiled.get(name)?.test ?? (() => false), () => evaluation);
    uses.set(name, test);
    return test;
  };
  const root =
    (test: Test): Test =>
    (event) => {
      evaluation += 1;
      return test(event);
    };
  return { testOf, root };
}

function once(test: Test, evaluation: () => number): Test {
  let at = 0;
  let result = false;
  return (event) => {
    if (at !== evaluation()) {
      at = evaluation();
      result = test(event);
    }
    return result;
  };
}
