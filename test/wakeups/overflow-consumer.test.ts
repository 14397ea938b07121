import { env } from 'cloudflare:workers';
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { writeOverflowMessage } from '../../src/domain/overflow.ts';
import type { AcceptSealedAnswer, AcceptSealedRequest } from '../../src/domain/rpc.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { objectName } from '../../src/residency.ts';
import { type Env, settingsOf } from '../../src/settings.ts';
import { handleBatch } from '../../src/wakeups/batch.ts';
import { ATTEMPTS_MAX, handleOverflow } from '../../src/wakeups/overflow-consumer.ts';
import { FakeQueue } from '../http/fakes.ts';
import { EDR, Tenant } from '../relay/tenant.ts';

const DAY_MS = 24 * 3_600_000;
const SEALED_AT_MS = 1_763_800_000_000;
/** As wrangler.toml says: deliveries are one more. */
const MAX_RETRIES = 100;

const sealer = createSealer(settingsOf(env).masterKeys);
const ACCEPTED: AcceptSealedAnswer = { kind: 'accepted', accepted: 1, duplicates: 0 };

async function messageFor(tenant: string, { sealedAtMs = SEALED_AT_MS, content = '{"v":1}' } = {}) {
  return writeOverflowMessage(sealedAtMs, await sealer.seal(content, { tenant, purpose: 'overflow' }));
}

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  for (const level of ['warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
  }
});
afterEach(() => vi.restoreAllMocks());

/** What became of one message. */
interface Fate {
  acknowledged: number;
  retriedAfterSeconds: number[];
  /** What was sent in its place. */
  resent: { body: Uint8Array; delaySeconds?: number }[];
  asked: { name: string; request: AcceptSealedRequest }[];
}

interface Circumstances {
  readonly attempts?: number;
  readonly nowMs?: number;
  readonly answers?: (request: AcceptSealedRequest) => Promise<AcceptSealedAnswer>;
  readonly sends?: () => Promise<void>;
  readonly variables?: Partial<Env>;
}

/** Runs one message through the consumer, with an object that answers as told. */
async function handle(body: Uint8Array, circumstances: Circumstances = {}): Promise<Fate> {
  const { attempts = 1, nowMs = SEALED_AT_MS, answers = async () => ACCEPTED, sends } = circumstances;
  const fate: Fate = { acknowledged: 0, retriedAfterSeconds: [], resent: [], asked: [] };
  const message = {
    id: 'm0',
    timestamp: new Date(nowMs),
    body,
    attempts,
    ack: () => void fate.acknowledged++,
    retry: (options?: { delaySeconds?: number }) =>
      void fate.retriedAfterSeconds.push(options?.delaySeconds ?? NaN),
  };
  const namespace = {
    jurisdiction: () => namespace,
    getByName: (name: string) => ({
      acceptSealed: async (request: AcceptSealedRequest) => {
        fate.asked.push({ name, request });
        return answers(request);
      },
    }),
  };
  const queue = new FakeQueue();
  if (sends) queue.sends = sends;
  const overflow = {
    send: async (sent: Uint8Array, options: { contentType: string; delaySeconds: number }) => {
      await queue.send(sent, options);
      fate.resent.push({ body: sent, delaySeconds: options.delaySeconds });
    },
  };
  const bindings = {
    ...env,
    TENANT_RELAY: namespace as unknown as Env['TENANT_RELAY'],
    OVERFLOW: overflow as unknown as Queue,
    ...circumstances.variables,
  };
  await handleOverflow(message, body, bindings, {
    nowMs: () => nowMs,
    acceptDeadlineMs: 20,
    sendDeadlineMs: 20,
  });
  return fate;
}

const UNAVAILABLE = async (): Promise<AcceptSealedAnswer> => ({
  kind: 'unavailable',
  reason: 'object_fault',
});
const NEVER = async () => new Promise<never>(() => undefined);
const FAILURES: readonly [string, NonNullable<Circumstances['answers']>][] = [
  ['is unavailable', UNAVAILABLE],
  ['throws', async () => Promise.reject(new Error('the object moved'))],
  ['never answers', NEVER],
  ['answers in words of a later version', async () => ({ kind: 'postponed' }) as never],
];

describe('a message of the overflow queue', () => {
  it("reaches its tenant's object as it was sealed, and is done with", async () => {
    const body = await messageFor('acme');
    const fate = await handle(body);
    expect(fate).toMatchObject({ acknowledged: 1, retriedAfterSeconds: [], resent: [] });
    expect(fate.asked.map(({ name }) => name)).toEqual([objectName('acme')]);
    const request = fate.asked[0]?.request;
    expect(request).toMatchObject({ v: 1, sealedAtMs: SEALED_AT_MS });
    expect(`${SEALED_AT_MS}.${decodeUtf8(request?.sealed ?? new Uint8Array())}`).toBe(decodeUtf8(body));
    expect(lines).toEqual([]);
  });

  it('follows its tenant to the other place of the deployment, and waits while it is in neither', async () => {
    const variables = { RELAY_ENV: 'production', RELAY_RESIDENCY: 'global' } as const;
    const moved: AcceptSealedAnswer = { kind: 'unavailable', reason: 'moved' };
    const sequence = (...answers: AcceptSealedAnswer[]) => {
      const left = [...answers];
      return async () => left.shift() ?? moved;
    };
    const body = await messageFor('acme');
    const followed = await handle(body, { variables, answers: sequence(moved, ACCEPTED) });
    expect(followed).toMatchObject({ acknowledged: 1, retriedAfterSeconds: [] });
    expect(followed.asked.map(({ name }) => name)).toEqual([objectName('acme'), objectName('acme')]);
    const waits = await handle(body, { variables, answers: sequence(moved, { kind: 'unknown_tenant' }) });
    expect(waits).toMatchObject({ acknowledged: 0, retriedAfterSeconds: [10] });
    expect(lines.at(-1)).toMatchObject({ event: 'overflow.deferred', tenant: 'acme', cause: 'moved' });
  });

  it.each<[string, AcceptSealedAnswer]>([
    ['unreadable', { kind: 'refused', reason: 'unreadable' }],
    ['too_old', { kind: 'refused', reason: 'too_old' }],
    ['unknown_tenant', { kind: 'unknown_tenant' }],
  ])('is lost in sight of the operator when the object refuses it as %s', async (reason, answer) => {
    const fate = await handle(await messageFor('acme'), { answers: async () => answer });
    expect(fate).toMatchObject({ acknowledged: 1, retriedAfterSeconds: [], resent: [] });
    expect(lines).toEqual([
      {
        level: 'error',
        event: 'overflow.refused',
        tenant: 'acme',
        reason,
        count: 'unknown',
        messageId: 'm0',
      },
    ]);
  });

  it.each(FAILURES)('comes again when the object %s', async (_case, answers) => {
    const fate = await handle(await messageFor('acme'), { answers });
    expect(fate).toMatchObject({ acknowledged: 0, retriedAfterSeconds: [10], resent: [] });
    expect(lines).toMatchObject([{ level: 'warn', event: 'overflow.deferred', tenant: 'acme', attempts: 1 }]);
  });

  it('comes again while the settings are broken', async () => {
    const variables = { RELAY_MASTER_KEY: 'short' };
    const fate = await handle(await messageFor('acme'), { variables });
    expect(fate).toMatchObject({ acknowledged: 0, retriedAfterSeconds: [10], asked: [] });
  });

  it('waits twice as long after each attempt, up to 15 minutes', async () => {
    const body = await messageFor('acme');
    const waits: number[] = [];
    for (let attempts = 1; attempts < ATTEMPTS_MAX; attempts++) {
      waits.push(...(await handle(body, { attempts, answers: UNAVAILABLE })).retriedAfterSeconds);
    }
    expect(waits).toHaveLength(ATTEMPTS_MAX - 1);
    expect(waits.slice(0, 9)).toEqual([10, 20, 40, 80, 160, 320, 640, 900, 900]);
    expect(new Set(waits.slice(8))).toEqual(new Set([900]));
    // A queue of the Free plan forgets a message after a day.
    expect(waits.reduce((sum, wait) => sum + wait)).toBeLessThan(20 * 3_600);
  });

  it.each(FAILURES)(
    'is replaced by a message with the same bytes before the queue gives up, when the object %s',
    async (_case, answers) => {
      const body = await messageFor('acme');
      const fate = await handle(body, { attempts: ATTEMPTS_MAX, answers });
      expect(ATTEMPTS_MAX).toBeLessThan(MAX_RETRIES);
      expect(fate).toMatchObject({ acknowledged: 1, retriedAfterSeconds: [] });
      expect(fate.resent).toEqual([{ body, delaySeconds: 900 }]);
    },
  );

  it.each<[string, () => Promise<void>]>([
    ['refuses', async () => Promise.reject(new Error('Queue is overloaded'))],
    ['hangs', NEVER],
  ])('stays when the queue %s its replacement', async (_case, sends) => {
    const body = await messageFor('acme');
    const fate = await handle(body, { attempts: ATTEMPTS_MAX, answers: UNAVAILABLE, sends });
    expect(fate).toMatchObject({ acknowledged: 0, retriedAfterSeconds: [900], resent: [] });
    expect(lines.map(({ event }) => event)).toEqual(['overflow.deferred', 'overflow.resending_failed']);
  });

  it('is tried for 6 days, and then dropped in sight of the operator', async () => {
    const body = await messageFor('acme');
    const atTheEnd = await handle(body, {
      nowMs: SEALED_AT_MS + 6 * DAY_MS,
      attempts: ATTEMPTS_MAX,
      answers: UNAVAILABLE,
    });
    expect(atTheEnd).toMatchObject({ acknowledged: 1, resent: [{ body }] });
    lines = [];
    const after = await handle(body, { nowMs: SEALED_AT_MS + 6 * DAY_MS + 1 });
    expect(after).toEqual({ acknowledged: 1, retriedAfterSeconds: [], resent: [], asked: [] });
    expect(lines).toEqual([
      { level: 'error', event: 'overflow.expired', tenant: 'acme', count: 'unknown', messageId: 'm0' },
    ]);
  });

  it.each(['', 'nonsense', '1.2.3', '{"v":1,"tenant":"acme"}'])(
    'is lost in sight when it is malformed: %j',
    async (text) => {
      const fate = await handle(encodeUtf8(text));
      expect(fate).toEqual({ acknowledged: 1, retriedAfterSeconds: [], resent: [], asked: [] });
      expect(lines).toMatchObject([{ level: 'error', event: 'overflow.refused', reason: 'malformed' }]);
    },
  );
});

describe('the queue handler', () => {
  /** A batch of both kinds, through the handler and the platform. */
  async function consume(bodies: readonly unknown[], bindings: Partial<Env> = {}) {
    const messages = bodies.map((body, i) => ({ id: `m${i}`, timestamp: new Date(), attempts: 1, body }));
    const batch = createMessageBatch('any-name', messages);
    await handleBatch(batch, { ...env, ...bindings });
    const result = await getQueueResult(batch, createExecutionContext());
    return {
      outcome: result.outcome,
      acknowledged: result.explicitAcks.toSorted(),
      retried: result.retryMessages.map(({ msgId }) => msgId).toSorted(),
    };
  }

  it('delivers overflow although every other message of the batch is bad, and tells it from wake-ups by itself', async () => {
    const tenant = await Tenant.create();
    const content = JSON.stringify({ v: 1, events: [tenant.event('evt-1')] });
    const sealedAtMs = Date.now();
    tenant.nowMs = sealedAtMs;
    const body = await messageFor(tenant.id, { sealedAtMs, content });
    const other = await messageFor('nobody', { sealedAtMs });
    const wakeup = { v: 1, tenant: tenant.id, residency: 'eu', lane: '*' };
    const bodies = [new Uint8Array([0xff]), null, body, wakeup, other, body.buffer, 'text'];
    expect(await consume(bodies)).toEqual({
      outcome: 'ok',
      acknowledged: bodies.map((_, i) => `m${i}`),
      retried: [],
    });
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1']);
  });

  it('never throws, and sends again only what may pass later', async () => {
    const namespace = {
      jurisdiction: () => namespace,
      getByName: () => {
        throw new Error('no object to be had');
      },
    };
    const bindings = { TENANT_RELAY: namespace as unknown as Env['TENANT_RELAY'] };
    const body = await messageFor('acme', { sealedAtMs: Date.now() });
    expect(await consume([body, encodeUtf8('bad')], bindings)).toEqual({
      outcome: 'ok',
      acknowledged: ['m1'],
      retried: ['m0'],
    });
  });
});
