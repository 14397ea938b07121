/** A tenant's config through the admin API, from the example file to what is kept of it. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeEvent } from './events.ts';
import { Stage } from './stage.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'acme.yaml');
const WEBHOOK_SECRET_PATTERN = /whsec_[A-Za-z0-9+/=]+/;

describe("a tenant's config", () => {
  let stage: Stage;
  let example: string;
  beforeAll(async () => {
    stage = await Stage.open();
    example = (await readFile(EXAMPLE, 'utf8'))
      .replace('http://127.0.0.1:8701', stage.edr.url)
      .replace('http://127.0.0.1:8702', stage.falcon.url)
      .replace('http://127.0.0.1:8703', stage.slack.url)
      .replace('demo-harfanglab-token', stage.destinations.edrToken)
      .replace('demo-falcon-hec-key', stage.destinations.hecKey);
  });
  afterAll(async () => stage.close());

  it('comes from the example file, works, and is shown without its secrets', async () => {
    const secret = WEBHOOK_SECRET_PATTERN.exec(example)?.[0] ?? '';
    const saved = await stage.admin.put('acme', example);
    expect(saved).toMatchObject({ status: 201, body: { id: 'acme', version: 1, published: true } });
    expect(saved.headers['etag']).toBe('"1"');

    const sent = await stage.senderTo('acme', secret).send(makeEvent().body);
    expect(sent.body).toMatchObject({ accepted: 1 });

    const shown = await stage.admin.get('/api/v1/tenants/acme');
    expect(shown).toMatchObject({
      status: 200,
      body: { id: 'acme', version: 1, config: { residency: 'eu' } },
    });
    for (const hidden of [
      secret,
      secret.slice('whsec_'.length),
      stage.destinations.edrToken,
      stage.destinations.hecKey,
    ]) {
      expect(saved.text).not.toContain(hidden);
      expect(shown.text).not.toContain(hidden);
    }
  });

  it('is unchanged when it comes again as it is shown, and the next version when it is changed', async () => {
    const shown = await stage.admin.get('/api/v1/tenants/acme');
    const { config } = shown.body as { readonly config: object };
    const ifMatch = { 'if-match': shown.headers['etag'] ?? '' };
    const same = await stage.admin.put('acme', config, ifMatch);
    expect(same).toMatchObject({ status: 200, body: { version: 1, changed: false } });
    const changed = { ...config, limits: { burst: 700 } };
    expect(await stage.admin.post('/api/v1/tenants/acme/plan', changed)).toMatchObject({
      status: 200,
      body: {
        change: 'update',
        version: 1,
        changes: [{ path: 'limits.burst', from: 600, to: 700 }],
      },
    });
    const saved = await stage.admin.put('acme', changed, ifMatch);
    expect(saved).toMatchObject({ status: 200, body: { version: 2, changed: true } });
  });

  it('is refused as a whole with every fault and its path', async () => {
    const broken = example
      .replace('residency: eu', 'residency: moon')
      .replace('tolerance_seconds: 300', 'tolerance_seconds: 5')
      .replace('burst: 600', 'burst: many')
      .replace('user_id: keep', 'user_id: sell')
      .replace('country: FR', 'county: FR')
      .replace('region: eu-1', 'region: mars-1');
    const refused = await stage.admin.put('acme', broken);
    expect(refused.status).toBe(422);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    const { faults } = refused.body as { readonly faults: readonly { path: string; message: string }[] };
    const paths = faults.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'residency',
        'webhook.tolerance_seconds',
        'limits.burst',
        'privacy.user_id',
        'destinations[0].county',
        'destinations[1].region',
      ]),
    );
    expect(faults.filter(({ message }) => message.trim() === '')).toEqual([]);
    expect((await stage.admin.get('/api/v1/tenants/acme')).body).toMatchObject({ version: 2 });
  });

  it('is not overwritten from an outdated copy', async () => {
    const outdated = await stage.admin.put('acme', example, { 'if-match': '"1"' });
    expect(outdated).toMatchObject({ status: 412, body: { status: 412 } });
    const present = await stage.admin.put('acme', example, { 'if-none-match': '*' });
    expect(present.status).toBe(412);
    expect((await stage.admin.get('/api/v1/tenants/acme')).body).toMatchObject({ version: 2 });
  });
});
