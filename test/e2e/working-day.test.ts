/**
 * A whole working day of a tenant: every answer is what the sender was promised, each accepted event arrives once,
 * and nothing secret or personal is left where it must not be.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FAKE_PROMPT_TEXT, FAKE_RAW_VALUES } from '../simulators/event-facts.ts';
import type { SendResult } from '../simulators/noxys.ts';
import { expectedTotals, stepsOf, type WorkingDaySend } from '../simulators/working-day-expectation.ts';
import { workingDay } from '../simulators/working-day.ts';
import { type AtRest, readAtRest } from './at-rest.ts';
import { Stage, type TestTenant } from './stage.ts';

const AUTH_TOKEN = 'noxys-bearer-0123456789abcdefghij';

describe('a working day', () => {
  const day = workingDay({ seed: 1, startMs: Date.now(), tenant: 'acme' });
  const results = new Map<WorkingDaySend, SendResult>();
  const signatures: string[] = [];
  let stage: Stage;
  let tenant: TestTenant;
  let atRest: AtRest;

  beforeAll(async () => {
    stage = await Stage.open();
    // The operator's own mistakes are a part of the day: their documents hold secrets too.
    tenant = await stage.addTenant('acme', { privacy: { user_id: 'keep', user_email: 'drop' } });
    await stage.admin.put('acme', stage.document('acme', tenant.secret, { residency: 'moon' }));
    await stage.admin.put('acme', `id: acme\nwebhook: {secrets: [${tenant.secret}`);
    await fetch(`${stage.url}/api/v1/tenants/acme`, {
      headers: { authorization: `Bearer wrong-${AUTH_TOKEN}` },
    });
    for (const step of stepsOf(day)) await Promise.all(step.map(send));
    await stage.untilDone('acme', { withinMs: 20_000 });
    atRest = await readAtRest(stage);
  });
  afterAll(async () => stage.close());

  async function send(planned: WorkingDaySend): Promise<void> {
    const signed = tenant.sender.sign(planned.body, planned.options);
    signatures.push(signed.headers['webhook-signature'] ?? '');
    results.set(
      planned,
      await tenant.sender.send(planned.body, { authToken: AUTH_TOKEN, ...planned.options }),
    );
  }

  it('is answered as the sender was promised, send by send', () => {
    for (const planned of day) {
      const { expectedStatus, refusal, rejected, ...counts } = planned.expectation;
      const { index, kind } = planned;
      const promised = refusal === undefined ? { ...counts, rejected } : undefined;
      const result = results.get(planned);
      expect({ index, kind, status: result?.status, counts: countsOf(result) }).toEqual({
        index,
        kind,
        status: expectedStatus,
        counts: promised,
      });
    }
  });

  it('arrives whole: each accepted event once in both simulators', async () => {
    const { accepted } = expectedTotals(day);
    expect(accepted).toBeGreaterThan(250);
    const ids = day.flatMap(({ acceptedIds }) => acceptedIds);
    for (const simulator of [stage.edr, stage.falcon]) {
      expect(simulator.events).toHaveLength(accepted);
      expect(simulator.duplicates()).toEqual([]);
      const arrived = new Set(simulator.idsInOrder());
      expect(ids.filter((id) => !arrived.has(id))).toEqual([]);
    }
    expect(await stage.lanes('acme')).toMatchObject([
      { lane: 'edr/alerts', delivered: 0, deadLettered: 0, undelivered: 0 },
      { lane: 'edr/events', delivered: accepted, deadLettered: 0, undelivered: 0 },
      { lane: 'edr/incidents', delivered: 0, deadLettered: 0, undelivered: 0 },
      { lane: 'falcon/events', delivered: accepted, deadLettered: 0, undelivered: 0 },
    ]);
  });

  const texts = () => ({
    logs: stage.logs.join('\n'),
    kv: JSON.stringify(atRest.kv),
    rows: JSON.stringify(atRest.objects),
    HarfangLab: JSON.stringify(stage.edr.events),
    Falcon: JSON.stringify(stage.falcon.events),
  });

  it('was logged and stored, so that there is something to search', () => {
    const { logs, kv, rows, HarfangLab, Falcon } = texts();
    expect(logs).toContain('webhook.refused');
    expect(logs).toContain('operator.refused');
    expect(kv).toContain('ingest/v1/acme');
    for (const text of [rows, HarfangLab, Falcon]) expect(text).toContain(userIds()[0]);
  });

  it('leaves no secret, token or signature in logs, KV, rows or deliveries', () => {
    const { secret } = tenant;
    const secrets = [
      secret,
      secret.slice('whsec_'.length),
      stage.adminToken,
      stage.destinations.edrToken,
      stage.destinations.hecKey,
      AUTH_TOKEN,
    ];
    const digests = signatures.filter((signature) => signature.length > 8).map((s) => s.slice('v1,'.length));
    for (const [place, text] of Object.entries(texts())) {
      expect({ place, found: namesOf([...secrets, ...digests], text) }).toEqual({ place, found: [] });
    }
  });

  it('leaves no raw value and no prompt in logs, KV, rows or deliveries', () => {
    for (const [place, text] of Object.entries(texts())) {
      const found = namesOf([FAKE_PROMPT_TEXT, 'FAKE PROMPT', ...Object.values(FAKE_RAW_VALUES)], text);
      expect({ place, found }).toEqual({ place, found: [] });
    }
  });

  it('leaves no person in logs and KV, and no e-mail address anywhere', () => {
    const { logs, kv, ...others } = texts();
    const users = new Set(userIds());
    expect(users.size).toBeGreaterThan(5);
    for (const text of [logs, kv])
      expect(namesOf([...users, 'dev-fake', 'WKS-FAKE', '@example.invalid'], text)).toEqual([]);
    for (const text of Object.values(others)) expect(text).not.toContain('@example.invalid');
  });

  function userIds(): string[] {
    return stage.edr.events.flatMap(({ body: { user_id: id } }) => (typeof id === 'string' ? [id] : []));
  }
});

/** The counts of a 202. */
function countsOf(result: SendResult | undefined): Readonly<Record<string, unknown>> | undefined {
  if (result?.status !== 202) return undefined;
  const { rejected, ...counts } = result.body as { readonly rejected: readonly unknown[] };
  return { ...counts, rejected: rejected.length };
}

/** Where each text that occurs stands, without showing it: the report of a failed run may be public. */
function namesOf(forbidden: readonly string[], text: string): string[] {
  return forbidden.flatMap((word, i) =>
    text.includes(word) ? [`entry ${i}, ${word.length} characters`] : [],
  );
}
