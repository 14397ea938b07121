/** A fault of a file: where it stands, what is wrong, how to mend it. Pure. */

import { printable } from '../output/printable.ts';

export interface FileFault {
  /** As the person named it. */
  readonly file: string;
  /** From 1; absent: the whole file. */
  readonly line?: number;
  readonly column?: number;
  /** Such as `destinations[0].base_url`; `` for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** `tenants/acme.yaml:12:5: destinations[0].base_url must be …`: editors and terminals make a link of it. */
export function formatFileFault({ file, line, column, path, message }: FileFault): string {
  const place = [printable(file), line, column].filter((part) => part !== undefined).join(':');
  return `${place}: ${faultText({ path, message })}`;
}

/** What is said of a place goes on from it; a sentence of its own, as of Sigma, stands behind a colon. */
const GOES_ON =
  /^(?:is|are|must|has|have|holds|needs|refers|makes|names|asks|would|belongs|leads|could|can)\b/;

/** `level must be …`, `correlation.timespan: timespan is missing.` */
export function faultText({ path, message }: Pick<FileFault, 'path' | 'message'>): string {
  if (GOES_ON.test(message)) return `${path === '' ? 'the document' : printable(path)} ${printable(message)}`;
  return path === '' ? printable(message) : `${printable(path)}: ${printable(message)}`;
}

/** By file, then from top to bottom. */
export function byPlace(a: FileFault, b: FileFault): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
