/** What counting costs in rows written, as the platform's own cursor counts them. */

import { describe, expect, it } from 'vitest';

import { eachOf, repeatedViolations, rowsWrittenBy, withRules } from './rules-for-test.ts';
import { Tenant } from './tenant.ts';

/** No lane: what is left is what accepting writes. */
function withoutLanes(document: Record<string, unknown>): void {
  document['destinations'] = [];
}

/** Rows that a tenant writes for webhooks of one event, once the first is through. */
async function rowsFor(
  texts: readonly string[],
  { webhooks = 50, perWebhook = 1, users = 20 } = {},
): Promise<number> {
  const tenant = await Tenant.create((document) => {
    withoutLanes(document);
    withRules(texts)(document);
  });
  await tenant.accept(tenant.event('first', { type: 'interaction.high_risk' }));
  const written = await rowsWrittenBy(tenant, async () => {
    for (let i = 0; i < webhooks; i++) {
      const events = Array.from({ length: perWebhook }, (_, n) =>
        tenant.event(`evt-${i}-${n}`, { user: { id: `user-${i % users}` } }),
      );
      await tenant.accept(...events);
    }
  });
  return written;
}

const QUIET = { over: 1_000 };

describe('an accepted event', () => {
  it('costs two rows without rules', async () => {
    expect(await rowsFor([])).toBe(100);
  });

  it('costs no more with a rule that it does not match', async () => {
    expect(await rowsFor([eachOf('alert.severity_critical')])).toBe(100);
  });

  it('costs at most 1.1 rows more for each rule that counts it', async () => {
    const without = await rowsFor([]);
    const one = await rowsFor([repeatedViolations(QUIET)]);
    const three = await rowsFor(
      ['a', 'b', 'c'].map((name) => repeatedViolations({ ...QUIET, name, timespan: '90m' })),
    );
    expect((one - without) / 50).toBeGreaterThanOrEqual(1);
    expect((one - without) / 50).toBeLessThanOrEqual(1.1);
    expect((three - without) / 50 / 3).toBeLessThanOrEqual(1.1);
  });

  it('of a batch of a hundred of one user costs one row of windows', async () => {
    const batch = { webhooks: 1, perWebhook: 100 };
    expect((await rowsFor([repeatedViolations(QUIET)], batch)) - (await rowsFor([], batch))).toBe(1);
  });

  it('costs six rows more where a rule finds something', async () => {
    // Log and de-duplication, the detection and its index, the rule's counts, the relay's own entries.
    const found = await rowsFor([eachOf('interaction.policy_violated')], { webhooks: 10 });
    expect((found - (await rowsFor([], { webhooks: 10 }))) / 10).toBe(6);
  });
});
