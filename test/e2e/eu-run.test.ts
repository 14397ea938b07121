/**
 * A whole run in EU mode, on real host names: no request goes to a host outside the EU, and neither queue messages, nor KV, nor the log,
 * nor the objects' names hold a person or a secret in clear.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { wakeupSchema } from '../../src/domain/wakeup.ts';
import { readAtRest } from './at-rest.ts';
import { EU_HOSTS } from './eu-cloud.ts';
import { ELSEWHERE, EuRun } from './eu-run.ts';
import { findForbidden } from './secret-search.ts';
import type { SentMessage } from './watched-worker.ts';

describe('a whole run of an EU tenant', () => {
  let run: EuRun;
  let messages: readonly SentMessage[];
  let atRest: Awaited<ReturnType<typeof readAtRest>>;

  beforeAll(async () => {
    run = await EuRun.play();
    messages = await run.messages();
    atRest = await readAtRest(run.stage);
  }, 180_000);
  afterAll(async () => run[Symbol.asyncDispose]());

  function logged(event: string): readonly Record<string, unknown>[] {
    const lines = run.stage.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
    return lines.filter((line) => line['event'] === event);
  }

  it('has all of it happen: every vendor is used on every channel, misled, down and back again', () => {
    const { edr, falcon, destinations } = run.stage;
    expect(edr.events.length).toBeGreaterThan(200);
    expect(falcon.events.length).toBeGreaterThan(200);
    expect(falcon.cases.length).toBeGreaterThan(0);
    expect(falcon.indicators.length).toBeGreaterThan(0);
    expect(destinations.receiver.requests.length).toBeGreaterThan(5);
    const reasons = new Set(logged('lane.blocked').map(({ reason }) => reason));
    expect([...reasons]).toEqual(expect.arrayContaining(['redirected', 'wrong_region']));
    expect(logged('delivery.failed').length).toBeGreaterThan(20);
    expect(logged('event.dead_lettered').length).toBeGreaterThan(0);
    expect(logged('webhook.overflowed').length).toBeGreaterThan(0);
    expect(logged('user.erasing').length).toBe(1);
    const paths = new Set(run.cloud.asked.map(({ host, path }) => `${host}/${path.split('/')[1]}`));
    expect([...paths]).toEqual(
      expect.arrayContaining([
        `${EU_HOSTS.api}/oauth2`,
        `${EU_HOSTS.api}/cases`,
        `${EU_HOSTS.api}/iocs`,
        `${EU_HOSTS.api}/devices`,
        `${EU_HOSTS.ingest}/services`,
        `${EU_HOSTS.edr}/api`,
        `${EU_HOSTS.hook}/in`,
      ]),
    );
  });

  it('sends nothing to a host outside the EU, and nothing in clear', () => {
    const hosts = Object.keys(run.cloud.counts).toSorted();
    expect(hosts).toEqual(Object.values(EU_HOSTS).toSorted());
    expect(hosts.filter((host) => ELSEWHERE.some((url) => new URL(url).host === host))).toEqual([]);
    expect(new Set(run.cloud.asked.map(({ scheme }) => scheme))).toEqual(new Set(['https:']));
  });

  it('leaves queue messages of both kinds: references, and what is sealed', () => {
    const kinds = Map.groupBy(messages, ({ queue }) => queue);
    expect(kinds.get('wakeups')?.length).toBeGreaterThan(3);
    expect(kinds.get('overflow')?.length).toBeGreaterThan(20);
    for (const { body, isBytes } of kinds.get('wakeups') ?? []) {
      expect(isBytes).toBe(false);
      expect(Object.keys(body as object).toSorted()).toEqual(['lane', 'residency', 'tenant', 'v']);
      const { tenant, residency } = wakeupSchema.parse(body);
      expect([['acme', 'gamma'].includes(tenant), residency]).toEqual([true, 'eu']);
    }
    for (const { body, isBytes } of kinds.get('overflow') ?? []) {
      expect(isBytes).toBe(true);
      // When it was sealed, and a compact JWE: five parts, of which the first alone can be read.
      const [sealedAt, ...parts] = atob(String(body)).split('.');
      expect(sealedAt).toMatch(/^\d{13}$/);
      expect(parts).toHaveLength(5);
      const header = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()) as object;
      expect(Object.keys(header).toSorted()).toEqual(['alg', 'enc', 'kid', 'purpose', 'tenant']);
    }
  });

  it('names nobody and holds no secret in any queue message, in KV, in the log', () => {
    const places = {
      messages: messages
        .map(({ body, isBytes }) => (isBytes ? atob(String(body)) : JSON.stringify(body)))
        .join('\n'),
      kv: JSON.stringify(atRest.kv),
      log: run.stage.logs.join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text.length).toBeGreaterThan(100);
      expect({ place, persons: findForbidden(run.persons, text) }).toEqual({ place, persons: [] });
      expect({ place, secrets: findForbidden(run.secrets, text) }).toEqual({ place, secrets: [] });
    }
  });

  it('keeps persons in the object of the tenant alone, whose name tells nobody', () => {
    const tables = JSON.stringify(atRest.objects);
    expect(findForbidden(run.persons, tables)).not.toEqual([]);
    expect(findForbidden(run.secrets, tables)).toEqual([]);
    expect(Object.keys(atRest.objects).length).toBe(2);
    for (const id of Object.keys(atRest.objects)) expect(id).toMatch(/^[0-9a-f]{64}$/);
  });

  it('keeps no person in clear where the tenant pseudonymises, with names for those who may open them', () => {
    const objects = Object.values(atRest.objects).map((tables) => JSON.stringify(tables));
    const [tables = '', ...others] = objects.filter((text) => !text.includes('fake.person'));
    expect(others).toEqual([]);
    expect(tables).toContain('gamma');
    expect(findForbidden(run.persons, tables)).toEqual([]);
  });
});
