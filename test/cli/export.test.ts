import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ExportItem } from '../../cli/api-types.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { type FakeIo, NOW_MS } from './fake-io.ts';
import { AT, erasureOf, ITEMS, JANE, stage } from './rights-for-test.ts';
import { problem } from './stand-in-types.ts';

function lost(): never {
  throw new TypeError('fetch failed');
}

function interrupt({ controller }: FakeIo): Response {
  controller.abort();
  return Response.json({ items: [] });
}

describe('export', () => {
  interface Document {
    readonly items: readonly ExportItem[];
  }

  it('writes all pages into one document', async () => {
    const { relay, shell } = await stage();
    const ran = await shell.run('export acme --user-id u-17');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.json()).toEqual({
      tenant: 'acme',
      exportedAt: new Date(NOW_MS).toISOString(),
      items: ITEMS,
      keys: [JANE.key],
      counts: { key: 1, event: 3, watch: 1 },
      isComplete: true,
    });
    expect(ran.stderr).toBe('Complete: 1 × key, 3 × event, 1 × watch.\n');
    expect(
      relay.sent('POST', /export$/).map(({ body }) => (JSON.parse(body) as { cursor?: string }).cursor),
    ).toEqual([undefined, 'at-2', 'at-4']);
  });

  it('is whole where nothing is stored, or a page is empty', async () => {
    const { relay, shell } = await stage();
    const ran = await shell.run('export acme --user nobody');
    expect(ran.code).toBe(EXIT.notFound);
    expect(ran.json()).toMatchObject({ items: [], isComplete: true });
    let page = 0;
    relay.intercept = () => Response.json(page++ === 0 ? { items: [], next: 'x' } : { items: [ITEMS[0]] });
    expect((await shell.run('export acme --user u-17')).json()).toMatchObject({ items: [ITEMS[0]] });
  });

  it('says that a name which has its key and audit alone may be misspelt, and ends with 4', async () => {
    const { relay, shell } = await stage();
    const items = [
      { kind: 'key', key: 'p_bob' },
      { kind: 'audit', at: AT, action: 'user.exported' },
    ] as const;
    relay.state.rights.persons.push({ key: 'p_bob', id: 'BOB@acme.fr', items });
    // An erasure of the misspelt name proves nothing either.
    relay.state.rights.erasures.push(erasureOf(['p_bob'], 0), erasureOf([JANE.key], 5));
    for (const out of ['', ' --out bob.json']) {
      const ran = await shell.run(`export acme --user BOB@acme.fr${out}`);
      expect(ran.code).toBe(EXIT.notFound);
      expect(ran.stderr).toContain(
        'Nothing is stored under this name: check its spelling, capitals count in an id.',
      );
    }
    relay.intercept = ({ path }) => (path.endsWith('/erasures') ? problem(500, 'internal', 'x') : undefined);
    expect((await shell.run('export acme --user BOB@acme.fr')).code).toBe(EXIT.notFound);
  });

  it('says when the person was erased, which is why nothing is there any more', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.persons.unshift({ ...JANE, items: [{ kind: 'key', key: JANE.key }] });
    relay.state.rights.erasures.push(erasureOf([JANE.key], 5));
    const ran = await shell.run('export acme --user u-17');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stderr).toContain(
      'Nothing is stored under this name any more: erasure 7 of 2026-11-21 05:00:00 UTC removed it.',
    );
  });

  it('writes a new file for its owner alone, and no other', async () => {
    const { shell } = await stage({ files: { 'old.json': 'mine' } });
    const ran = await shell.run('export acme --user-id u-17 --out jane.json');
    expect(ran.stdout).toBe('5 items in jane.json.\n');
    const path = join(shell.cwd, 'jane.json');
    expect((JSON.parse(readFileSync(path, 'utf8')) as Document).items).toEqual(ITEMS);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await shell.run('export acme --user-id u-17 --out old.json');
    expect(again).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('--force') });
    expect(readFileSync(join(shell.cwd, 'old.json'), 'utf8')).toBe('mine');
    const forced = await shell.run('export acme --user-id u-17 --out old.json --force --json');
    expect(forced.json()).toMatchObject({ file: 'old.json', counts: { event: 3 } });
    expect(statSync(join(shell.cwd, 'old.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(shell.cwd).toSorted()).toEqual(['jane.json', 'old.json']);
  });

  it('asks nothing where the file can not be written', async () => {
    const { relay, shell } = await stage();
    mkdirSync(join(shell.cwd, 'folder'));
    for (const out of ['folder', 'nowhere/jane.json', 'folder --force'])
      expect((await shell.run(`export acme --user u-17 --out ${out}`)).code).toBe(EXIT.invalid);
    expect(relay.requests).toEqual([]);
  });

  it('takes no name that somebody else took meanwhile', async () => {
    const { relay, shell } = await stage();
    relay.intercept = () => {
      shell.write('jane.json', 'theirs');
      return undefined;
    };
    const ran = await shell.run('export acme --user u-17 --out jane.json');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('there already') });
    expect(readFileSync(join(shell.cwd, 'jane.json'), 'utf8')).toBe('theirs');
    expect(readdirSync(shell.cwd)).toEqual(['jane.json']);
  });

  it('leaves nothing of the person where the whole file can not be given its name', async () => {
    const { relay, shell } = await stage({ files: { 'jane.json': 'old' } });
    relay.intercept = () => {
      // What is to be replaced becomes a folder meanwhile.
      rmSync(join(shell.cwd, 'jane.json'), { recursive: true, force: true });
      mkdirSync(join(shell.cwd, 'jane.json', 'theirs'), { recursive: true });
      return undefined;
    };
    const ran = await shell.run('export acme --user u-17 --out jane.json --force');
    expect(ran).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining("Can't write jane.json: EISDIR"),
    });
    expect(readdirSync(shell.cwd)).toEqual(['jane.json']);
    expect(readdirSync(join(shell.cwd, 'jane.json'))).toEqual(['theirs']);
  });

  it('leaves nothing of the person at Ctrl-C, nor touches the file that it was to replace', async () => {
    const { relay, shell } = await stage({ files: { 'old.json': 'mine' } });
    const during: string[][] = [];
    relay.intercept = ({ body }) => {
      if (!body.includes('at-2')) return undefined;
      during.push(readdirSync(shell.cwd));
      return interrupt(shell);
    };
    for (const out of ['jane.json', 'old.json --force']) {
      const ran = await shell.run(`export acme --user u-17 --out ${out}`);
      expect(ran).toMatchObject({ code: EXIT.interrupted, stdout: '' });
      expect(ran.stderr).toContain('No file was written');
    }
    expect(during[0]).toHaveLength(2);
    expect(readdirSync(shell.cwd)).toEqual(['old.json']);
    expect(readFileSync(join(shell.cwd, 'old.json'), 'utf8')).toBe('mine');
  });

  it('waits as long as a busy relay asks, and says so', async () => {
    const { relay, shell } = await stage();
    const busy = [
      problem(429, 'too_many_requests', 'Later.', {}, { 'retry-after': '7' }),
      undefined,
      problem(503, 'unavailable', 'Later.', {}, { 'retry-after': '3' }),
    ];
    relay.intercept = () => busy.shift();
    const ran = await shell.run('export acme --user u-17');
    expect(ran.json()).toMatchObject({ items: ITEMS, isComplete: true });
    expect(ran.stderr).toContain('asks to wait 7 s');
    expect(shell.sleptMs).toBe(10_000);
  });

  const BREAKS: readonly (readonly [string, number, (shell: FakeIo) => Response])[] = [
    ['the relay goes away', EXIT.unreachable, lost],
    ['it is interrupted', EXIT.interrupted, interrupt],
    [
      'the place of the next page is forgotten',
      EXIT.invalid,
      () => problem(400, 'parameter_invalid', 'No place.'),
    ],
    ['the pages repeat', EXIT.failed, () => Response.json({ items: [], next: 'at-2' })],
    ['an item is none', EXIT.unreachable, () => Response.json({ items: [{}] })],
    ['the next place is none', EXIT.unreachable, () => Response.json({ items: [], next: 7 })],
  ];

  /** A relay whose second page is another answer. */
  async function breaking(answer: (shell: FakeIo) => Response) {
    const { relay, shell } = await stage();
    relay.intercept = ({ body }) => (body.includes('at-2') ? answer(shell) : undefined);
    return shell;
  }

  it.each(BREAKS)('ends a document that says that it is not whole, where %s', async (_what, code, answer) => {
    const shell = await breaking(answer);
    const ran = await shell.run('export acme --user u-17 --json');
    expect(ran).toMatchObject({ code, stderr: expect.stringContaining('The export is not complete') });
    expect(ran.json()).toMatchObject({ items: ITEMS.slice(0, 2), isComplete: false });
  });

  it.each(BREAKS)('leaves no file where %s', async (_what, code, answer) => {
    const shell = await breaking(answer);
    const ran = await shell.run('export acme --user u-17 --out jane.json --json');
    expect(ran).toMatchObject({ code, stderr: expect.stringContaining('No file was written') });
    expect(ran.json()).toMatchObject({ error: { message: expect.any(String) } });
    expect(readdirSync(shell.cwd)).toEqual([]);
  });

  it('shows a terminal no control characters, and a reader of JSON all of them', async () => {
    const { relay, shell } = await stage();
    const items: ExportItem[] = [{ kind: 'device', hostname: 'WKS\u001B[31m\u202E7' }];
    relay.state.rights.persons.push({ key: 'p_7', id: 'u-7', items });
    const ran = await shell.run('export acme --user u-7');
    for (const mark of ['\u001B', '\u202E']) expect(ran.stdout).not.toContain(mark);
    expect(ran.json<Document>().items).toEqual(items);
  });

  it('ends where nobody reads on', async () => {
    const { relay, shell } = await stage();
    const gone = AbortSignal.abort();
    const { io } = shell;
    Object.assign(io, { readerGone: gone });
    expect((await shell.run('export acme --user u-17')).code).toBe(EXIT.ok);
    expect(relay.sent('POST', /export$/)).toHaveLength(1);
  });
});
