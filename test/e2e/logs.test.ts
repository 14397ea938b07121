/**
 * The log of a whole working day with every line kept: nothing secret and nobody in it, every line of a form that machines read,
 * every event of it documented, and an event's way told from webhook to destinations.
 */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DEPLOYMENT_AUDIT_ACTIONS } from '../../src/domain/registry.ts';
import { AUDIT_ACTIONS } from '../../src/domain/audit.ts';
import { findForbidden, spellingsOf } from './secret-search.ts';
import { TroubledDay } from './troubled-day.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EVENT_NAME = /^[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*$/;

interface Line {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

describe('the log of a day in which everything goes wrong', () => {
  let day: TroubledDay;
  let lines: Line[];
  let texts: Readonly<Record<'log' | 'answers', string>>;

  beforeAll(async () => {
    day = await TroubledDay.play();
    texts = { log: day.lines.join('\n'), answers: day.answers.join('\n') };
    lines = day.lines.map((line) => JSON.parse(line) as Line);
  }, 120_000);
  afterAll(async () => day[Symbol.asyncDispose]());

  function of(event: string): Line[] {
    return lines.filter((line) => line.event === event);
  }

  it('has lines of all that went wrong, so that there is something to search', () => {
    expect([...new Set(lines.map(({ event }) => event))].toSorted()).toEqual(
      expect.arrayContaining([
        'dead_letters.redriven',
        'delivery.failed',
        'delivery.succeeded',
        'destination.paused',
        'destination.resumed',
        'event.dead_lettered',
        'events.discarded',
        'lane.blocked',
        'lane.paused',
        'lane.recovered',
        'notice.appended',
        'object.loading_failed',
        'object.unreachable',
        'operator.refused',
        'overflow.deferred',
        'tenant.configured',
        'webhook.accepted',
        'webhook.deferred',
        'webhook.limited',
        'webhook.overflowed',
        'webhook.refused',
        'webhook.rejected',
      ]),
    );
    expect(new Set(of('delivery.failed').map(({ status }) => status))).toEqual(
      new Set([200, 302, 400, 401, 418, 503, undefined]),
    );
    expect(day.answers.length).toBeGreaterThan(300);
    expect(day.secrets.length).toBeGreaterThan(200);
    expect(day.persons.length).toBeGreaterThan(10);
  });

  it('holds no secret, token or signature, in any spelling; nor does an answer', () => {
    for (const [place, text] of Object.entries(texts))
      expect({ place, found: findForbidden(day.secrets, text) }).toEqual({ place, found: [] });
  });

  it('holds no raw value and no prompt; nor does an answer', () => {
    for (const [place, text] of Object.entries(texts))
      expect({ place, found: findForbidden(day.rawValues, text) }).toEqual({ place, found: [] });
  });

  it('names nobody: no user, address or device, though the tenant keeps them all', () => {
    expect(findForbidden(day.persons, texts.log)).toEqual([]);
  });

  it('would show each secret, raw value and person, however it were spelt', () => {
    for (const forbidden of [...day.secrets.slice(0, 12), ...day.rawValues, ...day.persons]) {
      for (const [spelling, spelt] of spellingsOf(forbidden.word)) {
        const text = `${texts.log.slice(0, 500)}{"message":"x${spelt}x"}`;
        expect({ spelling, found: findForbidden([forbidden], text).length > 0 }).toEqual({
          spelling,
          found: true,
        });
      }
    }
  });

  it('is one JSON object per line, with a level and an event', () => {
    for (const line of lines) {
      expect(['info', 'warn', 'error']).toContain(line.level);
      expect(line.event).toMatch(EVENT_NAME);
    }
    expect(day.lines.filter((line) => line.includes('\n'))).toEqual([]);
  });

  it('tells the way of each event: one webhook, one delivery to each destination', () => {
    const ids = day.day.flatMap(({ acceptedIds }) => acceptedIds);
    expect(ids.length).toBeGreaterThan(200);
    const takenBy = new Map<string, string[]>();
    for (const { lane, eventIds } of of('delivery.succeeded')) {
      for (const id of eventIds as string[]) takenBy.set(id, [...(takenBy.get(id) ?? []), String(lane)]);
    }
    const brought = new Set(of('webhook.accepted').flatMap(({ eventIds }) => eventIds as string[]));
    for (const id of ids) {
      expect(brought).toContain(id);
      expect(takenBy.get(id)?.toSorted()).toEqual(['echo/events', 'edr/events', 'falcon/events']);
    }
  });

  it('has one line for each answer to a webhook, under the request id of the answer', () => {
    const about = lines.filter(({ event }) => event.startsWith('webhook.') && event !== 'webhook.overflowed');
    const ids = about.map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(day.webhooks);
    for (const { requestId, durationMs } of about) {
      expect(texts.answers).toContain(String(requestId));
      expect(durationMs).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('the log events', () => {
  const documented = documentedEvents();
  const written = writtenEvents();

  it('are documented, every one that the code writes', () => {
    expect(written.length).toBeGreaterThan(45);
    // What the audit calls an action may stand beside a log line.
    const others: readonly string[] = [...AUDIT_ACTIONS, ...DEPLOYMENT_AUDIT_ACTIONS];
    expect(written.filter((event) => !documented.includes(event) && !others.includes(event))).toEqual([]);
  });

  it('are written by the code, every one that is documented', () => {
    expect(documented.filter((event) => !written.includes(event))).toEqual([]);
  });
});

/** Of the table in docs/operations.md. */
function documentedEvents(): string[] {
  const text = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('Log events\n')) ?? '';
  const cells = section
    .split('\n')
    .flatMap((row) => /^\| (?:error|warn|info) *\|([^|]+)\|/.exec(row)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map(([, event]) => event ?? ''));
}

/** Signs of a file that writes to the log, or says to what does it what is to be written. */
const WRITES = ['logEvent(', '`${string}.${string}`', '#object.ask('];

/** Every text of that form in such a file: there is none of another meaning. */
function writtenEvents(): string[] {
  const events = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== join('lib', 'log.ts'))
    .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'))
    .filter((text) => WRITES.some((sign) => text.includes(sign)))
    .flatMap((text) => [...text.matchAll(/'([a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*)'/g)])
    .map(([, event]) => event ?? '');
  return [...new Set(events)];
}
