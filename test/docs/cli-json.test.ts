/** docs/cli.md names the members of what `--json` prints of persons' rights, residency and moves: as they are printed, none missing. */

import { describe, expect, it } from 'vitest';

import { FakeIo } from '../cli/fake-io.ts';
import { MoveRelays } from '../cli/move-relays.ts';
import { COMMAND, goodPlace, shellIn } from '../cli/residency-place.ts';
import { JANE, stage } from '../cli/rights-for-test.ts';
import { below, codeIn, readPage } from './page.ts';
import { rowsBelow } from './twin-pages.ts';

const HEADING = '### JSON of what is done for persons, and of where data rest';
const ROWS = rowsBelow(below(readPage('cli.md'), HEADING));
const WHOM = '--user u-17';

/** The members that the page names of a command. */
function documented(command: string): string[] {
  const row = ROWS.find(([commands = '']) => codeIn(commands).includes(command));
  return codeIn(row?.[1] ?? '').toSorted();
}

async function printed(shell: FakeIo, line: string): Promise<string[]> {
  const ran = await shell.run(`${line} --json`);
  expect(ran.code).toBe(0);
  return Object.keys(ran.json()).toSorted();
}

describe('the JSON that docs/cli.md names', () => {
  it('is printed of all that is done for a person', async () => {
    const { shell } = await stage();
    for (const [command, options] of [
      ['export acme', WHOM],
      ['export acme --out person.json', WHOM],
      ['holds place acme', `${WHOM} --reason x`],
      ['holds list acme', ''],
      ['holds lift acme 1', '--yes'],
      ['retention acme', ''],
      ['users key acme', '--user-id u-17'],
      ['erase acme', `${WHOM} --yes`],
      ['erasures acme', ''],
      ['erasures acme 1', ''],
    ] as const) {
      const line = `${command} ${options}`.trim();
      expect([command, await printed(shell, line)]).toEqual([command, documented(command)]);
    }
  });

  it('is printed of a name that is opened again: one of both', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) =>
      path.endsWith('/reveal') ? Response.json({ user_id: 'u-17' }) : undefined;
    expect(documented('users reveal acme')).toEqual(['user_email', 'user_id']);
    expect(await printed(shell, `users reveal acme ${JANE.key}`)).toEqual(['user_id']);
  });

  it('is printed of residency and of a move', async () => {
    const shell = shellIn(await goodPlace());
    expect(await printed(shell, COMMAND.replace(' --json', ''))).toEqual(documented('residency check'));
    const mover = new FakeIo({ fetch: new MoveRelays().fetch });
    const move = 'tenants move acme --to eu';
    expect(await printed(mover, `${move} --yes`)).toEqual(documented(move));
  });

  it('has a row of each of these commands, and no other', () => {
    expect(ROWS.flatMap(([commands = '']) => codeIn(commands))).toHaveLength(13);
  });
});

describe('a report in a pipe', () => {
  it('is neither coloured nor cut off, however long its lines are', async () => {
    const { relay, shell } = await stage();
    const keys = Array.from({ length: 30 }, (_, i) => `p_${String(i).padStart(22, '0')}`);
    relay.state.rights.erasure = { keys };
    await shell.run(`erase acme ${WHOM} --yes`);
    for (const line of ['erasures acme', 'erasures acme 1']) {
      const { stdout } = await shell.run(line);
      expect(stdout).toContain(keys.join(', '));
      expect(stdout).not.toContain('\u001B');
      expect(stdout.endsWith('\n')).toBe(true);
    }
  });
});
