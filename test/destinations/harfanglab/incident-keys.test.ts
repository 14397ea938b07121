/** Whatever happens to the requests: a detection has one key, and an incident whose answer was seen is never asked for again. */

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { harfangLabIncidents } from '../../../src/destinations/harfanglab/incidents.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import { harfangLabSchema } from '../../../src/domain/harfanglab-config.ts';
import { PLATFORMS_DEFAULT } from '../../../src/domain/platforms-config.ts';
import type { HttpRequest, SendRequest } from '../../../src/lib/http.ts';
import { failure, success } from '../../../src/lib/result.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import { NO_ACCOUNTS, STEADY_LANE, memoryForTest } from '../ports.ts';

const FATES = ['answered', 'answered_empty', 'lost', 'never_arrived', 'fault', 'busy', 'refused'] as const;
type Fate = (typeof FATES)[number];

const CONTEXT = {
  tenant: 'acme',
  platforms: PLATFORMS_DEFAULT,
  publicUrl: undefined,
  language: 'en',
  timeZone: 'UTC',
} as const;
const START_MS = Date.parse('2026-11-22T09:00:00Z');

interface Step {
  readonly detection: number;
  readonly fate: Fate;
  readonly passesMs: number;
  /** An operator changes what the body holds, and never the key. */
  readonly language: 'en' | 'fr';
}

/** A manager that makes one for every request, and counts those whose answer left. */
class Manager {
  readonly requests: { readonly key: string; readonly id: string; readonly isSeen: boolean }[] = [];
  fate: Fate = 'answered';

  readonly send: SendRequest = async (request: HttpRequest) => {
    const { id } = JSON.parse(request.body ?? '') as { id: string };
    const isSeen = this.fate === 'answered' || this.fate === 'answered_empty';
    if (this.fate !== 'never_arrived')
      this.requests.push({ key: request.headers['idempotency-key'] ?? '', id, isSeen });
    const answer = (status: number, body = '') => success({ status, headers: new Headers(), body });
    switch (this.fate) {
      case 'answered':
        return answer(201, JSON.stringify({ id: `inc-${this.requests.length}` }));
      case 'answered_empty':
        return answer(204);
      case 'fault':
        return answer(503);
      case 'busy':
        return answer(429);
      case 'refused':
        return answer(422);
      default:
        return failure({ kind: 'network', detail: 'lost' });
    }
  };
}

const step: fc.Arbitrary<Step> = fc.record({
  detection: fc.nat(3),
  fate: fc.constantFrom(...FATES),
  passesMs: fc.integer({ min: 0, max: 3_600_000 }),
  language: fc.constantFrom('en', 'fr'),
});
const odd: fc.Arbitrary<Partial<Detection>> = fc.record({
  id: fc.oneof(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ minLength: 1, maxLength: 600 })),
  groupKey: fc.string(),
  title: fc.string({ unit: 'binary' }),
});

it('the same detection always carries the same key, another one another, and none is asked for after its answer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(odd, { minLength: 4, maxLength: 4, selector: ({ id }) => id }),
      fc.array(step, { maxLength: 40 }),
      async (details, steps) => {
        let nowMs = START_MS;
        const manager = new Manager();
        const memory = memoryForTest(() => nowMs);
        const config = harfangLabSchema.parse({
          name: 'edr',
          type: 'harfanglab',
          base_url: 'http://127.0.0.1:9001',
          token: 'token',
        });
        const at = new Date(START_MS).toISOString();
        const events = details.map((changes) =>
          detectionEvent(detectionForTest({ firstAt: at, lastAt: at, ...changes }), {
            tenant: 'acme',
            receivedAt: at,
          }),
        );
        for (const { detection, fate, passesMs, language } of steps) {
          nowMs += passesMs;
          manager.fate = fate;
          await harfangLabIncidents(config, { ...CONTEXT, language }).deliver(
            events.filter((_, i) => i === detection),
            {
              ...STEADY_LANE,
              send: manager.send,
              timeoutMs: 1000,
              attemptId: `attempt-${nowMs}`,
              nowMs: () => nowMs,
              memory,
              accounts: NO_ACCOUNTS,
              requestsMax: 500,
            },
          );
        }
        const keys = new Map<string, Set<string>>();
        for (const { id, key } of manager.requests) keys.set(id, (keys.get(id) ?? new Set()).add(key));
        for (const known of keys.values()) expect(known.size).toBe(1);
        expect(new Set([...keys.values()].flatMap((known) => [...known])).size).toBe(keys.size);
        expect(keys.size).toBe(
          new Set(steps.filter(({ fate }) => fate !== 'never_arrived').map(({ detection }) => detection))
            .size,
        );
        for (const id of keys.keys()) {
          const seen = manager.requests.filter((request) => request.id === id).map(({ isSeen }) => isSeen);
          expect(seen.slice(0, -1)).not.toContain(true);
        }
      },
    ),
    { numRuns: 200 },
  );
});
