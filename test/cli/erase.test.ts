import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo } from './fake-io.ts';
import { AT, erasureOf, hold, JANE, NAMES, stage } from './rights-for-test.ts';
import type { StandIn } from './stand-in.ts';
import { problem } from './stand-in-types.ts';

describe('erase', () => {
  it('shows what will happen and erases nothing until the tenant was typed', async () => {
    const { relay, shell } = await stage({ answers: ['beta', 'acme'] });
    const refused = await shell.run('erase acme --user u-17');
    expect(refused).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(refused.stderr).toContain('stays in edr (harfanglab)');
    expect(relay.sent('POST')).toEqual([]);
    expect((await shell.run('erase acme --user u-17')).code).toBe(EXIT.ok);
    expect(relay.sent('POST')).toHaveLength(1);
    expect(shell.asked.at(-1)).toContain('Type "acme"');
  });

  it('asks for --yes where nobody can be asked', async () => {
    const { relay, shell } = await stage();
    expect(await shell.run('erase acme --user u-17')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('Say --yes'),
    });
    expect(relay.sent('POST')).toEqual([]);
  });

  it('waits until it is done and prints a report that names nobody', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.looksUntilDone = 3;
    relay.state.rights.erasure = {
      undelivered: { 'edr/events': 4 },
      outside: {
        destinations: [
          { destination: 'edr', type: 'harfanglab', entries: 12 },
          { destination: 'falcon', type: 'falcon', entries: 1 },
          { destination: 'soc', type: 'slack', entries: 2 },
          { destination: 'team', type: 'teams', entries: 2 },
          { destination: 'hook', type: 'webhook', entries: 2 },
          { destination: 'new', type: 'carrier_pigeon', entries: 2 },
          { destination: 'idle', type: 'falcon', entries: 0 },
        ],
        recoverableUntil: '2026-12-22T05:00:00.000Z',
      },
      alsoSeen: ['p_abcdefghijkl0123456789'],
    };
    const ran = await shell.run('erase acme --user jane.doe@example.com --yes');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.all).not.toMatch(NAMES);
    expect(ran.stderr).toContain('Erasing: 6 things removed so far.');
    expect(ran.stdout).toContain(`Erasure 1 of a person from the tenant acme
begun     2026-11-22 05:00:00 UTC
done      2026-11-22 05:00:00 UTC
known as  ${JANE.key}

Removed from the relay
        5  events
        0  detections
`);
    for (const text of [
      '        4  edr/events',
      'come late are dropped until 2026-11-30 05:00:00 UTC',
      'edr (harfanglab): up to 12 entries. Look for',
      'falcon (falcon): up to 1 entry. Look for the names and the keys in Next-Gen SIEM',
      'soc (slack): up to 2 entries. Search the channel',
      'team (teams): up to 2 entries. Search the channel',
      'hook (webhook): up to 2 entries. Ask whoever runs the receiver',
      'new (carrier_pigeon): up to 2 entries. Ask whoever runs it',
      'idle (falcon): nothing of the person was delivered.',
      'until 2026-12-22 05:00:00 UTC',
      'npx noxys-relay erase acme --user-key p_abcdefghijkl0123456789',
    ])
      expect(ran.stdout).toContain(text);
  });

  it('does not have names looked for where an EU tenant told nobody of them', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.erasure = {
      outside: {
        destinations: [
          { destination: 'edr', type: 'harfanglab', entries: 1 },
          { destination: 'soc', type: 'slack', entries: 2 },
          { destination: 'team', type: 'teams', entries: 2 },
        ],
        recoverableUntil: AT,
      },
    };
    relay.intercept = ({ method, path }) =>
      method === 'GET' && path.endsWith('/tenants/acme')
        ? Response.json({ version: 1, savedAt: AT, config: { residency: 'eu', destinations: [] } })
        : undefined;
    const { stdout } = await shell.run('erase acme --user u-17 --yes');
    expect(stdout).toContain('soc (slack): up to 2 entries. What an EU tenant writes there names nobody');
    expect(stdout).toContain('team (teams): up to 2 entries. What an EU tenant writes there names nobody');
    expect(stdout).toContain('edr (harfanglab): up to 1 entry. Look for the names');
    expect(stdout).not.toContain('Search the channel');
  });

  it('says of a number that no erasure has that there is none', async () => {
    const { relay, shell } = await stage();
    relay.intercept = () =>
      problem(
        404,
        'erasure_not_found',
        'No erasure of this number is remembered: GET …/erasures lists those that are.',
      );
    const ran = await shell.run('erasures acme 7');
    expect(ran.code).toBe(EXIT.notFound);
    expect(ran.stderr).toContain('No erasure of this number is remembered.');
    expect(ran.stderr).not.toContain('GET');
  });

  it('says what still names the person, and ends with 1', async () => {
    const { relay, shell } = await stage();
    const path = 'destinations[0].where';
    relay.state.rights.erasure = { remaining: [{ path, mend: 'Take the entry out of\u001B[2J the file.' }] };
    const ran = await shell.run('erase acme --user u-17 --yes');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toContain(`${path}: Take the entry out of�[2J the file.`);
  });

  it('says that a name which nothing was stored under may be misspelt, and ends with 4', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.looksUntilDone = 0;
    const ran = await shell.run('erase acme --user nobody --yes');
    expect(ran.code).toBe(EXIT.notFound);
    expect(ran.stdout).toContain('Nothing was stored under this name: check its spelling, capitals count.');
    expect(await shell.run('erasures acme 1')).toMatchObject({ code: EXIT.notFound, stdout: ran.stdout });
    // A second one of nothing does not make the first one proof.
    const again = await shell.run('erase acme --user nobody --yes --json');
    expect(again.code).toBe(EXIT.notFound);
    expect(again.json()).toMatchObject({ wasStored: false, erasedBefore: null, erasure: { id: 2 } });
    for (const met of [
      { undelivered: { 'edr/events': 1 } },
      { alsoSeen: [JANE.key] },
      { late: 1 },
      {
        outside: {
          destinations: [{ destination: 'edr', type: 'harfanglab', entries: 1 }],
          recoverableUntil: AT,
        },
      },
    ]) {
      relay.state.rights.erasure = met;
      const found = await shell.run('erase acme --user nobody --yes');
      expect(found).toMatchObject({ code: EXIT.ok, stdout: expect.not.stringContaining('Nothing was') });
    }
  });

  it('says of a person who was erased before when that was', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.looksUntilDone = 0;
    relay.state.rights.erasures.push(erasureOf([JANE.key], 5));
    relay.state.rights.persons.unshift({ ...JANE, items: [] });
    relay.state.rights.erasure = { id: 8 };
    const ran = await shell.run('erase acme --user u-17 --yes');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toContain(
      'Nothing was stored under this name any more: erasure 7 of 2026-11-21 05:00:00 UTC removed it.',
    );
  });

  it('has the report as a document, too, with what is to do outside', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.erasure = {
      outside: {
        destinations: [{ destination: 'edr', type: 'harfanglab', entries: 1 }],
        recoverableUntil: AT,
      },
    };
    expect((await shell.run('erase acme --user u-17 --yes --json')).json()).toMatchObject({
      tenant: 'acme',
      erasure: { id: 1, keys: [JANE.key], doneAt: expect.any(String) },
      advice: [{ destination: 'edr', advice: expect.stringContaining('HarfangLab') }],
    });
  });

  it('is refused by a hold, and says how to lift it', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.holds.push(hold(3, { keys: [JANE.key] }), hold(4));
    const ran = await shell.run('erase acme --user u-17 --yes --json');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stderr).toContain(
      'Nothing was removed, as legal holds 3, 4 keep it: lift those first.\nLift what is not needed any more:\n  npx noxys-relay holds lift acme 3\n  npx noxys-relay holds lift acme 4',
    );
    expect(ran.json()).toMatchObject({ error: { kind: 'held', holds: [3, 4] } });
    expect(relay.state.rights.erasures).toEqual([]);
  });

  it('is not repeated where its answer was lost, as its report would be of nothing', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) => {
      if (!path.endsWith('/erase')) return undefined;
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
      });
    };
    expect(await shell.run('erase acme --user u-17 --yes')).toMatchObject({
      code: EXIT.unreachable,
      stderr: expect.stringContaining('It may have begun all the same: npx noxys-relay erasures acme'),
    });
    expect(relay.sent('POST', /erase$/)).toHaveLength(1);
  });

  it('tells how to look again where the relay goes away meanwhile', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) => {
      if (path.includes('/erasures/')) throw new TypeError('fetch failed');
      return undefined;
    };
    const ran = await shell.run('erase acme --user u-17 --yes --json');
    expect(ran.code).toBe(EXIT.unreachable);
    expect(ran.stderr).toContain('goes on by itself: npx noxys-relay erasures acme 1 --wait');
    expect(ran.json()).toMatchObject({ error: { kind: 'not_reachable', erasure: 1 } });
  });

  it('goes on by itself after Ctrl-C', async () => {
    const relay = await stage();
    const shell = new FakeIo({ fetch: relay.relay.fetch, onSleep: () => shell.controller.abort() });
    const ran = await shell.run('erase acme --user u-17 --yes');
    expect(ran).toMatchObject({
      code: EXIT.interrupted,
      stdout: '',
      stderr: expect.stringContaining('erasures acme 1 --wait'),
    });
  });

  it('gives up on one in which nothing happens any more', async () => {
    const { relay, shell } = await stage();
    const stuck = { ...(await begun(relay)), id: 1 };
    relay.intercept = ({ path }) => (path.endsWith('/erasures/1') ? Response.json(stuck) : undefined);
    const ran = await shell.run('erasures acme 1 --wait');
    expect(ran).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('doctor acme') });
    expect(shell.sleptMs).toBeGreaterThan(600_000);
  });

  it('refuses an answer that is none', async () => {
    const { relay, shell } = await stage();
    const { outside: _, ...rest } = await begun(relay);
    for (const body of [rest, { ...rest, outside: {} }]) {
      relay.intercept = ({ path }) => (path.endsWith('/erase') ? Response.json(body) : undefined);
      const ran = await shell.run('erase acme --user u-17 --yes');
      expect(ran).toMatchObject({
        code: EXIT.unreachable,
        stderr: expect.stringContaining('without outside'),
      });
    }
  });

  it('need not be waited for: erasures reports it later, and lists all by keys', async () => {
    const { relay, shell } = await stage();
    expect((await shell.run('erasures acme')).stdout).toBe('Nobody was erased.\n');
    const ran = await shell.run('erase acme --user u-17 --yes --no-wait');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toContain('not yet: it goes on by itself');
    expect(ran.stderr).toContain('erasures acme 1 --wait');
    expect(relay.sent('GET', /erasures/)).toHaveLength(1);
    const listed = await shell.run('erasures acme');
    expect(listed.stdout).toMatch(/^ 1 +2026-11-22 05:00:00 +goes on +5 +0 +p_0123456789abcdefghijkl$/m);
    const shown = await shell.run('erasures acme 1 --wait');
    expect(shown.stdout).toMatch(/^done +2026-11-22/m);
  });
});

/** An erasure as the relay answers it. */
async function begun(relay: StandIn): Promise<Record<string, unknown>> {
  const shell = new FakeIo({ fetch: relay.fetch });
  const ran = await shell.run('erase acme --user nobody --yes --no-wait --json');
  return ran.json<{ readonly erasure: Record<string, unknown> }>().erasure;
}
