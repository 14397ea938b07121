/**
 * Where a fault of a tenant's document stands: in the tenant file, or in a file of Sigma rules that it names. Pure.
 * The relay knows a rule's text and nothing of files: it tells the place within the text in words.
 */

import type { ConfigFault } from '../../src/domain/fault.ts';
import type { FileFault } from './file-fault.ts';
import { innerFinder, positionFinder } from './positions.ts';

export interface FaultySource {
  /** Of the tenant file, as messages name it. */
  readonly name: string;
  readonly text: string;
  /** By their index in `rules.custom`: the rule files, as messages name them. */
  readonly ruleFiles?: ReadonlyMap<number, string>;
}

/** The faults of a document with their places. */
export function placeFaults(source: FaultySource, faults: readonly ConfigFault[]): FileFault[] {
  const find = positionFinder(source.text);
  return faults.map((fault) => {
    const { path, message } = fault;
    return ruleFault(source, fault) ?? { file: source.name, ...find(path), path, message };
  });
}

const CUSTOM_PATTERN = /^rules\.custom\[(\d+)\]$/;
/** As src/rules/parse-custom.ts tells it: the place in the text, and within the rule. */
const PLACE_PATTERN = /^line (\d+), column (\d+)(?:, (.+?))?: /;

/** Of a rule's text, when its lines are those of a file. */
function ruleFault({ name, text, ruleFiles }: FaultySource, fault: ConfigFault): FileFault | undefined {
  const index = CUSTOM_PATTERN.exec(fault.path)?.[1];
  if (index === undefined) return undefined;
  const file = ruleFiles?.get(Number(index));
  const place = PLACE_PATTERN.exec(fault.message);
  if (!place) return file === undefined ? undefined : { file, path: '', message: fault.message };
  const [told, line, column, path = ''] = place;
  const message = fault.message.slice(told.length);
  const position = { line: Number(line), column: Number(column) };
  if (file !== undefined) return { file, ...position, path, message };
  const own = innerFinder(text)(fault.path, position);
  const inner = path === '' ? message : `${path}: ${message}`;
  return own && { file: name, ...own, path: fault.path, message: inner };
}
