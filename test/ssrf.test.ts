/** Every spelling of a place that no tenant may have the relay send to is refused: where a config is saved, and where a request is made. */

import { describe, expect, it } from 'vitest';

import type { EgressDestination } from '../src/destinations/egress.ts';
import type { Residency } from '../src/domain/tenant-config.ts';
import { type HttpRequest, guardedHttp } from '../src/lib/http.ts';
import { Semaphore } from '../src/lib/semaphore.ts';
import { allowsHost, whyNotAllowed } from '../src/residency.ts';
import { settingsOf } from '../src/settings.ts';
import { validateTenantConfig } from '../src/tenants/validate.ts';
import { INSIDE_SPELLINGS, LOOK_ALIKES } from './ssrf-spellings.ts';
import {
  sampleDocument,
  sampleFalcon,
  sampleHarfangLab,
  sampleHook,
  sampleSlack,
  sampleTeams,
} from './tenants/sample.ts';

/** As wide as an operator can make it for one organisation. */
const { env, residency, egressAllow } = settingsOf({
  RELAY_ENV: 'production',
  RELAY_RESIDENCY: 'global',
  RELAY_EGRESS_ALLOW: 'edr.acme.fr, *.acme.fr, *.soc.acme.eu, hooks.slack.com',
  RELAY_MASTER_KEY: 'A'.repeat(43),
  RELAY_ADMIN_TOKEN: 'a'.repeat(32),
});
const SETTINGS = { env, residency, egressAllow };

const DESTINATIONS: readonly EgressDestination[] = [
  { type: 'harfanglab', country: 'FR' },
  { type: 'falcon' },
  { type: 'slack', transfer_basis: {} },
  { type: 'teams', transfer_basis: {} },
  { type: 'webhook', country: 'FR' },
];

/** Each kind of destination at an address, and the path of the fault that it must have. */
function documentsAt(url: string): readonly { readonly destination: object; readonly path: string }[] {
  const { hec } = sampleFalcon();
  return [
    { destination: { ...sampleHarfangLab(), base_url: url }, path: 'destinations[0].base_url' },
    { destination: { ...sampleFalcon(), hec: { ...hec, url } }, path: 'destinations[0].hec.url' },
    {
      destination: { ...sampleFalcon(), client_id: 'a', client_secret: 'b', base_url: url },
      path: 'destinations[0].base_url',
    },
    ...[sampleSlack(), sampleTeams(), sampleHook()].map((destination) => ({
      destination: { ...destination, url },
      path: 'destinations[0].url',
    })),
  ];
}

function pathsOf(destination: object, of: Residency): readonly string[] {
  const document = { ...sampleDocument(), residency: of, destinations: [destination] };
  const checked = validateTenantConfig(document, SETTINGS);
  return checked.ok ? [] : checked.error.map(({ path }) => path);
}

/** What a request comes to; a fetch that is called at all is remembered. */
async function outcomeAt(url: string, of: Residency, destination: EgressDestination) {
  const fetched: unknown[] = [];
  const send = guardedHttp({
    fetch: async (input) => {
      fetched.push(input);
      return Promise.resolve(new Response());
    },
    allows: allowsHost(SETTINGS, of, destination),
    why: whyNotAllowed(SETTINGS, of, destination),
    connections: new Semaphore(1),
  });
  const request: HttpRequest = { method: 'POST', url, headers: {}, timeoutMs: 1000 };
  const answer = await send(request);
  return { answer, fetched };
}

const BOTH: readonly Residency[] = ['eu', 'global'];

describe('a place inside', () => {
  it('is spelt in more than 200 ways, none of them twice', () => {
    expect(new Set(INSIDE_SPELLINGS.map(({ url }) => url)).size).toBe(INSIDE_SPELLINGS.length);
    expect(INSIDE_SPELLINGS.length).toBeGreaterThanOrEqual(200);
  });

  it.each(INSIDE_SPELLINGS)('is refused when a config is saved: $what, $url', ({ url }) => {
    for (const { destination, path } of documentsAt(url))
      for (const of of BOTH) expect([of, ...pathsOf(destination, of)]).toContain(path);
  });

  it.each(INSIDE_SPELLINGS)('is asked for nothing: $what, $url', async ({ url }) => {
    for (const destination of DESTINATIONS)
      for (const of of BOTH) {
        const { answer, fetched } = await outcomeAt(url, of, destination);
        expect(answer).toMatchObject({ ok: false, error: { kind: 'host_not_allowed' } });
        expect(fetched).toEqual([]);
      }
  });
});

describe('a look-alike', () => {
  it.each(LOOK_ALIKES)('is no host of CrowdStrike: %s', async (url) => {
    const { hec } = sampleFalcon();
    for (const of of BOTH) {
      expect(pathsOf({ ...sampleFalcon(), hec: { ...hec, url } }, of)).toEqual(['destinations[0].hec.url']);
      const { answer, fetched } = await outcomeAt(url, of, { type: 'falcon' });
      expect(answer).toMatchObject({ ok: false, error: { kind: 'host_not_allowed' } });
      expect(fetched).toEqual([]);
    }
  });

  it.each(LOOK_ALIKES)('is nowhere that an EU tenant may send to: %s', async (url) => {
    for (const { destination, path } of documentsAt(url)) expect(pathsOf(destination, 'eu')).toContain(path);
    for (const destination of DESTINATIONS) {
      const { fetched } = await outcomeAt(url, 'eu', destination);
      expect(fetched).toEqual([]);
    }
  });
});

describe('what the guard lets through', () => {
  it.each<[EgressDestination, string]>([
    [{ type: 'harfanglab', country: 'FR' }, 'https://edr.acme.fr:8443/api/v1/events'],
    [{ type: 'webhook', country: 'DE' }, 'https://tickets.soc.acme.eu/hook'],
    [{ type: 'falcon' }, 'https://api.eu-1.crowdstrike.com/oauth2/token'],
    [{ type: 'falcon' }, 'https://a1b2.ingest.eu-1.crowdstrike.com/services/collector'],
  ])('is what the table names: %o at %s', async (destination, url) => {
    const { answer, fetched } = await outcomeAt(url, 'eu', destination);
    expect(answer).toMatchObject({ ok: true });
    expect(fetched).toEqual([url]);
  });
});
