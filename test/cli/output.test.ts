import { stripVTControlCharacters } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { CliFailure } from '../../cli/failure.ts';
import { Concealed } from '../../cli/output/concealed.ts';
import { Output } from '../../cli/output/output.ts';
import { painter, wantsColour } from '../../cli/output/paint.ts';
import { guardedIo } from '../../cli/output/guarded-io.ts';
import { cutText, printable, withoutControls } from '../../cli/output/printable.ts';
import { renderTable } from '../../cli/output/table.ts';
import { formatAge, formatBytes, formatDuration, formatInstant } from '../../cli/output/time.ts';
import { FakeIo, NOW_MS } from './fake-io.ts';
import { StandIn } from './stand-in.ts';

/** All but line breaks and tabs, and the marks of direction. */
const CONTROLS = /(?![\n\t])[\p{Cc}\u202a-\u202e]/u;
const OWN_COLOURS = new RegExp(`${String.fromCodePoint(0x1b)}\\[(?:[012]|22|3[1239])m`, 'g');

/** Properties, on a machine that may be busy. */
const PATIENT = { timeout: 60_000 };

describe('tables', PATIENT, () => {
  const columns = [{ head: 'id' }, { head: 'text' }, { head: 'n', align: 'right' }] as const;

  it('are no wider than the terminal, as far as that is possible', () => {
    const words = fc.stringMatching(/^[a-z0-9/]{0,120}$/);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words, words, words)),
        fc.integer({ min: 30, max: 200 }),
        (rows, width) => {
          const lines = renderTable(columns, rows, width).split('\n');
          expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('look the same with colours and without', () => {
    const words = fc.stringMatching(/^[a-z0-9/]{1,40}( [a-z0-9/]{1,40}){0,3}$/);
    const paint = painter(true);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words, words, words)),
        fc.integer({ min: 30, max: 120 }),
        (rows, width) => {
          const painted = rows.map((row) => row.map((cell) => paint('bad', cell)));
          const table = renderTable(columns, painted, width);
          expect(stripVTControlCharacters(table).replaceAll(/ +$/gm, '')).toBe(
            renderTable(columns, rows, width),
          );
        },
      ),
    );
  });

  it('keep an id in one piece on a narrow terminal', () => {
    const id = '01JD0Z3V9Q7M2K4R8T6W5X1Y0A';
    const text = 'some words that are longer than the rest of the line';
    expect(renderTable(columns, [[id, text, '3']], 50)).toBe(
      [`id    ${id}`, 'text  some words that are longer than the rest of', '      the line', 'n     3'].join(
        '\n',
      ),
    );
  });

  it('are not wrapped where there is no terminal', () => {
    const long = 'x'.repeat(500);
    expect(renderTable(columns, [['1', long, '2']], undefined).split('\n')).toEqual([
      expect.stringMatching(/^id {2}text +n$/),
      `1   ${long}  2`,
    ]);
  });
});

describe('texts of others', PATIENT, () => {
  it('never bring control characters to the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
        expect(stripVTControlCharacters(shown)).toBe(shown);
      }),
    );
  });
});

describe('colours', () => {
  it.each([
    [{ isTTY: true, env: {} }, true],
    [{ isTTY: false, env: {} }, false],
    [{ isTTY: true, env: { NO_COLOR: '1' } }, false],
    [{ isTTY: true, env: { NO_COLOR: '' } }, true],
    [{ isTTY: true, env: { TERM: 'dumb' } }, false],
    [{ isTTY: false, env: { FORCE_COLOR: '1' } }, true],
    [{ isTTY: true, env: { FORCE_COLOR: '0' } }, false],
    [{ isTTY: true, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
  ])('%j: %s', (facts, isColoured) => {
    expect(wantsColour({ ...facts, isOff: false })).toBe(isColoured);
    expect(wantsColour({ ...facts, isOff: true })).toBe(false);
  });
});

describe('secrets', () => {
  it('are struck out of whatever is written', () => {
    const shell = new FakeIo();
    const written: string[] = [];
    const sink = { write: (text: string) => void written.push(text), isTTY: false, columns: undefined };
    const out = new Output(
      { ...shell.io, stdout: sink, stderr: sink },
      { isJson: false, isColourOff: true, concealed: new Concealed() },
    );
    out.conceal('hunter2hunter2');
    out.note('a hunter2hunter2 b');
    out.result({}, () => 'hunter2hunter2');
    out.conceal('short');
    out.say('a short word');
    expect(written).toEqual(['a [secret] b\n', '[secret]\n', 'a short word\n']);
  });
});

describe('secrets in JSON and in parts', () => {
  const concealed = new Concealed();
  for (const secret of ['12345678', 'say "hunter2"', 'longer-12345678-secret', 'first line\nsecond line'])
    concealed.add(secret);

  it('are struck out of values, so that the text stays JSON', () => {
    const value = { 'say "hunter2"': 12_345_678, n: 123_456_789, list: ['a say "hunter2" b', null, true] };
    expect(concealed.scrubValue(value)).toEqual({
      '[secret]': '[secret]',
      n: 123_456_789,
      list: ['a [secret] b', null, true],
    });
  });

  it.each([
    ['x longer-12345678-secret y', 'x [secret] y'],
    ['{"a":"say \\"hunter2\\""}', '{"a":"[secret]"}'],
    ['say%20%22hunter2%22', '[secret]'],
    ['first line second line', '[secret]'],
    ['only the second line', 'only the [secret]'],
    ['123456781234567', '[secret]1234567'],
  ])('are known in every spelling: %s', (text, shown) => {
    expect(concealed.scrub(text)).toBe(shown);
  });

  it('agree with a plain replacement', () => {
    const word = fc.stringMatching(/^[ab]{8,10}$/);
    fc.assert(
      fc.property(word, fc.stringMatching(/^[abc]{0,60}$/), (secret, text) => {
        const one = new Concealed();
        one.add(secret);
        expect(one.scrub(text)).toBe(text.replaceAll(secret, '[secret]'));
      }),
    );
  });

  it('are not left in halves where a text or a cell is cut', () => {
    expect(cutText('token longer-12345678-secret', 20)).toBe('token …');
    expect(cutText('longer-12345678-secret', 10)).toBe('…');
    const shell = new FakeIo({ columns: 20 });
    const out = new Output(shell.io, { isJson: false, isColourOff: true, concealed });
    expect(out.table([{ head: 'a' }], [['longer-12345678-secret']])).toBe('a\n[secret]');
  });
});

describe('what reaches a terminal', PATIENT, () => {
  it('has no controls but line breaks, tabs and our own colours', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[8m', '\u001b]0;x\u0007', '\u009b2J'),
    );
    fc.assert(
      fc.property(fc.array(hostile), (parts) => {
        const shown = withoutControls(parts.join('')).replaceAll(OWN_COLOURS, '');
        expect(shown).not.toMatch(CONTROLS);
      }),
    );
    const painted = painter(true)('bad', 'red');
    expect(withoutControls(`${painted}\n\u001b[2Jx`)).toBe(`${painted}\n�[2Jx`);
  });

  it('is guarded in results, errors, notes and questions', async () => {
    const evil = 'a\u001b]0;title\u0007\u009b2J';
    const shell = new FakeIo({ answers: [true] });
    const io = guardedIo(shell.io);
    await io.prompts.confirm({ message: evil, initial: false });
    expect(shell.asked).toEqual(['a�]0;title��2J']);
    const bad = new FakeIo({ files: { [`tenants/${evil}.yaml`]: 'id: [' } });
    const ran = await bad.run('apply -f tenants --dry-run');
    expect(ran.all).not.toMatch(CONTROLS);
    const json = await bad.run('apply -f tenants --dry-run --json');
    expect(json.all).not.toMatch(CONTROLS);
    expect(json.json()).toMatchObject({ error: { faults: [{ file: `tenants/${evil}.yaml` }] } });
  });

  it('is no time that a relay made up', () => {
    const evil = `\u001b[2J${'x'.repeat(99)}`;
    for (const shown of [formatAge(evil, NOW_MS), formatInstant(evil)]) {
      expect(shown).not.toContain('\u001b');
      expect(shown.length).toBeLessThan(50);
    }
  });
});

describe('times and sizes', () => {
  it.each([
    [NOW_MS - 90_000, '1 min ago'],
    [NOW_MS + 7_200_000, 'in 2 h'],
    [NOW_MS, 'now'],
    [NOW_MS - 40 * 86_400_000, '40 d ago'],
  ])('%i is %s', (ms, words) => {
    expect(formatAge(new Date(ms).toISOString(), NOW_MS)).toBe(words);
  });

  it('leave alone what is no time', () => {
    expect(formatAge('soon', NOW_MS)).toBe('soon');
    expect(formatDuration(-5)).toBe('0 s');
    expect([formatBytes(999), formatBytes(1_234_567), formatBytes(8e9)]).toEqual([
      '999 B',
      '1.2 MB',
      '8.0 GB',
    ]);
  });
});

describe('--json', () => {
  it('is one document on stdout, whatever happens', async () => {
    const relay = new StandIn();
    const shell = new FakeIo({ fetch: relay.fetch });
    for (const line of [
      'tenants',
      'tenants show gone',
      'token list',
      'audit',
      'doctor',
      'lanes',
      'apply -f gone',
      'init',
    ]) {
      const ran = await shell.run(`${line} --json`);
      expect(() => ran.json()).not.toThrow();
    }
  });
});

describe('--json without a command', () => {
  it('says that a command is missing', async () => {
    const ran = await new FakeIo().run('--json');
    expect(ran.code).toBe(2);
    expect(ran.json()).toEqual({
      error: { kind: 'usage', message: 'A command is missing: --help lists them.' },
    });
  });
});

describe('a fault of the command line itself', () => {
  it('is JSON even where its own words fail', async () => {
    let deep: unknown = 'x';
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    const shell = new FakeIo();
    Object.assign(shell.io, {
      nowMs: () => {
        throw new CliFailure(EXIT.failed, 'odd', 'odd', { details: { deep } });
      },
    });
    Object.assign(shell.io, { fetch: async () => Promise.resolve(new Response('{}')) });
    const ran = await shell.run('tenants --json');
    expect(ran.json()).toMatchObject({ error: { kind: expect.any(String) } });
    expect(ran.code).not.toBe(EXIT.ok);
  });

  it('is shown with its trace, and without secrets', async () => {
    const token = 'secret-token-0123456789';
    const fetch = async () => Promise.resolve(undefined as unknown as Response);
    const shell = new FakeIo({ fetch, env: { NOXYS_RELAY_TOKEN: token } });
    Object.assign(shell.io, {
      nowMs: () => {
        throw new Error(`odd ${token}`);
      },
    });
    const ran = await shell.run('tenants --json');
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('odd [secret]') });
    expect(ran.json()).toMatchObject({ error: { kind: 'bug' } });
  });

  it('is not a file that can not be read', async () => {
    const shell = new FakeIo({ files: { 'tenants/.env/x': '', 'tenants/a.yaml': 'id: a' } });
    const ran = await shell.run('apply -f tenants');
    expect(ran).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/tenants\/\.env is not a regular file\./),
    });
  });
});
