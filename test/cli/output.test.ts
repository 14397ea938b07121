import { stripVTControlCharacters } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Concealed } from '../../cli/output/concealed.ts';
import { Output } from '../../cli/output/output.ts';
import { painter, wantsColour } from '../../cli/output/paint.ts';
import { printable } from '../../cli/output/printable.ts';
import { renderTable } from '../../cli/output/table.ts';
import { formatAge, formatBytes, formatDuration } from '../../cli/output/time.ts';
import { FakeIo, NOW_MS } from './fake-io.ts';
import { StandIn } from './stand-in.ts';

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
    expect(ran.json()).toMatchObject({ error: { kind: 'internal_error' } });
  });

  it('is not a file that can not be read', async () => {
    const shell = new FakeIo({ files: { 'tenants/.env/x': '', 'tenants/a.yaml': 'id: a' } });
    const ran = await shell.run('apply -f tenants');
    expect(ran).toMatchObject({ code: 1, stderr: "A file can't be used: EISDIR.\n" });
  });
});
