/**
 * Sigma 2.1: reads rules, correlations and filters from YAML and compiles rules to tests of events.
 * Pure: no I/O, no clock, no import from outside this folder but the YAML parser; can be used without the rest.
 */

import { checkDetection } from './check-detection.ts';
import type { Result, SigmaDocument, SigmaError, SigmaRule } from './document.ts';
import { OF_NAME, wordsOf } from './fault-words.ts';
import { Fault } from './fault.ts';
import type { FieldUse, Path, Reading } from './fault.ts';
import { readDocument } from './read-document.ts';
import { readYaml } from './yaml-text.ts';

export { compileRule } from './compile.ts';
export { explainRule } from './explain.ts';
export type { RuleExplained } from './explain.ts';
export { mapFields, replaceValues } from './rewrite.ts';
export { withFilters } from './filters.ts';

export interface ParseOptions {
  /** Asked for every field name; what it answers is an error at that place. */
  readonly checkField?: (field: string, use: FieldUse) => string | undefined;
  /** Asked for every document: what else is wrong with it, such as with its `custom` attributes. Of one that is not whole parts are missing. */
  readonly checkDocument?: (document: SigmaDocument, isWhole: boolean) => readonly DocumentFault[];
}

export interface DocumentFault {
  /** From the document down, such as `['relay', 'respond', 1]`. */
  readonly path: Path;
  readonly message: string;
}

/** Texts and patterns that an evaluation of a rule looks at. */
const WORK_MAX = 10_000;
const ERRORS_MAX = 100;
/** Of a field, with dots between. */
const PARTS_MAX = 32;

/** Thrown to stop reading: there are errors enough. */
const ENOUGH = Symbol('enough errors');

/** Every document of the text, or everything that is wrong with it. What is answered can be compiled. */
export function parseRules(yaml: string, options: ParseOptions = {}): Result<SigmaDocument[], SigmaError[]> {
  const errors: SigmaError[] = [];
  const note = (offset: number, message: string, path: Path): void => {
    const before = yaml.slice(0, offset).split(/\r\n|[\r\n]/);
    const column = (before.at(-1) ?? '').length + 1;
    errors.push({ path: textOfPath(path), message, line: before.length, column });
    if (errors.length >= ERRORS_MAX) throw ENOUGH;
  };
  const documents: SigmaDocument[] = [];
  try {
    const found = readYaml(yaml, note);
    if (found.length === 0 && errors.length === 0) note(0, 'The text has no document.', []);
    for (const { value, offsetOf } of found) {
      const reading = readingOf(options, (fault, path) => {
        const { words, isOfName } = wordsOf(fault);
        const { before = '' } = fault.details;
        const offset = offsetOf(path, isOfName);
        // Within text that stands there as it is.
        const isThere = yaml.startsWith(before, offset);
        note(isThere ? offset + before.length : offset, words, path);
      });
      const errorsBefore = errors.length;
      const document = reading.part([], () => readDocument(value, reading));
      if (document === undefined) continue;
      documents.push(document);
      // A part that was refused is missing in the document.
      const isWhole = errors.length === errorsBefore;
      for (const { path, message } of options.checkDocument?.(document, isWhole) ?? [])
        note(offsetOf(path, true), message, path);
    }
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return errors.length === 0 ? { ok: true, value: documents } : { ok: false, error: errors };
}

/** What is wrong with a rule that was changed since it was read, and how much an evaluation of it looks at. */
export function checkRule({ selections, condition }: SigmaRule): {
  readonly faults: readonly string[];
  readonly work: number;
} {
  const faults: string[] = [];
  const reading = readingOf({}, (fault) => faults.push(wordsOf(fault).words));
  checkDetection(selections, condition, reading, []);
  return { faults, work: reading.work() };
}

function readingOf(
  { checkField }: ParseOptions,
  note: (fault: Fault, path: Path) => void,
): Reading & { readonly work: () => number } {
  let work = 0;
  return {
    work: () => work,
    part: (path, read) => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        note(error, path);
        return undefined;
      }
    },
    field: (field, use) => {
      if (field.split('.').length > PARTS_MAX)
        throw new Fault(`A field must have at most ${PARTS_MAX} parts.`, OF_NAME);
      const wrong = checkField?.(field, use);
      if (wrong !== undefined) throw new Fault(wrong, OF_NAME);
    },
    spend: (amount) => {
      work += amount;
      if (work > WORK_MAX) throw new Fault('The rule has too many values and wildcards: split it.');
    },
  };
}

function textOfPath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
