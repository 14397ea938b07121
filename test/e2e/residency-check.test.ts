/** `residency check` with the real wrangler against a simulated Cloudflare account, and no relay to be reached. */

import { describe, expect, it } from 'vitest';

import type { Finding } from '../../cli/residency/finding.ts';
import { Operator } from './operator.ts';

const WORKER = 'noxys-relay-eu';
const KV_ID = 'a'.repeat(32);
/** Nothing listens there: the relay is not what this is about. */
const NOWHERE = 'http://127.0.0.1:1';
const STORY_MS_MAX = 120_000;

async function asked(operator: Operator, kvId: string) {
  operator.write('eu.json', JSON.stringify({ kvId, egressAllow: 'edr.acme.fr' }));
  const token = operator.write('token', 'operator-token-0123456789-abcdef');
  const options = ['--record', operator.folder, '--url', NOWHERE, '--token-file', token];
  const ran = await operator.cli('residency', 'check', '--json', ...options);
  const document = ran.output.slice(ran.output.indexOf('{'), ran.output.lastIndexOf('}') + 1);
  const { findings } = JSON.parse(document) as { findings: Finding[] };
  const levelsOf = (check: string) => findings.filter((one) => one.check === check).map(({ level }) => level);
  return { code: ran.code, findings, levelsOf };
}

describe.concurrent('residency check', { timeout: STORY_MS_MAX }, () => {
  it('has from Cloudflare that KV and queues are in the EU, writes nothing, and proves nothing without the relay', async () => {
    await using operator = await Operator.open();
    const { account } = operator;
    const namespace = account.namespaces.add(WORKER, 'eu');
    account.queues.add('noxys-relay-wakeups-eu', 'eu');
    account.queues.add('noxys-relay-overflow-eu', 'eu');
    const { code, levelsOf } = await asked(operator, namespace.id);
    expect(levelsOf('kv_jurisdiction')).toEqual(['ok']);
    expect(levelsOf('queue_jurisdiction')).toEqual(['ok', 'ok']);
    expect(levelsOf('running_settings')).toEqual(['unproven']);
    expect(code).toBe(1);
    expect(account.writes).toEqual([]);
  });

  it('has from Cloudflare what is elsewhere, and what is gone', async () => {
    await using operator = await Operator.open();
    const { account } = operator;
    const namespace = account.namespaces.add(WORKER);
    account.queues.add('noxys-relay-wakeups-eu', 'us');
    const { code, findings, levelsOf } = await asked(operator, namespace.id);
    expect(levelsOf('kv_jurisdiction')).toEqual(['failure']);
    expect(levelsOf('queue_jurisdiction')).toEqual(['failure', 'failure']);
    const words = findings.map(({ what, fix }) => `${what} ${fix}`).join('\n');
    expect(words).toContain(`npx wrangler kv namespace delete --namespace-id ${namespace.id}`);
    expect(words).toContain('noxys-relay-wakeups-eu must be in the EU: it has jurisdiction us');
    expect(words).toContain('The queue noxys-relay-overflow-eu is not in this account.');
    expect(code).toBe(1);
  });

  it('tells how to log in when nobody is', async () => {
    await using operator = await Operator.open();
    operator.account.revokeToken();
    const { findings, levelsOf } = await asked(operator, KV_ID);
    expect(levelsOf('kv_jurisdiction')).toEqual(['unproven']);
    expect(levelsOf('queue_jurisdiction')).toEqual(['unproven', 'unproven']);
    expect(findings.find(({ check }) => check === 'kv_jurisdiction')?.fix).toContain('npx wrangler login');
  });
});
