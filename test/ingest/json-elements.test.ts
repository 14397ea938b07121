import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonElements } from '../../src/ingest/json-elements.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/lib/bytes.ts';

function textsOf(json: string): (string | undefined)[] {
  return jsonElements(encodeUtf8(json)).map(decodeUtf8);
}

describe('jsonElements', () => {
  it.each([
    ['[1]', ['1']],
    [' [ 1 ,\n"a,]\\"" , {"b":[1,{}]} ,[ ] ] ', ['1', '"a,]\\""', '{"b":[1,{}]}', '[ ]']],
    ['["\\\\",2]', ['"\\\\"', '2']],
    ['["é😀",null]', ['"é😀"', 'null']],
  ])('cuts %j', (json, elements) => {
    expect(textsOf(json)).toEqual(elements);
  });

  it('gives the very text of each element of any array', () => {
    fc.assert(
      fc.property(
        fc.array(fc.json(), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('', ' ', '\n\t'),
        (items, space) => {
          const expected = items.map((item) => item.trim());
          expect(textsOf(`[${items.map((item) => space + item + space).join(',')}]`)).toEqual(expected);
        },
      ),
    );
  });
});
