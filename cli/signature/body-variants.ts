/**
 * What a captured body may have been before a tool or an editor touched it.
 * Pure. The first variant is the body as it is; each of the others comes with what must have happened.
 */

import { gunzipSync } from 'node:zlib';

export interface BodyVariant {
  readonly name: string;
  /** What was done to the file's body to get it; undefined: nothing. */
  readonly change?: string;
  readonly bytes: Uint8Array;
}

const BODY_BYTES_MAX = 8 * 1024 * 1024;

/** Each different body once. */
export function bodyVariants(body: Uint8Array): readonly BodyVariant[] {
  const variants: BodyVariant[] = [{ name: 'as_it_is', bytes: body }];
  const seen = new Set([keyOf(body)]);
  for (const { name, change, make } of MENDINGS) {
    const bytes = make(Buffer.from(body));
    if (bytes === undefined || seen.has(keyOf(bytes))) continue;
    seen.add(keyOf(bytes));
    variants.push({ name, change, bytes });
  }
  return variants;
}

interface Mending {
  readonly name: string;
  readonly change: string;
  readonly make: (body: Buffer) => Buffer | undefined;
}

const asText = (edit: (text: string) => string) => (body: Buffer) =>
  // Latin-1 keeps every byte as it is.
  Buffer.from(edit(body.toString('latin1')), 'latin1');

const MENDINGS: readonly Mending[] = [
  {
    name: 'no_final_line_break',
    change: 'without the line break at its end: an editor, or `echo`, added it',
    make: asText((text) => text.replace(/\r?\n$/, '')),
  },
  {
    name: 'trimmed',
    change: 'without the white space around it',
    make: asText((text) => text.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')),
  },
  {
    name: 'final_line_break',
    change: 'with a line break at its end: the tool that captured it left that out',
    make: asText((text) => `${text}\n`),
  },
  {
    name: 'lf',
    change: 'with LF for each CRLF: it went through Windows',
    make: asText((text) => text.replaceAll('\r\n', '\n')),
  },
  {
    name: 'lf_no_final_line_break',
    change: 'with LF for each CRLF, and without the line break at its end',
    make: asText((text) => text.replaceAll('\r\n', '\n').replace(/\n$/, '')),
  },
  {
    name: 'crlf',
    change: 'with CRLF for each LF: its line breaks were converted',
    make: asText((text) => text.replaceAll(/\r?\n/g, '\r\n')),
  },
  {
    name: 'no_byte_order_mark',
    change: 'without the byte order mark: an editor added it',
    make: asText((text) => text.replace(/^\u00EF\u00BB\u00BF/, '').replace(/\r?\n$/, '')),
  },
  {
    name: 'compact_json',
    change: 'as compact JSON: the tool that captured it had laid it out',
    make: compactJson,
  },
  { name: 'unzipped', change: 'unzipped: it was captured compressed', make: unzipped },
];

function compactJson(body: Buffer): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))), 'utf8');
  } catch {
    return undefined;
  }
}

function unzipped(body: Buffer): Buffer | undefined {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return undefined;
  try {
    return gunzipSync(body, { maxOutputLength: BODY_BYTES_MAX });
  } catch {
    return undefined;
  }
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
