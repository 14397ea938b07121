/**
 * What is wrong with a document, as it is found: thrown by what reads and compiles, gathered with its place by what parses.
 * Pure. Never knows lines and columns: those are of the text.
 */

/** From the document down: names of attributes, and places in lists. */
export type Path = readonly (string | number)[];

export interface FaultDetails {
  /** Whether the name of the attribute is wrong, and not its value. */
  readonly isOfName?: boolean;
  /** Of a condition: what stands before the place. */
  readonly before?: string;
  /** What was found. */
  readonly value?: unknown;
  /** What could have been meant by it. */
  readonly words?: readonly string[];
}

/** Its message is a reason of fault-words.ts, or words. */
export class Fault extends Error {
  readonly details: FaultDetails;

  constructor(reason: string, details: FaultDetails = {}) {
    super(reason);
    this.details = details;
  }
}

/** What a field name is used for. */
export type FieldUse = 'match' | 'group' | 'value';

/** With what a document is read. */
export interface Reading {
  /** Reads one part. Of text that is being checked: a fault is noted with the path, and there is no answer. */
  readonly part: <T>(path: Path, read: () => T) => T | undefined;
  /** Asked for every field name; throws a fault. */
  readonly field: (field: string, use: FieldUse) => void;
  /** Counts what an evaluation has to look at; throws a fault where it is too much. */
  readonly spend: (amount: number) => void;
}
