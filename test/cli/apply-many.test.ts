/** What an MSSP has on the thousandth tenant: bounds of requests, of requests at once, and of memory. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const TENANTS = 10_000;
const CONCURRENCY = 8;
/** Documents of 10,000 tenants as JSON, with room: a plan of each must not be kept. */
const HEAP_GROWTH_MAX_BYTES = 150 * 1024 * 1024;
const LOOK_EVERY = 1_000;
const CHANGED = ['t00007', 't05000', 't09999'];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is kept: other files' garbage is in the same heap. */
function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const ids = Array.from({ length: TENANTS }, (_, index) => `t${String(index).padStart(5, '0')}`);

describe(`apply with ${TENANTS} tenants`, () => {
  it(
    'compares each once, writes the 3 that changed, and stays within its bounds',
    { timeout: 120_000 },
    async () => {
      const relay = new StandIn();
      const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS });
      shell.write('one/t.yaml', tenantYaml('t'));
      await shell.run('apply -f one --yes');
      const stored = relay.state.tenants.get('t');
      if (!stored) throw new Error('Cannot go on as the first tenant must be stored: it is not');
      relay.state.tenants.clear();
      for (const id of ids) {
        relay.state.tenants.set(id, { ...stored, config: { ...stored.config, id } });
        shell.write(
          `tenants/${id}.yaml`,
          tenantYaml(id, CHANGED.includes(id) ? 'retention: { events: 7 }\n' : ''),
        );
      }
      relay.requests.length = 0;
      const counts = new Map<string, number>();
      let heapMax = 0;
      const heapBefore = heapUsed();
      relay.intercept = ({ method, path }) => {
        const kind = `${method} ${path.replace(/t\d{5}/, ':id').replace(/\?.*/, '')}`;
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        // The stand-in's own record is no part of what is measured.
        if (method !== 'PUT') relay.requests.length = 0;
        if (counts.get(kind) === 1 || (counts.get(kind) ?? 0) % LOOK_EVERY === 0)
          heapMax = Math.max(heapMax, heapUsed());
        return undefined;
      };
      const ran = await shell.run(`apply -f tenants --prune --yes --concurrency ${CONCURRENCY} --json`);
      expect(ran.code).toBe(EXIT.ok);
      expect(ran.json()).toMatchObject({
        unchanged: TENANTS - 3,
        written: CHANGED.map((id) => ({ id, change: 'update', outcome: 'done' })),
      });
      expect(Object.fromEntries(counts)).toEqual({
        'GET /api/v1/tenants': TENANTS / 200,
        'POST /api/v1/tenants/:id/plan': TENANTS,
        'PUT /api/v1/tenants/:id': 3,
      });
      expect(relay.inFlightMax).toBeLessThanOrEqual(CONCURRENCY);
      expect(heapMax - heapBefore).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
    },
  );
});
