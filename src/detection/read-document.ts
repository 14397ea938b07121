/** One document of YAML, as plain values, as the rule, correlation or filter that it is; with every fault that it has. Pure. */

import { checkDetection } from './check-detection.ts';
import { readCorrelation } from './correlation-document.ts';
import type { SigmaDocument } from './document.ts';
import { OF_NAME } from './fault-words.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import { HEADER, readLogsource } from './header.ts';
import { handles, isTrue, mapOf, readShape, texts } from './shape.ts';
import type { Read, Shape } from './shape.ts';

const KINDS = ['correlation', 'filter', 'detection'];

export function readDocument(value: unknown, reading: Reading): SigmaDocument {
  const document = mapOf(value);
  const [kind = 'detection', other] = KINDS.filter((name) => Object.hasOwn(document, name));
  if (other !== undefined)
    throw new Fault(`A document has either ${kind} or ${other}: put --- between two documents.`);
  const custom: Record<string, unknown> = {};
  const isCorrelation = kind === 'correlation';
  const shape: Shape = {
    ...HEADER,
    ...(isCorrelation
      ? { generate: isTrue }
      : { logsource: (part: unknown, path: Path) => readLogsource(part, reading, path) }),
    [kind]: partReader(kind, reading),
  };
  const mandatory = ['title', ...(isCorrelation ? [] : ['logsource']), kind];
  const { [kind]: part, ...header } = readShape(document, shape, mandatory, reading, [], custom);
  return {
    kind: kind === 'detection' ? 'rule' : kind,
    ...Object.fromEntries(Object.entries(header).filter(([, attribute]) => attribute !== undefined)),
    ...(part as object),
    ...(isCorrelation && header['generate'] !== undefined && { generate: header['generate'] }),
    ...(Object.keys(custom).length > 0 && { custom }),
  } as SigmaDocument;
}

function partReader(kind: string, reading: Reading): Read {
  return (part, path) => {
    if (kind === 'correlation') return readCorrelation(part, reading, path);
    const { rules, ...detection } = mapOf(part);
    const isFilter = kind === 'filter';
    const read = readDetection(isFilter ? detection : mapOf(part), reading, path);
    if (!isFilter) return read;
    const named = reading.part([...path, 'rules'], () => {
      if (rules === undefined) throw new Fault('rules is missing: name the rules that it is for.');
      return handles(rules);
    });
    return { rules: named, ...read };
  };
}

function readDetection(detection: Readonly<Record<string, unknown>>, reading: Reading, path: Path): object {
  const { condition, timeframe, ...selections } = detection;
  if (timeframe !== undefined) {
    reading.part([...path, 'timeframe'], () => {
      throw new Fault('timeframe is not of Sigma 2: write a correlation with a timespan.', OF_NAME);
    });
  }
  const conditions = reading.part([...path, 'condition'], () => {
    if (condition === undefined) throw new Fault('condition is missing: say which selections must match.');
    return texts(condition);
  });
  if (Object.keys(selections).length === 0) throw new Fault('It has no selection: write at least one.');
  checkDetection(selections, conditions ?? [], reading, path);
  return { selections, condition: conditions };
}
