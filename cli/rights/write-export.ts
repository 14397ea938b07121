/** One JSON document of all that is stored of a person, written as its pages come. Its last member says that it is whole. */

import type { ExportItem } from '../api-types.ts';
import { CliFailure } from '../failure.ts';
import { jsonText } from '../output/output.ts';
import type { ExportTarget } from './export-target.ts';

export interface ExportHead {
  readonly tenant: string;
  readonly exportedAt: string;
}

export interface Exported {
  /** By kind. */
  readonly counts: Readonly<Record<string, number>>;
  readonly keys: readonly string[];
  /** False: nobody read on. */
  readonly isComplete: boolean;
}

export interface Writing {
  readonly head: ExportHead;
  readonly pages: AsyncIterable<readonly ExportItem[]>;
  readonly target: ExportTarget;
  /** Nobody reads it any more. */
  readonly isUnread: () => boolean;
}

/**
 * Writes the document. Once it is begun, a failure ends it as JSON that says so (`isComplete: false`), and is thrown; before, nothing
 * is written.
 */
export async function writeExport({ head, pages, target, isUnread }: Writing): Promise<Exported> {
  const counts = new Map<string, number>();
  const keys: string[] = [];
  let separator = openingOf(head);
  const end = (isComplete: boolean): Exported => {
    const all = Object.fromEntries(counts);
    const opening = separator.startsWith(',') ? '' : separator;
    target.write(
      `${opening}\n],"keys":${jsonText(keys, 0)},"counts":${jsonText(all, 0)},"isComplete":${isComplete}}\n`,
    );
    return { counts: all, keys, isComplete };
  };
  try {
    for await (const items of pages) {
      for (const item of items) {
        target.write(`${separator}${jsonText(item, 0)}`);
        separator = ',\n';
        counts.set(item.kind, (counts.get(item.kind) ?? 0) + 1);
        if (item.kind === 'key') keys.push(item.key);
      }
      if (isUnread()) return end(false);
    }
  } catch (error) {
    if (counts.size > 0) end(false);
    if (error instanceof CliFailure) throw new BrokenOff(error, counts.size > 0);
    throw error;
  }
  return end(true);
}

function openingOf(head: ExportHead): string {
  return `${jsonText(head, 0).slice(0, -1)},"items":[\n`;
}

/** Why the pages ended too early, and whether a part of the document is written. */
export class BrokenOff extends Error {
  readonly failure: CliFailure;
  readonly hasBegun: boolean;

  constructor(failure: CliFailure, hasBegun: boolean) {
    super(failure.message);
    this.failure = failure;
    this.hasBegun = hasBegun;
  }
}
