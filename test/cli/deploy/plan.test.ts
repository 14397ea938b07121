import { describe, expect, it } from 'vitest';

import type { Found } from '../../../cli/deploy/account.ts';
import { environmentOf, readRawConfig } from '../../../cli/deploy/environment.ts';
import { type Wanted, planSetup } from '../../../cli/deploy/plan.ts';

const raw = readRawConfig();
const EU = environmentOf(raw, 'eu');
const GLOBAL = environmentOf(raw, 'global');
const ID = 'a'.repeat(32);
const OTHER_ID = 'b'.repeat(32);

const NOTHING: Found = { namespaces: [], queues: [], secrets: [] };
const COMPLETE: Found = {
  namespaces: [{ id: ID, title: 'noxys-relay-eu', jurisdiction: 'eu' }],
  queues: EU.queues.map((name) => ({ name, jurisdiction: 'eu' })),
  secrets: [...EU.secrets],
};

function wanted(changes: Partial<Wanted> = {}): Wanted {
  return {
    environment: EU,
    kvId: undefined,
    mayCreate: true,
    storedSecrets: [],
    canMake: () => true,
    ...changes,
  };
}

describe('planSetup', () => {
  it('makes everything in an empty account, in the EU where that is asked for', () => {
    const { steps, faults } = planSetup(wanted(), NOTHING);
    expect(faults).toEqual([]);
    expect(steps.map(({ kind, todo }) => [kind, todo])).toEqual([
      ['KV namespace', 'make'],
      ['queue', 'make'],
      ['queue', 'make'],
      ['secret', 'make'],
      ['secret', 'make'],
    ]);
    const made = steps.filter(({ kind }) => kind !== 'secret');
    expect(made.every(({ jurisdiction }) => jurisdiction === 'eu')).toBe(true);
  });

  it('keeps all that is there', () => {
    const { steps, faults } = planSetup(wanted(), COMPLETE);
    expect(faults).toEqual([]);
    expect(steps.every(({ todo }) => todo === 'keep')).toBe(true);
    expect(steps[0]).toMatchObject({ id: ID });
  });

  it('asks for no jurisdiction where none is wanted, and takes what has one', () => {
    const found = {
      ...COMPLETE,
      namespaces: [],
      queues: [{ name: 'noxys-relay-wakeups', jurisdiction: 'us' }],
    };
    const { steps, faults } = planSetup(wanted({ environment: GLOBAL }), found);
    expect(faults).toEqual([]);
    expect(steps.slice(0, 3)).toMatchObject([
      { name: 'noxys-relay', todo: 'make', jurisdiction: undefined },
      { name: 'noxys-relay-wakeups', todo: 'keep' },
      { name: 'noxys-relay-overflow', todo: 'make' },
    ]);
  });

  it('puts values that are at hand, and makes the others', () => {
    const { steps } = planSetup(wanted({ storedSecrets: ['RELAY_MASTER_KEY'] }), NOTHING);
    expect(steps.filter(({ kind }) => kind === 'secret')).toMatchObject([
      { name: 'RELAY_MASTER_KEY', todo: 'put' },
      { name: 'RELAY_ADMIN_TOKEN', todo: 'make' },
    ]);
  });

  it('finds the namespace that wrangler made by itself', () => {
    const found = { ...NOTHING, namespaces: [{ id: ID, title: 'noxys-relay-relay-kv' }] };
    const { steps } = planSetup(wanted({ environment: GLOBAL }), found);
    expect(steps[0]).toMatchObject({ todo: 'keep', id: ID });
  });

  it.each<[string, Partial<Wanted>, Partial<Found>, string]>([
    [
      'a namespace outside the EU',
      {},
      { namespaces: [{ id: ID, title: 'noxys-relay-eu' }] },
      'noxys-relay-eu must be in the EU: it has no jurisdiction, for good',
    ],
    [
      'a recorded namespace outside the EU, whatever its title',
      { kvId: ID },
      { namespaces: [{ id: ID, title: 'mine', jurisdiction: 'us' }] },
      'mine must be in the EU: it has jurisdiction us',
    ],
    [
      'a queue outside the EU',
      {},
      { queues: [{ name: 'noxys-relay-overflow-eu', jurisdiction: undefined }] },
      'wrangler queues delete noxys-relay-overflow-eu',
    ],
    [
      'another account',
      { kvId: OTHER_ID },
      {},
      `${OTHER_ID}, which was recorded or given, is not in this account`,
    ],
    [
      'two namespaces that could be meant',
      {},
      {
        namespaces: [
          { id: ID, title: 'noxys-relay-eu', jurisdiction: 'eu' },
          { id: OTHER_ID, title: 'noxys-relay-eu-relay-kv', jurisdiction: 'eu' },
        ],
      },
      '--kv-id',
    ],
    [
      'a required secret that it has no way to make',
      { canMake: (name) => name !== 'RELAY_ADMIN_TOKEN' },
      { secrets: [] },
      'wrangler secret put RELAY_ADMIN_TOKEN --env=eu',
    ],
    ['anything missing when it may make nothing', { mayCreate: false }, { queues: [] }, '--no-create'],
  ])('refuses %s, and says what to do', (_what, changes, found, words) => {
    const { faults } = planSetup(wanted(changes), { ...COMPLETE, ...found });
    expect(faults.join('\n')).toContain(words);
  });
});
