import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';

import { readEnvFile, withValues, writeEnvFile } from '../../cli/tenant-files/env-file.ts';
import { findFiles } from '../../cli/tenant-files/find-files.ts';
import { literalSecrets } from '../../cli/tenant-files/literal-secrets.ts';
import { positionFinder } from '../../cli/tenant-files/positions.ts';
import { resolveReferences, soleReference } from '../../cli/tenant-files/references.ts';
import { failure, success } from '../../src/lib/result.ts';
import { FakeIo } from './fake-io.ts';

const YAML = `id: acme
webhook: { scheme: hmac, secrets: [a, b] }
common: &common
  type: harfanglab
destinations:
  - name: edr
    where:
      data.risk|gte: 1
      platform_id: [x, y]
  - *common
empty:
`;

describe('positions', () => {
  const find = positionFinder(YAML);
  it.each([
    ['', 1, 1],
    ['id', 1, 1],
    ['webhook.scheme', 2, 12],
    ['webhook.secrets[1]', 2, 39],
    ['destinations[0].name', 6, 5],
    ['destinations[0].where.data.risk|gte', 8, 7],
    ['destinations[0].where.platform_id[1]', 9, 24],
    ['destinations[1].type', 4, 3],
    ['empty', 11, 1],
    // What is missing: the nearest part that is there.
    ['webhook.auth_token', 2, 1],
    ['destinations[0].token', 6, 5],
    ['destinations[7].token', 5, 1],
    ['nothing.of.this', 1, 1],
  ])('%j stands at line %i, column %i', (path, line, column) => {
    expect(find(path)).toEqual({ line, column });
  });

  it('are found in JSON, too', () => {
    expect(positionFinder('{\n  "id": "acme",\n  "retention": {"events": 0}\n}')('retention.events')).toEqual(
      { line: 3, column: 17 },
    );
  });

  it('never throw, whatever the text and the path', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, path) => {
        expect(() => positionFinder(text)(path)).not.toThrow();
      }),
    );
  });
});

describe('references', () => {
  const lookups = {
    variable: (name: string) => ({ TOKEN: 'secret', EMPTY: '' })[name],
    file: (path: string) =>
      path === 'there' ? success('text') : failure('refers to a file that is not there'),
  };

  it.each([
    ['${TOKEN}', 'secret'],
    ['Token ${TOKEN}', 'Token secret'],
    ['${ TOKEN }', 'secret'],
    ['${file:there}', 'text'],
    ['$${TOKEN}', '${TOKEN}'],
    ['$TOKEN and $5', '$TOKEN and $5'],
  ])('%j is %j', (text, value) => {
    expect(resolveReferences({ webhook: { secrets: [text] } }, lookups)).toEqual(
      success({ value: { webhook: { secrets: [value] } }, used: expect.any(Array) }),
    );
  });

  it.each([
    ['${MISSING}', /MISSING, which is neither/],
    ['${EMPTY}', /EMPTY, which is empty/],
    ['${file:gone}', /not there/],
    ['${two words}', /neither \$\{NAME\}/],
    ['${}', /neither \$\{NAME\}/],
  ])('%j is a fault with its place', (text, words) => {
    const resolved = resolveReferences({ webhook: { secrets: ['x', text] } }, lookups);
    expect(resolved).toEqual(
      failure([{ path: ['webhook', 'secrets', 1], message: expect.stringMatching(words) }]),
    );
  });

  it('leave every other value as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('${'));
        expect(resolveReferences(value, lookups)).toEqual(success({ value, used: [] }));
      }),
    );
  });

  it('name a variable when they are the whole text', () => {
    expect([soleReference('${A_1}'), soleReference('x${A}'), soleReference('${file:a}')]).toEqual([
      'A_1',
      undefined,
      undefined,
    ]);
  });
});

describe('.env', () => {
  it('keeps what it does not know, and is read back as it was written', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/), (value) => {
        fc.pre(["'", '`'].some((quote) => !value.includes(quote)));
        const text = withValues('# mine\nOTHER=1\nTOKEN=old\n', { TOKEN: value, NEW: value });
        expect(parseEnv(text)).toEqual({ OTHER: '1', TOKEN: value, NEW: value });
        expect(text.startsWith('# mine\nOTHER=1\nTOKEN=')).toBe(true);
      }),
    );
  });

  it('sets no members that every object has', () => {
    const { cwd } = new FakeIo({ files: { '.env': 'A=1\n' } });
    const values = readEnvFile(cwd);
    expect([values['A'], values['constructor'], values['__proto__']]).toEqual(['1', undefined, undefined]);
  });

  it('is ignored by git wherever it lies, once', () => {
    const { cwd } = new FakeIo({ files: { '.gitignore': 'other' } });
    writeEnvFile(cwd, { A: '1' });
    writeEnvFile(cwd, { B: '2' });
    expect(readEnvFile(cwd)).toEqual({ A: '1', B: '2' });
    expect(readFileSync(join(cwd, '.gitignore'), 'utf8')).toBe('other\n.env\n');
  });
});

describe('tenant files', () => {
  it('are found in folders below, without hidden ones, in order and once', () => {
    const names = ['t/b.yml', 't/a.yaml', 't/eu/c.json', 't/.hidden.yaml', 't/.git/d.yaml', 't/readme.md'];
    const { cwd } = new FakeIo({ files: Object.fromEntries(names.map((name) => [name, ''])) });
    expect(findFiles(cwd, ['t', 't/a.yaml']).files.map(({ name }) => name)).toEqual([
      't/a.yaml',
      't/b.yml',
      't/eu/c.json',
    ]);
    expect(() => findFiles(cwd, ['gone'])).toThrow('gone is no file and no folder');
    expect(() => findFiles(cwd, ['t/.git/..', 't/eu'].slice(2))).toThrow('There is no tenant file');
  });

  it('show where secrets stand in clear', () => {
    const document = {
      webhook: { secrets: ['${A}', 'clear', '<set>'], auth_token: 'clear' },
      destinations: [
        { token: 'x${A}', client_secret: '${A}' },
        { client_secret: 'clear', hec: { token: 'clear' } },
        'odd',
        null,
        { url: 'clear', secrets: ['${A}', 'clear'], headers: { 'X-Key': 'clear', 'X-Other': '${A}' } },
      ],
    };
    expect(literalSecrets(document)).toEqual([
      'webhook.secrets[1]',
      'webhook.auth_token',
      'destinations[1].client_secret',
      'destinations[1].hec.token',
      'destinations[4].url',
      'destinations[4].secrets[1]',
      'destinations[4].headers.X-Key',
    ]);
    for (const odd of [null, 1, 'x', [], { webhook: [] }, { destinations: {} }])
      expect(literalSecrets(odd)).toEqual([]);
  });
});
