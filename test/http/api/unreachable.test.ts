/** What every admin route does when the tenant's object throws: a route that asks it is in this table. */

import { expect, it, vi } from 'vitest';

import type { TenantRelayRpc } from '../../../src/domain/rpc.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import { makeAcme } from '../acme.ts';

const CHANGED = { ...sampleDocument(), limits: { burst: 700 } };

it.each<[method: string, path: string, asked: keyof TenantRelayRpc, body?: unknown]>([
  ['GET', 'acme', 'readConfig'],
  ['PUT', 'acme', 'readConfig', sampleDocument()],
  ['PUT', 'acme', 'configure', CHANGED],
  ['PUT', 'acme', 'endPauses', sampleDocument()],
  ['DELETE', 'acme', 'readConfig'],
  ['DELETE', 'acme', 'remove'],
  ['POST', 'acme/plan', 'readConfig', sampleDocument()],
  ['GET', 'acme/secrets', 'readConfig'],
  ['POST', 'acme/secrets', 'readConfig', { path: 'destinations.edr.token', value: 'new' }],
  ['POST', 'acme/secrets', 'configure', { path: 'destinations.edr.token', value: 'new' }],
  ['POST', 'acme/reseal', 'readConfig'],
  ['GET', 'acme/lanes', 'readConfig'],
  ['GET', 'acme/lanes', 'lanes'],
  ['GET', 'acme/dead-letters', 'deadLetters'],
  ['GET', 'acme/dead-letters/10', 'deadLetter'],
  ['POST', 'acme/dead-letters/10/redrive', 'redrive'],
  ['POST', 'acme/dead-letters/redrive', 'redrive', { reason: 'rejected' }],
  ['POST', 'acme/destinations/edr/pause', 'pause'],
  ['POST', 'acme/destinations/edr/resume', 'resume'],
  ['GET', 'acme/notices', 'notices'],
  ['GET', 'acme/audit', 'auditEntries'],
  ['GET', 'acme/events', 'events'],
  ['POST', 'acme/events/search', 'events', { user_id: 'u-1' }],
  ['GET', 'acme/events/evt_1', 'explainEvent'],
  ['POST', 'acme/users/key', 'userKey', { user_id: 'u-1' }],
  ['POST', 'acme/users/reveal', 'reveal', { user_key: 'p_0123456789abcdefghijkl' }],
  ['POST', 'acme/destinations/edr/test', 'testDestination'],
  ['POST', 'acme/destinations/edr/test', 'readConfig', sampleDocument()],
  ['POST', 'acme/destinations/edr/test', 'testDestination', sampleDocument()],
  ['GET', 'acme/health', 'readConfig'],
  ['GET', 'acme/health', 'health'],
])('%s %s answers 503 with Retry-After and a log line when %s throws', async (method, path, asked, body) => {
  const { relay, call } = await makeAcme();
  Object.assign(relay, { [asked]: async () => Promise.reject(new Error('object was reset')) });
  const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const answer = await call(method, path, body);
  const lines = spy.mock.calls.map(([line]) => String(line));
  spy.mockRestore();
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  expect(answer.body).toMatchObject({ type: 'urn:noxys-relay:problem:unavailable' });
  expect(lines).toEqual([
    expect.stringMatching(/(object\.unreachable|tenant\.unavailable).*object was reset/),
  ]);
  expect(lines[0]).toContain('"tenant":"acme"');
});
