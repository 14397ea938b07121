import { describe, expect, it } from 'vitest';

import { environmentOf, ownOf, readRawConfig } from '../../../cli/deploy/environment.ts';
import { withRecord } from '../../../cli/deploy/wrangler-config.ts';

const raw = readRawConfig();
const RECORD = { kvId: 'a'.repeat(32), domain: 'relay.example.com', egressAllow: 'edr.acme.fr' };

describe.each(['global', 'eu'] as const)('withRecord for %s', (name) => {
  const own = ownOf(withRecord(raw, name, RECORD), name);

  it('puts the recorded values in, and nothing else', () => {
    const { build: _, ...before } = ownOf(raw, name);
    const changed = {
      kv_namespaces: [{ binding: 'RELAY_KV', id: RECORD.kvId }],
      routes: [{ pattern: RECORD.domain, custom_domain: true }],
      vars: {
        ...before.vars,
        RELAY_EGRESS_ALLOW: RECORD.egressAllow,
        RELAY_PUBLIC_URL: 'https://relay.example.com',
      },
    };
    expect(own).toEqual({ ...before, ...changed });
  });

  it('leaves the address that the operator wrote for links', () => {
    const vars = { ...ownOf(raw, name).vars, RELAY_PUBLIC_URL: 'https://soc.example.com' };
    const written =
      name === 'global' ? { ...raw, vars } : { ...raw, env: { [name]: { ...ownOf(raw, name), vars } } };
    expect(ownOf(withRecord(written, name, RECORD), name).vars).toEqual({
      ...vars,
      RELAY_EGRESS_ALLOW: RECORD.egressAllow,
    });
  });

  it('leaves what was not recorded as wrangler.toml has it', () => {
    const kept = ownOf(withRecord(raw, name, { kvId: RECORD.kvId }), name);
    expect(kept.routes).toEqual(ownOf(raw, name).routes);
    expect(kept.vars).toEqual(ownOf(raw, name).vars);
  });
});

describe('environmentOf', () => {
  it('reads from wrangler.toml what a deployment needs', () => {
    expect(environmentOf(raw, 'eu')).toMatchObject({
      flag: 'eu',
      worker: 'noxys-relay-eu',
      jurisdiction: 'eu',
      queues: ['noxys-relay-wakeups-eu', 'noxys-relay-overflow-eu'],
      secrets: expect.arrayContaining(['RELAY_MASTER_KEY', 'RELAY_ADMIN_TOKEN']),
    });
    expect(environmentOf(raw, 'global')).toMatchObject({ flag: '', worker: 'noxys-relay' });
    expect(environmentOf(raw, 'global').jurisdiction).toBeUndefined();
  });

  it('finds no id of an account in wrangler.toml', () => {
    expect(environmentOf(raw, 'global').kvId).toBeUndefined();
    expect(environmentOf(raw, 'eu').kvId).toBeUndefined();
  });
});
