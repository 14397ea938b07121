/** A deployment of the EU form in which nothing is wrong, as the tests of `residency check` spoil it. */

import { readFileSync } from 'node:fs';

import { expect } from 'vitest';

import { CONFIG_PATH } from '../../cli/deploy/environment.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Io } from '../../cli/io.ts';
import type { Finding } from '../../cli/residency/finding.ts';
import { FakeIo } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const TOML = readFileSync(CONFIG_PATH, 'utf8');
export const KV_ID = 'a'.repeat(32);
export const RECORD = { kvId: KV_ID, domain: 'relay.example.com', egressAllow: 'edr.example.com' };
export const COMMAND = 'residency check --config wrangler.toml --record record --json';
export const PUBLIC = ['51.210.4.9', '2001:41d0::1'];

/** All that a fault may be in. */
export interface Place {
  toml: string;
  record: Record<string, unknown>;
  readonly namespaces: { id: string; title: string; jurisdiction?: string }[];
  readonly queues: Map<string, string | undefined>;
  readonly addresses: Record<string, readonly string[]>;
  readonly relay: StandIn;
  env: Record<string, string>;
}

export function euTenant(id: string, more = ''): string {
  return tenantYaml(id, `    country: FR\n${more}`).replace('residency: global', 'residency: eu');
}

/** A deployment of the EU form with one tenant, in which nothing is wrong. */
export async function goodPlace(): Promise<Place> {
  const relay = new StandIn();
  const shell = new FakeIo({
    fetch: relay.fetch,
    env: SECRETS,
    files: { 'tenants/acme.yaml': euTenant('acme') },
  });
  expect((await shell.run('apply -f tenants --yes')).code).toBe(EXIT.ok);
  relay.state.deployment = { residency: 'eu', egressAllow: ['edr.example.com'] };
  return {
    toml: TOML,
    record: RECORD,
    namespaces: [{ id: KV_ID, title: 'noxys-relay-eu', jurisdiction: 'eu' }],
    queues: new Map([
      ['noxys-relay-wakeups-eu', 'eu'],
      ['noxys-relay-overflow-eu', 'eu'],
    ]),
    addresses: { 'edr.example.com': PUBLIC },
    relay,
    env: {},
  };
}

export function shellIn(place: Place, options: { readonly account?: Io['account'] } = {}): FakeIo {
  const account: Io['account'] = {
    listNamespaces: async () => place.namespaces,
    findQueue: async (name) =>
      place.queues.has(name) ? { name, jurisdiction: place.queues.get(name) } : undefined,
  };
  return new FakeIo({
    fetch: place.relay.fetch,
    env: { ...SECRETS, ...place.env },
    addresses: place.addresses,
    account,
    files: { 'wrangler.toml': place.toml, 'record/eu.json': JSON.stringify(place.record) },
    ...options,
  });
}

export async function checked(shell: FakeIo, args = COMMAND) {
  const ran = await shell.run(args);
  const { findings } = ran.json<{ findings: Finding[] }>();
  return {
    ...ran,
    findings,
    bad: findings.filter(({ level }) => level === 'failure' || level === 'unproven'),
  };
}

/** In the text that stands once there; the test must not pass because it stands nowhere. */
export function replaced(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

/** A line of the EU part of wrangler.toml. */
export function inEu({ toml }: Place, from: string, to: string): string {
  const [top = '', eu = ''] = toml.split('\n[env.eu]\n');
  return `${top}\n[env.eu]\n${replaced(eu, from, to)}`;
}

export function withKeys(place: Place, keys: string): void {
  place.toml = replaced(place.toml, '\n[env.eu]\n', `\n[env.eu]\n${keys}\n`);
}

export function withTables(place: Place, tables: string): void {
  place.toml += `\n${tables}\n`;
}

/** Changes the stored config as no PUT would: what an older version of the relay took. */
export function storedConfig({ relay }: Place, change: (config: Record<string, unknown>) => void): void {
  const stored = relay.state.tenants.get('acme');
  if (stored) change(stored.config);
}

export const SLACK = {
  name: 'soc',
  type: 'slack',
  enabled: true,
  url: 'https://hooks.slack.com/services/T0/B0/x',
  privacy: {},
};

export function destinationOf(config: Record<string, unknown>): Record<string, unknown> {
  const [first] = config['destinations'] as Record<string, unknown>[];
  return first ?? {};
}
