/**
 * What a command says: its result on stdout (a text for people, or with `--json` one document), everything else on stderr.
 */

import type { Io } from '../io.ts';
import type { Concealed } from './concealed.ts';
import { painter, type Paint, wantsColour } from './paint.ts';
import { type Column, renderTable } from './table.ts';

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

  /** The command's one result. */
  result(document: unknown, text: () => string): void {
    this.#out(this.isJson ? JSON.stringify(document, null, 2) : text());
  }

  /** One of a stream of results: a line of JSON, or a text. */
  next(document: unknown, text: () => string): void {
    this.#out(this.isJson ? JSON.stringify(document) : text());
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
    const { columns: width } = this.#io.stdout;
    const table = renderTable(heads, rows, width === undefined ? undefined : width - indent.length);
    return indent === '' ? table : table.replaceAll(/^(?=.)/gm, indent);
  }

  #out(text: string): void {
    this.#io.stdout.write(`${this.#concealed.scrub(text)}\n`);
  }
}
