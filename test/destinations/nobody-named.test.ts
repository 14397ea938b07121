/**
 * Whatever the tenant and the destination reduce: no request of any channel, its URL and headers included, holds a raw value of it. Over
 * random settings and entries, through the very code that a lane opens and sends with, against a vendor that takes everything.
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { channelPlans } from '../../src/destinations/channels.ts';
import { CHANNEL_KINDS } from '../../src/destinations/destination.ts';
import type { PrivacyLevel } from '../../src/domain/destination-base.ts';
import {
  type Residency,
  type SealedTenantConfig,
  tenantConfigSchema,
} from '../../src/domain/tenant-config.ts';
import { stricterPrivacy } from '../../src/ingest/minimise.ts';
import { success } from '../../src/lib/result.ts';
import type { Sealer } from '../../src/lib/seal.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { entryRecords } from '../../src/relay/entry-records.ts';
import { openLane } from '../../src/relay/open-lane.ts';
import type { Settings } from '../../src/settings.ts';
import { accountsForTest } from './falcon/accounts-for-test.ts';
import {
  type Entry,
  FIELDS,
  KEY,
  NOW_MS,
  cores,
  dayOf,
  entry,
  levels,
  storedEvent,
} from './named-entries.ts';
import { laneForTest, memoryForTest } from './ports.ts';

const AGENT = 'a'.repeat(32);
/** Secrets as they are. */
const PLAIN_SEALER = { open: async (text: string) => success(text) } as unknown as Sealer;
const SETTINGS = {
  env: 'production',
  residency: 'global',
  egressAllow: ['edr.acme.fr', 'hooks.slack.com', 'flow.example.com', 'hook.example.com'],
  publicUrl: 'https://relay.acme.eu',
} as unknown as Settings;

const BASIS = { mechanism: 'standard_contractual_clauses', reference: 'DPA' };

const BARE = { id: 'acme', residency: 'global', webhook: { secrets: [`whsec_${btoa('x'.repeat(24))}`] } };

/** Each with every channel that the product has. */
const DESTINATIONS: readonly Record<string, unknown>[] = [
  {
    name: 'edr',
    type: 'harfanglab',
    base_url: 'https://edr.acme.fr',
    country: 'FR',
    token: 't',
    mode: 'both',
    actions: ['event', 'incident', 'alert', 'comment', 'contain', 'indicator', 'rule'],
    incidents: { events_at_or_above: 'low' },
  },
  {
    name: 'falcon',
    type: 'falcon',
    region: 'eu-1',
    client_id: 'c',
    client_secret: 's',
    hec: { url: 'https://abc.ingest.eu-1.crowdstrike.com/services/collector', token: 'k' },
    actions: ['event', 'case', 'contain', 'workflow', 'indicator'],
    cases: { events_at_or_above: 'low', alerts: 'tag' },
    workflow: { name: 'respond' },
  },
  { name: 'soc', type: 'slack', url: 'https://hooks.slack.com/services/T/B/x', transfer_basis: BASIS },
  { name: 'room', type: 'teams', url: 'https://flow.example.com/x', transfer_basis: BASIS },
  {
    name: 'hook',
    type: 'webhook',
    url: 'https://hook.example.com/in',
    country: 'FR',
    secrets: [`whsec_${btoa('x'.repeat(24))}`],
  },
].map((destination) => ({
  ...destination,
  ...(['slack', 'teams', 'webhook'].includes(destination.type) && {
    messages: { at_once_at_or_above: 'low', events_at_or_above: 'low', per_hour_max: 1 },
  }),
}));

/** For each kind of destination: about half a second. */
const RUNS = 50;

interface Sent {
  readonly kind: string;
  readonly url: string;
  readonly headers: unknown;
  readonly body: unknown;
}

/** A vendor of every kind: a token, the host that is asked for, and 2xx for the rest. */
function vendor(kind: string, sent: Sent[]): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    sent.push({ kind, url: decodeURIComponent(url.href), headers: init?.headers, body: init?.body });
    const json = (body: unknown, status = 200) => Response.json(body, { status });
    if (url.pathname === '/oauth2/token') return json({ access_token: 't0', expires_in: 1799 }, 201);
    if (url.pathname.startsWith('/devices/')) {
      const asked = /hostname:'([^']*)'/.exec(url.searchParams.get('filter') ?? '')?.[1];
      const host = { device_id: AGENT, status: 'normal', product_type_desc: 'Workstation' };
      return json({ resources: [{ ...host, hostname: asked ?? 'known' }], errors: [], meta: {} });
    }
    if (url.hostname === 'hooks.slack.com') return new Response('ok');
    if (url.hostname === 'edr.acme.fr') return json({ count: 0, next: null, results: [], id: 'x' });
    return json({ resources: [{ id: 'x' }], errors: [], meta: {} });
  };
}

interface Case {
  readonly tenant: Record<(typeof FIELDS)[number], PrivacyLevel>;
  readonly further: Record<(typeof FIELDS)[number], PrivacyLevel>;
  /** What the tenant's privacy was when the entries came: it may have been weaker. */
  readonly isOlder: boolean;
  readonly residency: Residency;
  readonly language: 'en' | 'fr';
  readonly entries: readonly Entry[];
}

const KEEP = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' } as const;

const DROP = { user_id: 'drop', user_email: 'drop', device: 'drop', url: 'drop' } as const;

async function sentOf({ tenant, further, isOlder, residency, language, entries }: Case, document: object) {
  const parsed = tenantConfigSchema.parse({
    ...BARE,
    residency,
    language,
    privacy: tenant,
    device_map: Object.fromEntries(entries.map(({ who }) => [who.id.toLowerCase(), who.hostname])),
    destinations: [{ ...document, privacy: further }],
  });
  const config = {
    ...parsed,
    pseudonym_key: btoa(String.fromCharCode(...KEY)),
  } as unknown as SealedTenantConfig;
  const [destination] = config.destinations;
  if (!destination) throw new Error('Cannot send as there must be a destination');
  const stored = entries.map((made, i) =>
    storedEvent(made, i, isOlder ? { ...config.privacy, ...KEEP } : config.privacy),
  );
  const sent: Sent[] = [];
  for (const { kind, takes } of channelPlans(destination)) {
    const opened = await openLane({
      settings: SETTINGS,
      sealer: PLAIN_SEALER,
      config,
      destination,
      filter: { takes },
      kind,
      fetch: vendor(kind, sent),
      connections: new Semaphore(5),
    });
    if (!opened.ok) throw new Error(JSON.stringify(opened.error));
    const { channel, reduce, send } = opened.value;
    const clock = { nowMs: NOW_MS };
    const memory = memoryForTest(() => clock.nowMs);
    const pairs = stored.map((event, i) => [reduce(event), { seq: i + 1, event }] as const);
    const records = entryRecords(new Map(pairs), opened.value, { before: async ({ event }) => dayOf(event) });
    const events = pairs.map(([event]) => event);
    const io = {
      ...laneForTest({ nowMs: () => clock.nowMs, memory, timeoutMs: 1000 }),
      send,
      records,
      accounts: accountsForTest(clock),
    };
    for (let settled = 0, turn = 0; settled < events.length && turn < 8; turn++) {
      const at = channel.batch ? events.slice(settled) : events.slice(settled, settled + 1);
      const outcome = await channel.deliver(at, io);
      settled += outcome.kind === 'delivered' ? (outcome.settled ?? at.length) : at.length;
      clock.nowMs += 1000;
    }
  }
  return sent;
}

/** Chats are outside the EU: they know nobody. */
function shownTo({ residency, tenant, further }: Case, document: Readonly<Record<string, unknown>>) {
  const isChat = document['type'] === 'slack' || document['type'] === 'teams';
  return isChat && residency === 'eu' ? DROP : stricterPrivacy(tenant, further);
}

describe.each(DESTINATIONS.map((document) => ({ type: String(document['type']), document })))(
  'what is sent to $type',
  ({ document }) => {
    const asked = fc.record({
      tenant: levels,
      further: levels,
      isOlder: fc.boolean(),
      residency: fc.constantFrom('eu', 'global' as const),
      language: fc.constantFrom('en', 'fr' as const),
      entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
    }) as fc.Arbitrary<Case>;

    it('holds no raw value of what the tenant or the destination reduces', async () => {
      let requests = 0;
      await fc.assert(
        fc.asyncProperty(asked, async (given) => {
          const sent = await sentOf(given, document);
          requests += sent.length;
          const text = JSON.stringify(sent).toLowerCase();
          const shown = shownTo(given, document);
          const leaked = given.entries.flatMap(({ who }) =>
            FIELDS.filter((field) => shown[field] !== 'keep').flatMap((field) =>
              cores(who)[field].filter((core) => text.includes(core.toLowerCase())),
            ),
          );
          expect(leaked).toEqual([]);
        }),
        { numRuns: RUNS },
      );
      expect(requests).toBeGreaterThan(40);
    });

    it('goes over every channel, and names the person where nothing is reduced', async () => {
      const silent = new Set(kindsOf(document));
      await fc.assert(
        fc.asyncProperty(asked, async (given) => {
          const kept = { ...given, residency: 'global', tenant: KEEP, further: KEEP } as const;
          const sent = await sentOf(kept, document);
          for (const { kind } of sent) silent.delete(kind);
          const [{ who } = { who: undefined }] = given.entries;
          expect(JSON.stringify(sent)).toContain(who && cores(who).user_id[0]);
        }),
        { numRuns: 10 },
      );
      expect([...silent]).toEqual([]);
    });
  },
);

it('knows every channel that there is', () => {
  expect([...new Set(DESTINATIONS.flatMap(kindsOf))].toSorted()).toEqual([...CHANNEL_KINDS].toSorted());
});

function kindsOf(document: object): readonly string[] {
  const { destinations } = tenantConfigSchema.parse({ ...BARE, destinations: [document] });
  return destinations.flatMap((destination) => channelPlans(destination).map(({ kind }) => kind));
}
