/** A tenant with every channel of Falcon, on the real host names, and answers in-process for them. */

import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { VERBS } from '../../src/domain/verbs.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { Tenant } from './tenant.ts';

export const API = 'https://api.eu-1.crowdstrike.com';
export const INGEST = 'https://abc.ingest.eu-1.crowdstrike.com/services/collector';
export const AGENT = 'a'.repeat(32);

/** A Falcon destination of an EU tenant with all that it can do. */
export function falconDocument(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'falcon',
    type: 'falcon',
    region: 'eu-1',
    client_id: 'c'.repeat(32),
    client_secret: 's'.repeat(40),
    hec: { url: INGEST, token: 'hec-token' },
    actions: ['event', 'case', 'indicator', 'contain', 'workflow'],
    cases: { events_at_or_above: 'low', alerts: 'tag' },
    indicators: ['grok'],
    contain: {},
    workflow: { name: 'Reset sessions' },
    ...more,
  };
}

/** An EU tenant with that destination alone. */
export async function falconTenant(more: Readonly<Record<string, unknown>> = {}): Promise<Tenant> {
  return Tenant.create((document) => {
    document['destinations'] = [falconDocument(more)];
  });
}

/** A detection whose rule asks for everything, about a host that Falcon knows. */
export function detectionOf(tenant: Tenant, id: string): CanonicalEvent {
  const at = new Date(tenant.nowMs).toISOString();
  const device = { id: AGENT, hostname: 'WKS-7' };
  const facts = detectionForTest({ id, lastAt: at, firstAt: at, device, respond: VERBS, groupKey: id });
  return detectionEvent(facts, { tenant: tenant.id, receivedAt: at });
}

/** What a well-behaved Falcon answers: a token, and as much of each call as the relay's channels need. */
export function falconAnswer({ url, body }: { readonly url: string; readonly body: string }): Response {
  const { host, pathname } = new URL(url);
  const headers = { 'x-cs-region': 'eu-1', 'content-type': 'application/json' };
  const answer = (resources: unknown, status = 200): Response =>
    Response.json({ meta: {}, errors: null, resources }, { status, headers });
  if (host.includes('.ingest.')) return Response.json({ text: 'Success', code: 0 });
  if (pathname === '/oauth2/token') {
    const token = { access_token: `token-${crypto.randomUUID()}`, expires_in: 1799, token_type: 'bearer' };
    return Response.json(token, { status: 201, headers });
  }
  if (pathname.startsWith('/devices/'))
    return answer([
      { device_id: AGENT, hostname: 'WKS-7', status: 'normal', product_type_desc: 'Workstation' },
    ]);
  if (pathname === '/cases/entities/cases/v2' && !body.includes('"ids"'))
    return answer([{ id: 'case-1', version: 1, severity: 50, status: 'new' }], 201);
  if (pathname === '/workflows/entities/execute/v1') return answer(['e'.repeat(32)]);
  return answer(null);
}
