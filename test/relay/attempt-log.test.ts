/** What `deliver` logs of one request, with channels that answer as told. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Channel } from '../../src/destinations/destination.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { isSampled } from '../../src/lib/sampling.ts';
import { deliver } from '../../src/relay/deliver.ts';
import { TIMEOUTS, type LaneParts, type OpenLane } from '../../src/relay/lane-parts.ts';
import { ASIDE } from './pure-lane.ts';

const lines: Record<string, unknown>[] = [];

beforeEach(() => {
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

const NAMES = { lane: 'edr/events', tenant: 'acme', attemptId: 'attempt-1' };

function event(id: string): CanonicalEvent {
  return {
    id,
    type: 'interaction.high_risk',
    occurredAt: '2026-11-22T00:00:00.000Z',
    receivedAt: '2026-11-22T00:00:00.000Z',
    tenant: 'acme',
    user: { id: 'alice' },
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
  };
}

function idOf(i: number): string {
  return `evt_01jd${String(i).padStart(8, '0')}x`;
}

/** Delivers the ids in one request that is answered with a status after 12 ms. */
async function deliverIds(
  ids: readonly string[],
  options: { readonly logOneIn: number; readonly status?: number; readonly outcome: () => Outcome },
): Promise<Outcome> {
  let nowMs = 1_000;
  const io = { nowMs: () => nowMs, random: () => 0.5, newId: () => 'attempt-1' };
  const parts = {
    name: 'edr/events',
    tenant: () => 'acme',
    io,
    timeouts: () => TIMEOUTS,
    logOneIn: options.logOneIn,
  } as unknown as LaneParts;
  const channel: Channel = {
    kind: 'events',
    inFlight: 1,
    deliver: async (_events, { send }) => {
      await send({ method: 'POST', url: 'https://edr.acme.fr', headers: {}, timeoutMs: 1 });
      return options.outcome();
    },
  };
  const open: OpenLane = {
    channel,
    send: async () => {
      nowMs += 12;
      const { status } = options;
      return status === undefined
        ? { ok: false, error: { kind: 'network', detail: 'edr.acme.fr: refused' } }
        : { ok: true, value: { status, headers: new Headers(), body: 'alice' } };
    },
    wants: () => true,
    reduce: (reduced) => reduced,
    mappedHost: () => undefined,
    userKey: () => undefined,
  };
  const input = {
    entries: ids.map((id, i) => ({ seq: i + 1, event: event(id) })),
    isImpatient: false,
    requestsMax: 500,
    isCurrent: () => true,
    noteAlive: () => undefined,
    isGivenUp: () => false,
  };
  return (await deliver(parts, open, input)).outcome;
}

describe('the log of a delivery', () => {
  const delivered = () => ({ kind: 'delivered' }) as const;

  it('has a line for each that succeeds, with its ids, status and time, when N is 1', async () => {
    await deliverIds([idOf(1), 'alice@acme.fr'], { logOneIn: 1, status: 201, outcome: delivered });
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'delivery.succeeded',
        ...NAMES,
        count: 2,
        eventIds: [idOf(1)],
        status: 201,
        durationMs: 12,
      },
    ]);
  });

  it('has a line where one of the events is sampled, as the webhook that brought it has', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => idOf(i));
    const sampled = ids.filter((id) => isSampled(id, 10));
    expect(sampled.length).toBeGreaterThan(1);
    for (const id of ids) await deliverIds([id], { logOneIn: 10, outcome: delivered });
    expect(lines.map(({ eventIds }) => eventIds)).toEqual(sampled.map((id) => [id]));
    lines.length = 0;
    await deliverIds(ids, { logOneIn: 10, outcome: delivered });
    expect(lines).toMatchObject([{ count: 60, eventIds: sampled }]);
  });

  it('has none that succeeds when N is 0', async () => {
    await deliverIds([idOf(1)], { logOneIn: 0, outcome: delivered });
    expect(lines).toEqual([]);
  });

  it.each<[string, Outcome, number | undefined, object]>([
    [
      'that fails for now',
      { kind: 'retry', reason: 'server_error', detail: 'alice', status: 503, excerpt: 'alice' },
      503,
      { outcome: 'retry', reason: 'server_error', status: 503 },
    ],
    [
      'without an answer',
      { kind: 'retry', reason: 'network', detail: 'alice' },
      undefined,
      { outcome: 'retry', reason: 'network' },
    ],
    [
      'that blocks its lane',
      { kind: 'blocked', reason: 'unauthorized', detail: 'alice' },
      401,
      { outcome: 'blocked', reason: 'unauthorized', status: 401 },
    ],
    [
      'that is refused for good',
      { kind: 'rejected', status: 422, excerpt: 'alice' },
      422,
      { outcome: 'rejected', status: 422 },
    ],
  ])(
    'has a line for each %s, whatever N is, without what the destination wrote',
    async (_what, outcome, status, fields) => {
      await deliverIds([idOf(1)], {
        logOneIn: 0,
        outcome: () => outcome,
        ...(status === undefined ? {} : { status }),
      });
      expect(lines).toEqual([
        {
          level: 'warn',
          event: 'delivery.failed',
          ...NAMES,
          count: 1,
          eventIds: [idOf(1)],
          durationMs: 12,
          ...fields,
        },
      ]);
    },
  );

  it('has a line, that is no warning, for what the destination is asked for and at, whatever N is', async () => {
    await deliverIds([idOf(1)], { logOneIn: 0, outcome: () => ASIDE, status: 200 });
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'delivery.begun',
        ...NAMES,
        count: 1,
        eventIds: [idOf(1)],
        status: 200,
        durationMs: 12,
      },
    ]);
  });

  it('has one line, with the same fields, for a bug while the request was built', async () => {
    const outcome = await deliverIds([idOf(1)], {
      logOneIn: 0,
      outcome: () => {
        throw new TypeError('no such field');
      },
    });
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'internal_error' });
    expect(lines).toMatchObject([
      {
        level: 'error',
        event: 'delivery.crashed',
        ...NAMES,
        eventIds: [idOf(1)],
        durationMs: 12,
        cause: 'TypeError',
      },
    ]);
  });
});
