import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createApp } from '../../src/http/app.ts';
import { encodeBase64 } from '../../src/lib/bytes.ts';
import { hmacSha256, importHmacKey } from '../../src/lib/hmac.ts';
import { isSampled } from '../../src/lib/sampling.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { publishIngestConfig } from '../../src/tenants/ingest-config.ts';
import { sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { sampleDocument } from '../tenants/sample.ts';
import { type World, fakeWorld } from './fakes.ts';

const NOW_MS = 1_763_800_000_000;
const KEY = new TextEncoder().encode('a signing key of some 28 bytes');

let world: World;
let nowMs = NOW_MS;
/** Milliseconds that the tenant's object takes. */
let objectMs = 0;
const lines: Record<string, unknown>[] = [];

beforeEach(() => {
  nowMs = NOW_MS;
  objectMs = 0;
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
  }
});
afterEach(() => {
  lines.length = 0;
  vi.restoreAllMocks();
});

/** A world whose tenant `acme` takes what is signed. */
async function open(logOneIn: number): Promise<void> {
  world = fakeWorld({ RELAY_LOG_ONE_IN: String(logOneIn) });
  world.prepare = (relay) => {
    relay.accepts = async () => {
      nowMs += objectMs;
      return { kind: 'accepted', accepted: 1, duplicates: 2 };
    };
  };
  const settings = settingsOf(world.env);
  const config = validateTenantConfig(
    {
      ...sampleDocument(),
      id: 'acme',
      residency: 'global',
      webhook: { secrets: [`whsec_${encodeBase64(KEY)}`] },
      destinations: [],
    },
    settings,
  );
  const sealer = createSealer(settings.masterKeys);
  const sealed = config.ok ? await sealConfig(config.value, { sealer, stored: null }) : undefined;
  if (!sealed?.ok) throw new Error('the sample must be valid');
  await publishIngestConfig(world.kv, {
    version: 1,
    savedAt: '2026-11-22T00:00:00.000Z',
    config: sealed.value,
  });
}

async function post(value: unknown, headers: Record<string, string> = {}): Promise<number> {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const timestamp = String(NOW_MS / 1000);
  const content = new TextEncoder().encode(`msg_1.${timestamp}.${body}`);
  const signature = encodeBase64(await hmacSha256(await importHmacKey(KEY), content));
  const request = new Request('https://relay.example.com/hooks/acme', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
      ...headers,
    },
  });
  const app = createApp({ nowMs: () => nowMs, newRequestId: () => 'req-1' });
  return (await app.fetch(request, world.env)).status;
}

function event(id: string, type = 'interaction.high_risk') {
  return { id, type, data: { user_email: 'alice@acme.fr', user_id: 'alice' } };
}

function idOf(i: number): string {
  return `evt_01jd${String(i).padStart(8, '0')}x`;
}

describe('the log of a webhook', () => {
  it('has one line for each that is accepted, with its counts, ids and times, when N is 1', async () => {
    await open(1);
    objectMs = 7;
    await post([event(idOf(1)), event(idOf(2), 'interaction.created'), 7, event('alice@acme.fr')]);
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'webhook.accepted',
        requestId: 'req-1',
        tenant: 'acme',
        accepted: 1,
        duplicates: 2,
        filtered: 1,
        rejected: 1,
        eventIds: [idOf(1), idOf(2)],
        durationMs: 7,
        objectMs: 7,
      },
    ]);
  });

  it('has a line without an object where every event is filtered', async () => {
    await open(1);
    await post(event(idOf(1), 'interaction.created'));
    expect(lines).toMatchObject([{ event: 'webhook.accepted', accepted: 0, filtered: 1 }]);
    expect(lines[0]).not.toHaveProperty('objectMs');
  });

  it('has a line for the webhooks with a sampled event, and for no other', async () => {
    await open(10);
    const ids = Array.from({ length: 60 }, (_, i) => idOf(i));
    for (const id of ids) await post(event(id));
    expect(lines.map(({ eventIds }) => eventIds)).toEqual(
      ids.filter((id) => isSampled(id, 10)).map((id) => [id]),
    );
    lines.length = 0;
    await post(ids.map((id) => event(id)));
    expect(lines.map(({ eventIds }) => eventIds)).toEqual([ids.filter((id) => isSampled(id, 10))]);
  });

  it('has failures alone when N is 0', async () => {
    await open(0);
    await post(event(idOf(1)));
    expect(lines).toEqual([]);
    await post(event(idOf(1)), { 'webhook-signature': 'v1,AAAA' });
    expect(lines).toMatchObject([{ event: 'webhook.refused', durationMs: 0 }]);
  });

  it.each([
    [400, 'body_unusable', '[{"x":1}]', {}, '[0].type'],
    [400, 'body_unusable', 'alice@acme.fr', {}, undefined],
    [413, 'body_too_large', `"${'alice@acme.fr'.repeat(30_000)}"`, {}, undefined],
    [415, 'unsupported_media_type', '{}', { 'content-type': 'text/plain; alice@acme.fr' }, undefined],
    [415, 'unsupported_encoding', '{}', { 'content-encoding': 'alice' }, undefined],
  ])('has a line for each that is answered %i, %s', async (status, reason, body, headers, path) => {
    await open(0);
    expect(await post(body, headers)).toBe(status);
    expect(lines).toEqual([
      {
        level: 'warn',
        event: 'webhook.rejected',
        requestId: 'req-1',
        tenant: 'acme',
        reason,
        ...(path === undefined ? {} : { path }),
        durationMs: 0,
      },
    ]);
  });

  it('has sampled lines for those over the rate limit: a flood is no bill', async () => {
    await open(10);
    world.prepare = (relay) => {
      relay.accepts = async () => ({ kind: 'rate_limited', retryAfterSeconds: 17 });
    };
    const ids = Array.from({ length: 60 }, (_, i) => idOf(i));
    for (const id of ids) expect(await post(event(id))).toBe(429);
    expect(lines.map(({ event: name, eventIds }) => [name, eventIds])).toEqual(
      ids.filter((id) => isSampled(id, 10)).map((id) => ['webhook.limited', [id]]),
    );
  });

  it('names the events of a webhook that overflows, whatever N is', async () => {
    await open(0);
    world.prepare = (relay) => {
      relay.accepts = async () => {
        nowMs += 9;
        return { kind: 'unavailable', reason: 'object_fault' };
      };
    };
    expect(await post([event(idOf(1)), event(idOf(2))])).toBe(202);
    expect(lines).toMatchObject([
      {
        event: 'webhook.overflowed',
        cause: 'object_fault',
        count: 2,
        eventIds: [idOf(1), idOf(2)],
        durationMs: 9,
        objectMs: 9,
      },
    ]);
  });

  it('names the events of a webhook that is answered 503', async () => {
    await open(0);
    world.prepare = (relay) => {
      relay.accepts = async () => ({ kind: 'unavailable', reason: 'space_exhausted' });
    };
    expect(await post(event(idOf(1)))).toBe(503);
    expect(lines).toMatchObject([
      { level: 'error', event: 'webhook.deferred', cause: 'space_exhausted', eventIds: [idOf(1)] },
    ]);
  });

  it('never has an address that a body holds', async () => {
    await open(1);
    await post([event(idOf(1)), event('alice@acme.fr')]);
    await post(event(idOf(1)), { 'webhook-signature': 'v1,AAAA' });
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain('alice');
  });
});
