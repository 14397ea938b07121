/** The attributes that rules, correlations and filters share. Pure. */

import { SIGMA_LEVELS } from './document.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import { handle, like, readShape, text, texts, wordOf } from './shape.ts';
import type { Read, Shape } from './shape.ts';

const TITLE_CHARACTERS_MAX = 256;
const SOURCE = like(/^[a-z0-9_.-]+$/, 'lower-case letters, digits, _, . and -');
const DATE = like(/^\d{4}-\d\d-\d\d$/, 'a date such as 2026-11-30');

/** A list, also of none. */
const list: Read = (value) => {
  if (!Array.isArray(value))
    throw new Fault('It must be a list of texts: write each on a line of its own after -.');
  return value.length === 0 ? [] : texts(value);
};
const ignored: Read = () => undefined;

export const HEADER: Shape = {
  title: (value) => {
    if (text(value).length <= TITLE_CHARACTERS_MAX) return value;
    throw new Fault(`The title must have at most ${TITLE_CHARACTERS_MAX} characters.`);
  },
  id: (value, path) => like(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/, 'a UUID')(handle(value), path),
  name: handle,
  status: wordOf(['stable', 'test', 'experimental', 'deprecated', 'unsupported']),
  description: text,
  references: list,
  author: text,
  date: DATE,
  modified: DATE,
  tags: (value, path) =>
    (list(value, path) as string[]).map((tag) =>
      like(/^[^\s.]+\.\S+$/, 'a tag with a namespace, such as attack.t1567')(tag, path),
    ),
  falsepositives: list,
  level: wordOf(SIGMA_LEVELS),
  // Of the specification, and of no use here.
  license: ignored,
  related: ignored,
  taxonomy: ignored,
  scope: ignored,
  fields: ignored,
};

export function readLogsource(value: unknown, reading: Reading, path: Path): unknown {
  const shape = { category: SOURCE, product: SOURCE, service: SOURCE, definition: text };
  return readShape(value, shape, [], reading, path);
}
