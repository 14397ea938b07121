import { chmodSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Finding } from '../../cli/doctor/finding.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, NOW_MS } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { IDLE_LANE, SECRETS, tenantYaml } from './tenant-documents.ts';

const DAY_MS = 86_400_000;
const ago = (ms: number) => new Date(NOW_MS - ms).toISOString();
async function stage() {
  const relay = new StandIn();
  const files = { 'tenants/acme.yaml': tenantYaml('acme') };
  const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS, files });
  await shell.run('apply -f tenants --yes');
  relay.state.lanes.push(IDLE_LANE);
  return { relay, shell };
}

async function examined({ shell }: { shell: FakeIo }, args = 'doctor') {
  const ran = await shell.run(`${args} --json`);
  const { findings } = ran.json<{ findings: Finding[] }>();
  return {
    ...ran,
    findings,
    bad: findings.filter(({ level }) => level === 'warning' || level === 'failure'),
  };
}

describe('doctor', () => {
  it('finds nothing where all is well', async () => {
    const seen = await examined(await stage());
    expect(seen.bad).toEqual([]);
    expect(seen.code).toBe(EXIT.ok);
  });

  it('keeps what it found where the token may not list tenants', async () => {
    const { relay, shell } = await stage();
    const problem = { type: 'urn:noxys-relay:problem:role-missing', detail: 'This needs the role viewer.' };
    const fetching: typeof fetch = async (input, init) =>
      new URL(input instanceof Request ? input.url : input).pathname === '/api/v1/tenants'
        ? Response.json(problem, { status: 403, headers: { 'content-type': 'application/problem+json' } })
        : relay.fetch(input, init);
    Object.assign(shell.io, { fetch: fetching });
    const seen = await examined({ shell });
    expect(seen.code).toBe(EXIT.failed);
    expect(seen.bad.map(({ check }) => check)).toEqual(['tenants']);
    expect(seen.findings.map(({ check }) => check)).toContain('token_works');
  });

  it('mentions a disabled destination once, and a lane that fails while events wait', async () => {
    const { relay, shell } = await stage();
    const failing = { at: ago(1_000), reason: 'network', detail: 'No answer.' };
    relay.state.lanes.push(
      { ...IDLE_LANE, lane: 'old/events', state: 'disabled' },
      { ...IDLE_LANE, lane: 'old/alerts', state: 'disabled' },
      {
        ...IDLE_LANE,
        lane: 'siem/events',
        state: 'waiting',
        undelivered: 1,
        lastFailure: failing,
        lastDeliveredAt: ago(1_000),
      },
    );
    const seen = await examined({ shell });
    expect(seen.findings.filter(({ level }) => level === 'info')).toEqual([
      expect.objectContaining({
        check: 'destination_disabled',
        what: expect.stringContaining('old is disabled'),
      }),
    ]);
    expect(seen.bad).toEqual([
      expect.objectContaining({ check: 'lane_waiting', why: expect.stringContaining('1 event waits') }),
    ]);
    expect((await shell.run('doctor')).stdout).toContain('old is disabled');
  });

  it.each<[string, string, 'warning' | 'failure', (relay: StandIn) => void]>([
    [
      'a jurisdiction that does not fit',
      'jurisdiction',
      'failure',
      ({ state }) => {
        const acme = state.tenants.get('acme');
        if (acme) acme.config.residency = 'eu';
        state.health = { jurisdiction: null };
      },
    ],
    [
      'secrets that do not open',
      'secrets',
      'failure',
      ({ state }) => void (state.health = { secrets: { total: 3, opens: 2, primary: 2 } }),
    ],
    [
      'secrets under the previous key',
      'secrets',
      'warning',
      ({ state }) => void (state.health = { secrets: { total: 3, opens: 3, primary: 1 } }),
    ],
    [
      'names in the sealed map that do not open',
      'sealed_map',
      'failure',
      ({ state }) => void (state.health = { sealedMap: { total: 3, opens: 2, primary: 2 } }),
    ],
    [
      'names in the sealed map under the previous key',
      'sealed_map',
      'warning',
      ({ state }) => void (state.health = { sealedMap: { total: 3, opens: 3, primary: 1 } }),
    ],
    [
      'config faults',
      'config',
      'failure',
      ({ state }) => void (state.health = { configFaults: [{ path: 'residency', message: 'must be eu' }] }),
    ],
    [
      'a version that is not published',
      'published',
      'warning',
      ({ state }) => void (state.health = { publishedVersion: 0 }),
    ],
    [
      'no webhook ever',
      'last_webhook',
      'warning',
      ({ state }) => {
        // As JSON leaves an undefined member out.
        Object.assign(state.health, { lastWebhook: undefined });
      },
    ],
    [
      'a webhook long ago',
      'last_webhook',
      'warning',
      ({ state }) =>
        void (state.health = { lastWebhook: { at: ago(8 * DAY_MS), type: 'a', accepted: true } }),
    ],
    [
      'a blocked lane',
      'lane_blocked',
      'failure',
      ({ state }) =>
        void state.lanes.splice(0, 1, {
          ...IDLE_LANE,
          state: 'blocked',
          blocked: { reason: 'unauthorized', detail: 'No.', since: ago(DAY_MS) },
        }),
    ],
    [
      'a lane that waits for long',
      'lane_waiting',
      'warning',
      ({ state }) =>
        void state.lanes.splice(0, 1, {
          ...IDLE_LANE,
          state: 'waiting',
          lastFailure: { reason: 'network', detail: 'No.', at: ago(1) },
        }),
    ],
    ['no lane', 'lanes', 'warning', ({ state }) => void state.lanes.splice(0, 1)],
    ['dead letters', 'dead_letters', 'warning', ({ state }) => void (state.health = { deadLetters: 3 })],
    ['storage that fills', 'storage', 'warning', ({ state }) => void (state.health = { storageBytes: 8e9 })],
    [
      'storage that is full',
      'storage',
      'failure',
      ({ state }) => void (state.health = { storageBytes: 9.5e9 }),
    ],
    [
      'no channel for notices',
      'notice_channel',
      'warning',
      ({ state }) => void (state.health = { noticeChannels: [] }),
    ],
    [
      'a rotation that is not finished',
      'master_key',
      'warning',
      ({ state }) => void (state.deployment = { keyIds: { primary: 'b', previous: 'a' } }),
    ],
    [
      'a local deployment far away',
      'environment',
      'failure',
      ({ state }) => void (state.deployment = { env: 'local' }),
    ],
    [
      'events that stay in the overflow queue',
      'queue_overflow',
      'warning',
      ({ state }) =>
        void (state.deployment = {
          queues: { wakeups: null, overflow: { backlog: 1, oldestAt: ago(3_600_000) } },
        }),
    ],
    [
      'a queue that piles up',
      'queue_wakeups',
      'warning',
      ({ state }) =>
        void (state.deployment = { queues: { wakeups: { backlog: 20_000 }, overflow: { backlog: 0 } } }),
    ],
    ['a clock that is wrong', 'clock_skew', 'failure', ({ state }) => void (state.nowMs -= 200_000)],
    ['a clock that is a little wrong', 'clock_skew', 'warning', ({ state }) => void (state.nowMs += 60_000)],
    [
      'a token that ends soon',
      'token',
      'warning',
      ({ state }) =>
        void state.tokens.push({
          id: 't',
          name: 'ci',
          role: 'viewer',
          tenant: null,
          createdAt: ago(0),
          createdBy: 'x',
          expiresAt: ago(-DAY_MS),
        }),
    ],
    [
      'a relay that is not ready',
      'ready',
      'failure',
      (relay) =>
        void (relay.intercept = ({ path }) =>
          path === '/readyz' ? new Response('{"checks":{"kv":"failed"}}', { status: 503 }) : undefined),
    ],
    [
      'a tenant whose object is away',
      'tenant_health',
      'failure',
      (relay) =>
        void (relay.intercept = ({ path }) =>
          path.endsWith('acme/health') ? new Response('{}', { status: 500 }) : undefined),
    ],
    [
      'a token that is refused',
      'token_works',
      'failure',
      (relay) =>
        void (relay.intercept = ({ path }) =>
          path.endsWith('/me') ? new Response('{}', { status: 401 }) : undefined),
    ],
    ['no tenant at all', 'tenants', 'warning', ({ state }) => state.tenants.clear()],
  ])('finds %s', async (_what, check, level, spoil) => {
    const { relay, shell } = await stage();
    spoil(relay);
    const { bad, code } = await examined({ shell });
    const found = bad.find((finding) => finding.check === check);
    expect(found).toMatchObject({ level, why: expect.stringMatching(/./), fix: expect.stringMatching(/./) });
    expect(code).toBe(bad.some((one) => one.level === 'failure') ? EXIT.failed : EXIT.ok);
  });

  it('takes a local relay without jurisdictions for what it is', async () => {
    const { relay, shell } = await stage();
    const acme = relay.state.tenants.get('acme');
    if (acme) acme.config.residency = 'eu';
    relay.state.health = { jurisdiction: null };
    relay.state.deployment = { env: 'local' };
    expect((await examined({ shell })).bad.map(({ check }) => check)).toEqual(['environment']);
  });

  it('looks at the files: short secrets, and who may read .env', async () => {
    const { shell } = await stage();
    shell.write('tenants/.env', 'SHORT=whsec_c2hvcnQ=\n');
    chmodSync(join(shell.cwd, 'tenants/.env'), 0o644);
    shell.write('tenants/short.yaml', tenantYaml('short').replace('${WEBHOOK_SECRET}', '${SHORT}'));
    const { bad } = await examined({ shell });
    expect(bad.map(({ check, tenant }) => [check, tenant])).toEqual([
      ['short_secret', 'short'],
      ['env_file', undefined],
    ]);
    shell.write('tenants/broken.yaml', 'id: [');
    expect((await examined({ shell })).bad[0]?.check).toBe('files');
  });

  it('sends to destinations with --send only', async () => {
    const { relay, shell } = await stage();
    await examined({ shell });
    expect(relay.sent('POST', /\/test$/)).toEqual([]);
    relay.state.tests.set('edr', { outcome: 'blocked', reason: 'unauthorized', detail: 'No.' });
    const { bad, code } = await examined({ shell }, 'doctor acme --send');
    expect(bad).toMatchObject([
      { check: 'destination', tenant: 'acme', what: expect.stringContaining('unauthorized') },
    ]);
    expect(code).toBe(EXIT.failed);
  });

  it('tells a lane that took an event from one that was only asked', async () => {
    const { relay, shell } = await stage();
    const detail = 'the API client lacks Hosts: Read';
    relay.state.tested.set('edr', {
      destination: 'edr',
      tests: [
        { lane: 'edr/events', outcome: 'delivered', durationMs: 3, eventId: 'test-1' },
        { lane: 'edr/cases', outcome: 'delivered', durationMs: 4, notes: ['Cases: Read works.'] },
        { lane: 'edr/containment', outcome: 'blocked', reason: 'scope_missing', detail, durationMs: 5 },
      ],
    });
    const { findings } = await examined({ shell }, 'doctor acme --send');
    expect(findings.filter(({ check }) => check === 'destination').map(({ what }) => what)).toEqual([
      'edr/events took a test event in 3 ms.',
      'edr/cases passed its test in 4 ms.',
      'edr/containment did not pass its test: scope_missing the API client lacks Hosts: Read',
    ]);
  });

  it('says less, not nothing, to a token for one tenant', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) => {
      if (path.endsWith('/me'))
        return Response.json({ id: 'token:x', grants: [{ role: 'viewer', tenant: 'acme' }] });
      if (path === '/api/v1/health') return Response.json({ detail: 'No.' }, { status: 403 });
      return undefined;
    };
    const { findings, code } = await examined({ shell });
    expect(code).toBe(EXIT.ok);
    expect(findings.filter(({ level }) => level === 'skipped').map(({ check }) => check)).toEqual([
      'deployment',
      'token',
    ]);
    expect(relay.sent('GET', /tokens/)).toEqual([]);
  });

  it('ends early where nothing answers', async () => {
    const shell = new FakeIo();
    const ran = await shell.run('doctor --json');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.json<{ findings: Finding[] }>().findings[0]).toMatchObject({
      check: 'reachable',
      level: 'failure',
    });
  });

  it('shows people what, why and what to do, and what is in order on request', async () => {
    const { relay, shell } = await stage();
    relay.state.health = { noticeChannels: [] };
    const brief = await shell.run('doctor');
    expect(brief.stdout).toMatch(/^! acme There is no channel for notices\.\n {4}Nobody is told/m);
    expect(brief.stdout).toMatch(/\d+ checks in order, 1 warning, 0 failures\.$/m);
    expect((await shell.run('doctor --verbose')).stdout).toContain('✔ acme Version 1 is at the edge.');
  });
});
