/**
 * Looks fields up in one element of a body and collects what was odd.
 * Pure. The paths of faults are built from the field map's own keys, never from the element's.
 */

import type { EventFault, FaultReason } from '../domain/event.ts';
import type { FieldPath } from './field-paths.ts';
import { WRAPPER_KEY } from './field-paths.ts';
import type { Reader } from './field-values.ts';
import { isObject, ownValue } from './own-value.ts';

/** Reads an element by paths. An outer `event` object comes first, its surroundings after it. */
export class FieldReader {
  readonly faults: EventFault[] = [];
  readonly #roots: readonly { readonly value: unknown; readonly prefix: FieldPath }[];
  #lastPath = '';

  constructor(element: object) {
    const inner = ownValue(element, WRAPPER_KEY);
    const outer = { value: element, prefix: [] };
    this.#roots = isObject(inner) ? [{ value: inner, prefix: [WRAPPER_KEY] }, outer] : [outer];
  }

  /** The first usable value; unusable ones on the way are faults, null and absent ones are not. */
  read<T>(paths: readonly FieldPath[], reader: Reader<T>): T | undefined {
    for (const { value: root, prefix } of this.#roots) {
      for (const path of paths) {
        const found = path.reduce<unknown>(ownValue, root);
        if (found === undefined || found === null || isWrapper(path, prefix, found)) continue;
        this.#lastPath = [...prefix, ...path].join('.');
        const reading = reader(found);
        for (const reason of reading.faults) this.#mark(reason);
        if (reading.value !== undefined) return reading.value;
      }
    }
    return undefined;
  }

  /** Adds a fault at the path that was read last. */
  #mark(reason: FaultReason): void {
    this.faults.push({ path: this.#lastPath, reason });
  }
}

/** The outer `event` object is where the fields are, not a type of the wrong kind. */
function isWrapper(path: FieldPath, prefix: FieldPath, found: unknown): boolean {
  return prefix.length === 0 && path.length === 1 && path[0] === WRAPPER_KEY && isObject(found);
}
