/** From a clean Cloudflare account to a deployment, with the real wrangler against a simulated account. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { describe, expect, it } from 'vitest';

import { settingsOf } from '../../src/settings.ts';
import { Operator } from './operator.ts';

const DOMAIN = 'relay.example.com';
const EU = ['--env', 'eu', '--domain', DOMAIN, '--allow', 'edr.acme.fr, *.acme.eu'];
const WORKER_EU = 'noxys-relay-eu';
const QUEUES_EU = ['noxys-relay-overflow-eu', 'noxys-relay-wakeups-eu'];
const SECRETS = ['RELAY_ADMIN_TOKEN', 'RELAY_MASTER_KEY'];
/** wrangler starts 20 times, a second of computing each: a machine that does much else takes minutes. */
const STORY_MS_MAX = 300_000;

/** What the last upload of a Worker bound, by name. */
function boundOf({ account }: Operator, worker: string): Record<string, Record<string, unknown>> {
  const bindings = account.workers.scripts.get(worker)?.bindings ?? [];
  return Object.fromEntries(bindings.map(({ name, ...binding }) => [name, binding]));
}

describe.concurrent('deploy:setup', () => {
  it(
    'makes all that an EU deployment needs, goes on after a kill, changes nothing twice, and deploys',
    { timeout: STORY_MS_MAX },
    async () => {
      await using operator = await Operator.open();
      const { account } = operator;

      const killed = await operator.setupKilledAt(
        ({ request: { method, path } }) => method === 'PUT' && path.endsWith(`/workers/scripts/${WORKER_EU}`),
        ...EU,
      );
      expect(killed.code).toBeNull();
      const kept = operator.read('eu.secrets') ?? '';
      expect(statSync(join(operator.folder, 'record', 'eu.secrets')).mode & 0o777).toBe(0o600);
      expect(operator.read('.gitignore')).toBe('*\n');

      const finished = await operator.setup(...EU);
      expect(finished).toMatchObject({ code: 0, output: expect.stringContaining('password manager') });
      expect(account.namespaces.all).toMatchObject([{ title: WORKER_EU, jurisdiction: 'eu' }]);
      expect(account.queues.all.map(({ queue_name: name }) => name).toSorted()).toEqual(QUEUES_EU);
      expect(account.queues.all.every(({ jurisdiction }) => jurisdiction === 'eu')).toBe(true);
      const secrets = Object.fromEntries(account.workers.scripts.get(WORKER_EU)?.secrets ?? []);
      expect(secrets).toEqual(parseEnv(kept));
      expect(Object.keys(secrets).toSorted()).toEqual(SECRETS);
      expect(() => settingsOf({ RELAY_ENV: 'production', RELAY_RESIDENCY: 'eu', ...secrets })).not.toThrow();

      const writes = account.writes.length;
      const record = operator.read('eu.json');
      const second = await operator.setup('--env', 'eu');
      expect(second).toMatchObject({ code: 0, output: expect.stringContaining('Nothing to do') });
      expect(account.writes).toHaveLength(writes);
      expect(operator.read('eu.json')).toBe(record);

      const deployed = await operator.deploy('--env', 'eu');
      expect(deployed).toMatchObject({ code: 0, output: expect.stringContaining(DOMAIN) });
      expect(account.domains.get(WORKER_EU)).toEqual([DOMAIN]);
      expect(boundOf(operator, WORKER_EU)).toMatchObject({
        RELAY_KV: { namespace_id: account.namespaces.all[0]?.id },
        WAKEUPS: { queue_name: 'noxys-relay-wakeups-eu' },
        OVERFLOW: { queue_name: 'noxys-relay-overflow-eu' },
        RELAY_EGRESS_ALLOW: { text: 'edr.acme.fr, *.acme.eu' },
        RELAY_RESIDENCY: { text: 'eu' },
        RELAY_MASTER_KEY: { type: 'secret_text' },
        RELAY_ADMIN_TOKEN: { type: 'secret_text' },
      });
      expect(account.namespaces.all).toHaveLength(1);
      expect(account.queues.all).toHaveLength(2);

      const { traces } = operator;
      expect(traces).toContain('"secret","bulk"');
      for (const value of Object.values(secrets))
        expect(traces.includes(value), 'a secret was left').toBe(false);
    },
  );

  it('says in a dry run what it would do, and writes neither there nor here', async () => {
    await using operator = await Operator.open();
    const { code, output } = await operator.setup(...EU, '--dry-run');
    expect(code).toBe(0);
    expect(output).toContain('wrangler kv namespace create noxys-relay-eu --jurisdiction eu');
    for (const name of QUEUES_EU)
      expect(output).toContain(`wrangler queues create ${name} --jurisdiction eu`);
    for (const name of SECRETS) expect(output).toContain(name);
    expect(operator.account.requests.length).toBeGreaterThan(3);
    expect(operator.account.writes).toEqual([]);
    expect(operator.read('eu.json')).toBeUndefined();
    expect(operator.read('eu.secrets')).toBeUndefined();
  });

  it('refuses resources that were made outside the EU, and makes nothing beside them', async () => {
    await using operator = await Operator.open();
    const namespace = operator.account.namespaces.add(WORKER_EU);
    operator.account.queues.add('noxys-relay-wakeups-eu');
    operator.account.queues.add('noxys-relay-overflow-eu', 'us');
    const { code, output } = await operator.setup(...EU);
    expect(code).toBe(1);
    expect(output).toContain('noxys-relay-wakeups-eu must be in the EU: it has no jurisdiction');
    expect(output).toContain('noxys-relay-overflow-eu must be in the EU: it has jurisdiction us');
    expect(output).toContain(`wrangler kv namespace delete --namespace-id ${namespace.id}`);
    expect(operator.account.writes).toEqual([]);
  });

  it('runs once at a time: what Cloudflare has is what the file has', { timeout: STORY_MS_MAX }, async () => {
    await using operator = await Operator.open();
    const both = await Promise.all([operator.setup(...EU), operator.setup(...EU)]);
    expect(both.map(({ code }) => String(code)).toSorted()).toEqual(['0', '1']);
    expect(both.find(({ code }) => code === 1)?.output).toContain('no other setup may be at work');
    const secrets = Object.fromEntries(operator.account.workers.scripts.get(WORKER_EU)?.secrets ?? []);
    expect(secrets).toEqual(parseEnv(operator.read('eu.secrets') ?? ''));
    expect(operator.account.namespaces.all).toHaveLength(1);
  });

  it('tells how to log in when nobody is', async () => {
    await using operator = await Operator.open();
    operator.account.revokeToken();
    const { code, output } = await operator.setup('--env', 'eu');
    expect(code).toBe(1);
    expect(output).toContain('npx wrangler login');
    expect(operator.account.writes).toEqual([]);
  });
});

describe.concurrent('a plain wrangler deploy', () => {
  it('makes what the global environment lacks', async () => {
    await using operator = await Operator.open();
    const { account } = operator;
    const secrets = operator.write('first.secrets', 'RELAY_MASTER_KEY=x\nRELAY_ADMIN_TOKEN=y\n');
    const deployed = await operator.deploy('--secrets-file', secrets);
    expect(deployed.code).toBe(0);
    expect(account.namespaces.all.map(({ title }) => title)).toEqual(['noxys-relay-relay-kv']);
    expect(account.queues.all).toHaveLength(2);
    expect(boundOf(operator, 'noxys-relay')).toMatchObject({
      RELAY_KV: { namespace_id: account.namespaces.all[0]?.id },
    });
  });

  it('is refused when the record was changed to hosts that the relay would not take', async () => {
    await using operator = await Operator.open();
    const record = { kvId: 'a'.repeat(32), domain: DOMAIN, egressAllow: '*, 10.0.0.1' };
    operator.write('eu.json', JSON.stringify(record));
    const { code, output } = await operator.deploy('--env', 'eu', '--record', operator.folder);
    expect(code).toBe(1);
    expect(output).toContain('RELAY_EGRESS_ALLOW');
    expect(operator.account.requests).toEqual([]);
  });

  it('is refused when the record opens the EU to hosts of anybody, with the sentence that mends it', async () => {
    await using operator = await Operator.open();
    const record = { kvId: 'a'.repeat(32), domain: DOMAIN, egressAllow: 'edr.acme.fr, *.azurewebsites.net' };
    operator.write('eu.json', JSON.stringify(record));
    const { code, output } = await operator.deploy('--env', 'eu', '--record', operator.folder);
    expect(code).toBe(1);
    expect(output).toContain('as anybody can have a host below a public suffix');
    expect(output).toContain('at entry 2. Record other hosts: deploy:setup with --allow');
    expect(operator.account.requests).toEqual([]);
  });

  it('of the EU environment is refused before it asks for anything', async () => {
    await using operator = await Operator.open();
    const { code, output } = await operator.wrangler('deploy', '--env', 'eu');
    expect(code).toBe(1);
    expect(output).toContain('npm run deploy:setup -- --env eu');
    expect(operator.account.requests).toEqual([]);
  });
});
