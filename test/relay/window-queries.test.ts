/** What rules count now, as operators see it: by group, a page of it, that of a user, and never a name. */

import { describe, expect, it } from 'vitest';

import type { WindowView, WindowsRequest } from '../../src/domain/rule-views.ts';
import type { PrivacyConfig } from '../../src/domain/tenant-config.ts';
import { pseudonymOf } from '../../src/ingest/pseudonym.ts';
import { decodeBase64 } from '../../src/lib/bytes.ts';
import { askedWhileRemoved, repeatedViolations, withRules } from './rules-for-test.ts';
import { Tenant } from './tenant.ts';

/** The key that tenant.ts seals for every tenant. */
const PSEUDONYM_KEY = decodeBase64('A'.repeat(43)) ?? new Uint8Array(0);

async function ask(tenant: Tenant, request: Omit<WindowsRequest, 'v' | 'limit'> & { limit?: number } = {}) {
  return tenant.inside(async (relay) => relay.windows({ v: 1, limit: 50, ...request }));
}

async function windows(
  tenant: Tenant,
  request: Parameters<typeof ask>[1] = {},
): Promise<readonly WindowView[]> {
  const answer = await ask(tenant, request);
  if (answer.kind !== 'windows') throw new Error(`Cannot list windows: ${answer.kind}`);
  return answer.windows;
}

function valuesOf(found: readonly WindowView[]): number[] {
  return found.map(({ value }) => value ?? 0).toSorted((a, b) => a - b);
}

/** One of each user, two of user-1. */
async function counting(
  users: readonly string[],
  privacy: PrivacyConfig['user_id'] = 'keep',
): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    withRules([repeatedViolations({ name: 'a' }), repeatedViolations({ name: 'b', over: 0 })])(document);
    document['privacy'] = { user_id: privacy };
  });
  await tenant.accept(
    ...['user-1', ...users].map((name, i) => {
      const id = privacy === 'keep' ? name : pseudonymOf(name, 'user_id', PSEUDONYM_KEY);
      return tenant.event(`evt-${i}`, { user: { id } });
    }),
  );
  return tenant;
}

describe('the windows', () => {
  it('are shown by group, with what they hold now, whoever it is a key', async () => {
    const tenant = await counting(['user-1', 'user-2']);
    const found = await windows(tenant, { rule: 'b' });
    expect(valuesOf(found)).toEqual([1, 2]);
    expect(found[0]).toMatchObject({
      rule: 'b',
      group: { user_id: expect.stringMatching(/^p_/) },
      condition: '> 0',
      firstAt: expect.stringMatching(/^2096/),
      lastAt: expect.stringMatching(/^2096/),
      alertedAt: expect.stringMatching(/^2096/),
      quietUntil: expect.stringMatching(/^2096/),
    });
    expect(found[0]?.group['user_id']).not.toBe(found[1]?.group['user_id']);
    expect(JSON.stringify(found)).not.toContain('user-');
    expect(await windows(tenant)).toHaveLength(4);
  });

  it('are gone from the answer when they hold nothing any more', async () => {
    const tenant = await counting([]);
    tenant.nowMs += 3 * 3_600_000;
    expect(await windows(tenant, { rule: 'a' })).toEqual([]);
  });

  it('come page by page, from a place that names nobody', async () => {
    const tenant = await counting(['user-2', 'user-3']);
    const seen: string[] = [];
    let after: string | undefined;
    for (let page = 0; page < 10; page++) {
      const answer = await ask(tenant, { limit: 4, ...(after !== undefined && { after }) });
      if (answer.kind !== 'windows') throw new Error(answer.kind);
      seen.push(...answer.windows.map(({ rule, group }) => `${rule} ${group['user_id']}`));
      after = answer.nextAfter;
      if (after === undefined) break;
      expect(Buffer.from(after, 'base64').toString('latin1')).not.toContain('user-');
    }
    expect(new Set(seen).size).toBe(6);
    expect(seen).toHaveLength(6);
    const other = await counting([]);
    const first = await ask(tenant, { limit: 1 });
    const place = first.kind === 'windows' ? (first.nextAfter ?? '') : '';
    for (const wrong of ['x', place])
      expect(await ask(other, { after: wrong })).toEqual({ kind: 'place_unknown' });
  });

  it.each(['keep', 'pseudonymise'] as const)(
    'are found for one user under %s, which is audited',
    async (privacy) => {
      const tenant = await counting(['user-2'], privacy);
      const found = await windows(tenant, { user: { id: 'user-2' } });
      expect(found.map(({ rule }) => rule)).toEqual(['a', 'b']);
      const key = found[0]?.group['user_id'] ?? '';
      expect(await windows(tenant, { user: { key }, rule: 'a' })).toEqual(found.slice(0, 1));
      const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 10 }));
      const searched = entries.filter(({ action }) => action === 'user.searched');
      expect(searched).toMatchObject([{ detail: { key, what: 'windows' } }, { detail: { count: 2 } }]);
      expect(JSON.stringify(searched)).not.toContain('user-2');
    },
  );

  it('are of no tenant to who looks while it is removed', async () => {
    const tenant = await counting(['user-1']);
    const answer = await askedWhileRemoved(tenant, async (relay) =>
      relay.windows({ v: 1, limit: 50, user: { key: 'p_1' } }),
    );
    expect(answer).toEqual({ kind: 'unknown_tenant' });
  });

  it('of no rule are not there', async () => {
    const tenant = await counting([]);
    expect(await ask(tenant, { rule: 'nosuch' })).toEqual({ kind: 'not_found' });
    expect(await windows(tenant, { rule: 'a_part' })).toEqual([]);
  });

  it('are read from both tables, the current one first', async () => {
    const tenant = await counting(['user-2']);
    await tenant.inside((_relay, { storage }) => {
      storage.sql.exec('INSERT INTO windows_1 SELECT * FROM windows_0');
      storage.sql.exec("DELETE FROM windows_0 WHERE key LIKE '%user-2%'");
    });
    await tenant.accept(tenant.event('evt-more'));
    expect(valuesOf(await windows(tenant, { rule: 'a' }))).toEqual([1, 2]);
  });
});
