import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { PLAYBOOKS } from '../../src/domain/playbook.ts';
import { FakeIo } from './fake-io.ts';
import { ruleForTest, ruleTestForTest } from './rules-for-test.ts';
import { StandIn } from './stand-in.ts';

describe('playbook list and show', () => {
  it('need no relay, and have every bundled playbook', async () => {
    const shell = new FakeIo({ env: { NOXYS_RELAY_URL: '' } });
    const listed = (await shell.run('playbook list --json')).json<{ playbooks: { name: string }[] }>();
    expect(listed.playbooks.map(({ name }) => name)).toEqual([...PLAYBOOKS]);
    for (const name of PLAYBOOKS) {
      const ran = await shell.run(`playbook show ${name}`);
      expect(ran.stdout).toContain('[ ] true or false positive?');
    }
    expect((await shell.run('playbook show nosuch')).code).toBe(EXIT.invalid);
  });
});

describe('playbook test', () => {
  function stage() {
    const relay = new StandIn();
    const shell = new FakeIo({ fetch: relay.fetch });
    relay.state.rules.push(
      ruleForTest({ playbook: 'critical_response' }),
      ruleForTest({ id: 'other', name: 'other', playbook: 'credential_exposure' }),
      ruleForTest({ id: 'off', name: 'off', playbook: 'critical_response', enabled: false }),
    );
    relay.state.ruleTests.push(ruleTestForTest({ checklist: ['[ ] To check: is there a ticket?'] }));
    return { relay, shell };
  }

  it('shows of each rule of the playbook what would be done, and its checklist', async () => {
    const { relay, shell } = stage();
    const ran = await shell.run('playbook test acme critical_response --dry-run');
    expect(ran.stdout).toBe(`✓ PII on its way out (critical)  pii
      waiting  case    falcon/cases: It would open a case.
      skipped  notify  No destination does it.
      [ ] To check: is there a ticket?
`);
    const asked = relay.sent('POST').map(({ body }) => JSON.parse(body) as { rule: string; event: object });
    expect(asked).toEqual([
      { rule: 'a', event: expect.objectContaining({ type: 'interaction.high_risk' }) as object },
    ]);
  });

  it('is never run by hand', async () => {
    const { relay, shell } = stage();
    const ran = await shell.run('playbook test acme critical_response');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('--dry-run') });
    expect(relay.requests).toEqual([]);
  });

  it('says when no rule has it', async () => {
    const ran = await stage().shell.run('playbook test acme unauthorized_platform --dry-run');
    expect(ran).toMatchObject({ code: EXIT.notFound, stderr: expect.stringContaining('No rule of acme') });
  });
});
