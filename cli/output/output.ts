/**
 * What a command says: its result on stdout (a text for people, or with `--json` one document), everything else on stderr.
 */

import type { Io } from '../io.ts';
import type { Concealed } from './concealed.ts';
import { painter, type Paint, wantsColour } from './paint.ts';
import { escapedJson } from './printable.ts';
import { type Column, renderTable } from './table.ts';

/** JSON that a terminal can show, too. */
export function jsonText(document: unknown, indent: number): string {
  return escapedJson(JSON.stringify(document, null, indent));
}

export interface OutputOptions {
  readonly isJson: boolean;
  /** `--no-color`. */
  readonly isColourOff: boolean;
  readonly concealed: Concealed;
}

export class Output {
  readonly isJson: boolean;
  /** For stdout. */
  readonly paint: Paint;
  /** For stderr. */
  readonly paintNote: Paint;
  readonly #io: Pick<Io, 'stdout' | 'stderr'>;
  readonly #concealed: Concealed;

  constructor(io: Pick<Io, 'stdout' | 'stderr' | 'env'>, options: OutputOptions) {
    const { env, stdout, stderr } = io;
    const isOff = options.isColourOff;
    this.isJson = options.isJson;
    this.paint = painter(wantsColour({ env, isTTY: stdout.isTTY, isOff }));
    this.paintNote = painter(wantsColour({ env, isTTY: stderr.isTTY, isOff }));
    this.#io = io;
    this.#concealed = options.concealed;
  }

  /** Strikes the value out of everything that is written from now on. Returns it. */
  conceal(secret: string): string {
    this.#concealed.add(secret);
    return secret;
  }

  /** A value without secrets, to be shown in part: cut, a secret would not be recognised. */
  scrubbed(value: unknown): unknown {
    return this.#concealed.scrubValue(value);
  }

  /** The command's one result. */
  result(document: unknown, text: () => string): void {
    if (this.isJson) this.#json(document, 2);
    else this.#out(text());
  }

  /** One of a stream of results: a line of JSON, or a text. */
  next(document: unknown, text: () => string): void {
    if (this.isJson) this.#json(document);
    else this.#out(text());
  }

  /** Part of a document that is written piece by piece; no secret may stand across two of them. */
  part(text: string): void {
    this.#io.stdout.write(this.#concealed.scrub(text));
  }

  /** Part of what a person reads; on stderr where stdout holds a document. */
  say(text: string): void {
    if (this.isJson) this.note(text);
    else this.#out(text);
  }

  /** What happens meanwhile; on stderr. */
  note(text: string): void {
    this.#io.stderr.write(`${this.#concealed.scrub(text)}\n`);
  }

  warn(text: string): void {
    this.note(`${this.paintNote('warning', '!')} ${text}`);
  }

  /** A table for stdout, as wide as the terminal allows. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[], indent = ''): string {
    const heads = columns.map((column) => ({ ...column, head: this.paint('faint', column.head) }));
    const clean = rows.map((row) => row.map((cell) => this.#concealed.scrub(cell)));
    const { columns: width } = this.#io.stdout;
    const table = renderTable(heads, clean, width === undefined ? undefined : width - indent.length);
    return indent === '' ? table : table.replaceAll(/^(?=.)/gm, indent);
  }

  #json(document: unknown, indent = 0): void {
    this.#io.stdout.write(`${jsonText(this.#concealed.scrubValue(document), indent)}\n`);
  }

  #out(text: string): void {
    this.#io.stdout.write(`${this.#concealed.scrub(text)}\n`);
  }
}
