/** Falcon's tokens, however many deliveries need one at the same moment. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import { falconChannel } from '../../src/destinations/falcon/channels.ts';
import { falconSchema } from '../../src/domain/falcon-config.ts';
import { guardedHttp } from '../../src/lib/http.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { ApiAccounts } from '../../src/relay/api-accounts.ts';
import { settingsOf } from '../../src/settings.ts';
import { STEADY_LANE, memoryForTest } from '../destinations/ports.ts';
import { falconAnswer, falconDocument } from './falcon-cloud.ts';
import { Destinations, Tenant } from './tenant.ts';

const TOKEN_LIFE_MS = 1_799_000;

/** Deliveries of one tenant's destination that share the tenant's accounts, as its lanes do. */
async function onAccounts(
  work: (stage: {
    readonly deliver: (count: number, from: number) => Promise<void>;
    readonly tokenRequests: () => number;
    readonly pass: (ms: number) => void;
  }) => Promise<void>,
): Promise<void> {
  const tenant = Tenant.unknown();
  const falcon = new Destinations();
  let nowMs = tenant.nowMs;
  const answered = async (sent: { url: string; body: string }): Promise<Response> => {
    await scheduler.wait(1);
    return falconAnswer(sent);
  };
  falcon.answer('https://api.eu-1.crowdstrike.com', answered);
  const config = falconSchema.parse(falconDocument({ cases: {}, requests_per_minute: 6_000 }));
  const channel = falconChannel(config, 'cases', {
    tenant: tenant.id,
    platforms: { approved: [], domains: {} },
    publicUrl: undefined,
    language: 'en',
    timeZone: 'UTC',
  });
  const accounts = new ApiAccounts({
    tenant: tenant.id,
    kv: env.RELAY_KV,
    sealer: createSealer(settingsOf(env).masterKeys),
    io: { nowMs: () => nowMs, sleep: async (ms) => void (nowMs += ms) },
    outside: new Semaphore(1),
  });
  const send = guardedHttp({ fetch: falcon.fetch, allows: () => true, connections: new Semaphore(5) });
  await work({
    deliver: async (count, from) => {
      const outcomes = await Promise.all(
        Array.from({ length: count }, async (_, index) =>
          channel?.deliver([tenant.event(`evt-${from + index}`, { user: { id: `user-${from + index}` } })], {
            ...STEADY_LANE,
            send,
            timeoutMs: 15_000,
            attemptId: `attempt-${index}`,
            nowMs: () => nowMs,
            memory: memoryForTest(() => nowMs),
            accounts,
            requestsMax: 100,
          }),
        ),
      );
      expect(new Set(outcomes.map((outcome) => outcome?.kind))).toEqual(new Set(['delivered']));
    },
    tokenRequests: () => falcon.sent.filter(({ url }) => url.endsWith('/oauth2/token')).length,
    pass: (ms) => void (nowMs += ms),
  });
}

describe('two hundred deliveries at once', () => {
  it('cause one request for a token when none is there, and one when it has expired', async () => {
    await onAccounts(async ({ deliver, tokenRequests, pass }) => {
      await deliver(200, 0);
      expect(tokenRequests()).toBe(1);
      pass(TOKEN_LIFE_MS);
      await deliver(200, 200);
      expect(tokenRequests()).toBe(2);
      // Two minutes before its end it is renewed, not sent.
      pass(TOKEN_LIFE_MS - 119_000);
      await deliver(200, 400);
      expect(tokenRequests()).toBe(3);
    });
  });
});
