/** A relay with one tenant, which has stored something of one person, for the tests of commands about a person's rights. */

import type { ErasureView, ExportItem, HoldView } from '../../cli/api-types.ts';
import { FakeIo, type FakeOptions } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { NONE_REMOVED } from './stand-in-rights.ts';
import { problem } from './stand-in-types.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

export const JANE = { key: 'p_0123456789abcdefghijkl', id: 'u-17', email: 'jane.doe@example.com' };
export const NAMES = /jane|u-17/;
export const AT = '2026-11-21T05:00:00.000Z';

function eventItem(number: number): ExportItem {
  const event = {
    v: 1,
    id: `evt_${number}`,
    type: 'interaction.high_risk',
    occurredAt: AT,
    receivedAt: AT,
    tenant: 'acme',
    user: JANE,
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it is on the wire
  return { kind: 'event', event } as unknown as ExportItem;
}

export const ITEMS: readonly ExportItem[] = [
  { kind: 'key', key: JANE.key },
  eventItem(1),
  eventItem(2),
  { kind: 'watch', since: AT, until: AT },
  eventItem(3),
];

/** A relay with the tenant acme, which has stored something of Jane. */
export async function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  const files = { 'tenants/acme.yaml': tenantYaml('acme') };
  await new FakeIo({ fetch: relay.fetch, env: SECRETS, files }).run('apply -f tenants --yes');
  relay.requests.length = 0;
  relay.state.rights.persons.push({ ...JANE, items: ITEMS });
  return { relay, shell: new FakeIo({ fetch: relay.fetch, ...options }) };
}

export function bodyOf(relay: StandIn, path: RegExp): unknown {
  return JSON.parse(relay.sent('POST', path)[0]?.body ?? 'null');
}

export function hold(id: number, more: Partial<HoldView> = {}): HoldView {
  return { id, at: AT, by: 'token:dpo', reason: 'case 2026-17', held: 3, ...more };
}

/** One that is done. */
export function erasureOf(keys: readonly string[], events: number): ErasureView {
  return {
    id: 7,
    begunAt: AT,
    doneAt: AT,
    lateUntil: AT,
    late: 0,
    keys,
    removed: { ...NONE_REMOVED, events },
    undelivered: {},
    outside: { destinations: [], recoverableUntil: AT },
    remaining: [],
    alsoSeen: [],
  };
}

export const refusing = (status: number, kind: string, detail: string) => () => problem(status, kind, detail);
