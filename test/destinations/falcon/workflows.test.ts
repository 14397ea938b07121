import { createHash } from 'node:crypto';

import { afterEach, describe, expect, it } from 'vitest';

import { workflowKey } from '../../../src/destinations/falcon/workflows-call.ts';
import type { FalconWorkflow } from '../../simulators/falcon-workflows.ts';
import type { FalconOptions } from '../../simulators/falcon.ts';
import { HostBench, agentId } from './host-bench.ts';

const EXECUTE = '/workflows/entities/execute/v1';
const NAME = 'Isolate and tell';
const WORKFLOW: FalconWorkflow = { id: agentId('1'), name: NAME, enabled: true, trigger: 'On demand' };
const BY_ID = { workflow: { id: agentId('1') } };

let bench: HostBench;
afterEach(async () => bench.falcon.stop());

async function at(
  changes: Partial<FalconWorkflow> = {},
  config: Record<string, unknown> = {},
  options: Partial<FalconOptions> = {},
): Promise<HostBench> {
  bench = await HostBench.start({ workflows: [{ ...WORKFLOW, ...changes }], ...options }, config);
  return bench;
}

const PERSON = {
  user: { id: 'user-1', email: 'jdoe@acme.fr' },
  device: { id: agentId('a'), hostname: 'WKS-7' },
};

describe('a detection that asks for a workflow', () => {
  it.each([{}, BY_ID])('starts it once with flat parameters: %j', async (config) => {
    await at({}, config);
    const event = bench.detection('det-1', PERSON);
    expect(await bench.deliver('workflows', event)).toEqual({ kind: 'delivered' });
    expect(bench.falcon.executions).toMatchObject([{ definition_id: agentId('1'), definition_name: NAME }]);
    expect(bench.falcon.executions[0]?.body).toEqual({
      detection_id: 'det-1',
      rule_id: '17959439-cff0-46d2-9135-de30a0d097dc',
      rule_name: 'noxys_hl3_repeated_violations',
      title: 'Repeated AI policy violations from same user',
      severity: 'medium',
      user_id: 'user-1',
      user_email: 'jdoe@acme.fr',
      device_id: agentId('a'),
      hostname: 'WKS-7',
      platforms: 'chatgpt, deepseek',
      classifications: 'CREDIT_CARD, EMAIL',
      count: 6,
      window_seconds: 3600,
      first_seen: '2026-11-22T08:00:00.000Z',
      last_seen: '2026-11-22T08:00:00.000Z',
      relay_url: 'https://relay.example.com',
    });
  });

  it('says what the rule says of it: its playbook, its tags, and until when the user is watched', async () => {
    await at();
    const told = {
      playbook: 'credential_exposure',
      tags: ['attack.credential_access', 'attack.t1552'],
      watchedUntil: '2026-11-23T08:00:00.000Z',
      windowSeconds: 0,
    } as const;
    expect(await bench.deliver('workflows', bench.detection('det-1', told))).toEqual({ kind: 'delivered' });
    expect(bench.falcon.executions[0]?.body).toMatchObject({
      playbook: 'credential_exposure',
      tags: 'attack.credential_access, attack.t1552',
      watched_until: '2026-11-23T08:00:00.000Z',
      window_seconds: 0,
    });
  });

  it('leaves out what privacy took', async () => {
    await at();
    const { user: _user, ...event } = bench.detection('det-1');
    await bench.deliver('workflows', event);
    const [execution] = bench.falcon.executions;
    for (const key of ['user_id', 'user_email', 'device_id', 'hostname'])
      expect(execution?.body).not.toHaveProperty(key);
  });

  it('starts it once, however often it is tried', async () => {
    await at();
    bench.falcon.fail({ match: ({ path }) => path === EXECUTE, drop: 'after_reading', times: 1 });
    const event = bench.detection('det-1');
    expect(await bench.deliver('workflows', event)).toMatchObject({ kind: 'retry', reason: 'network' });
    expect(await bench.deliver('workflows', event)).toEqual({ kind: 'delivered' });
    expect(bench.falcon.executions).toHaveLength(1);
    await bench.deliver('workflows', bench.detection('det-2'));
    expect(bench.falcon.executions).toHaveLength(2);
  });

  it("passes a trigger that asks for the relay's parameters by their types", async () => {
    const parameters = {
      type: 'object',
      required: ['title', 'count', 'platforms'],
      properties: { title: { type: 'string' }, count: { type: 'integer' }, platforms: { type: 'string' } },
    };
    await at({ parameters });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toEqual({ kind: 'delivered' });
  });

  it('is a dead letter when the trigger refuses the parameters, in its words', async () => {
    await at({ parameters: { type: 'object', required: ['ticket'] } });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toMatchObject({
      kind: 'rejected',
      status: 400,
      excerpt: expect.stringContaining('ticket'),
    });
  });

  it('is a dead letter when a 2xx says that nothing was started', async () => {
    await at();
    const body = { resources: null, errors: [{ code: 500, message: 'no execution' }] };
    bench.falcon.fail({ match: ({ path }) => path === EXECUTE, status: 200, body });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toEqual({
      kind: 'rejected',
      status: 200,
      excerpt: '500 no execution',
    });
  });

  it.each<[string, Partial<FalconWorkflow>, Record<string, unknown>, RegExp]>([
    [
      'has another name',
      { name: 'isolate and tell' },
      {},
      /no workflow "Isolate and tell": correct workflow/,
    ],
    ['has another id', { id: agentId('2') }, BY_ID, /no workflow of the id 1{32}: correct workflow/],
    ['is disabled', { enabled: false }, {}, /"Isolate and tell" is disabled: turn it on in the console/],
    [
      'has another trigger',
      { trigger: 'Signal' },
      {},
      /"Isolate and tell" can not be started on demand: give it the trigger/,
    ],
  ])(
    'blocks the lane, and says what to change, when the workflow %s',
    async (_case, changes, config, detail) => {
      await at(changes, config);
      expect(await bench.deliver('workflows', bench.detection('det-1'))).toEqual({
        kind: 'blocked',
        reason: 'not_configured',
        detail: expect.stringMatching(detail),
      });
      expect(bench.falcon.executions).toEqual([]);
    },
  );

  it('blocks with the words of Falcon on a 412 that it does not know', async () => {
    await at();
    const body = { errors: [{ code: 412, message: 'quota of executions is used up' }] };
    bench.falcon.fail({ match: ({ path }) => path === EXECUTE, status: 412, body });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toMatchObject({
      reason: 'not_configured',
      detail: expect.stringContaining('412 quota of executions is used up'),
    });
  });

  it('names the scope that is missing', async () => {
    await at({}, {}, { scopes: ['workflow:read'] });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toMatchObject({
      kind: 'blocked',
      reason: 'scope_missing',
      detail: expect.stringContaining('Workflow: Write'),
    });
  });

  it('says on a lasting 401 that it may be about multi-factor authentication', async () => {
    await at();
    bench.falcon.fail({ match: ({ path }) => path === EXECUTE, status: 401, body: { errors: null } });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toMatchObject({
      kind: 'blocked',
      reason: 'unauthorized',
      detail: expect.stringContaining('multi-factor authentication'),
    });
  });

  it('starts nothing for what is no detection', async () => {
    await at();
    const { detection: _detection, ...event } = bench.detection('evt-1');
    expect(await bench.deliver('workflows', event)).toMatchObject({ kind: 'rejected', status: null });
    expect(bench.asked).toEqual([]);
  });
});

describe('the key of a start', () => {
  it('is a UUID of version 8 made of the SHA-256 of tenant, destination and id, the same each time', () => {
    const digest = createHash('sha256').update('acme\nfalcon\ndet-1').digest('hex');
    const start = { tenant: 'acme', destination: 'falcon', detectionId: 'det-1' };
    const key = workflowKey(start);
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(key.slice(0, 13)).toBe(`${digest.slice(0, 8)}-${digest.slice(8, 12)}`);
    expect(key.slice(-12)).toBe(digest.slice(20, 32));
    expect(workflowKey({ ...start })).toBe(key);
  });

  it('is another one for each id', () => {
    const keys = Array.from({ length: 500 }, (_, i) =>
      workflowKey({ tenant: 'acme', destination: 'falcon', detectionId: `det-${i}` }),
    );
    expect(new Set(keys).size).toBe(500);
  });

  it('is another one for each tenant and each destination, so that two workflows of an account both start', () => {
    const keys = ['acme', 'globex'].flatMap((tenant) =>
      ['falcon', 'falcon-2'].map((destination) => workflowKey({ tenant, destination, detectionId: 'det-1' })),
    );
    expect(new Set(keys).size).toBe(4);
  });
});

describe('the test of the channel', () => {
  async function check(
    options: Partial<FalconOptions> = {},
    changes: Partial<FalconWorkflow> = {},
    config = {},
  ) {
    await at(changes, config, options);
    return bench.channel('workflows').check?.(bench.io);
  }

  it.each([{}, BY_ID])(
    'finds the workflow, starts none, and says what it could not test: %j',
    async (config) => {
      expect(await check({}, {}, config)).toEqual({
        outcome: { kind: 'delivered' },
        notes: [
          expect.stringMatching(/exists and is enabled; it was not started/),
          'Workflows may be started.',
        ],
      });
      expect(bench.falcon.executions).toEqual([]);
    },
  );

  it('looks for the exact name', async () => {
    await check();
    expect(bench.falcon.apiRequests[0]?.query).toContainEqual(['filter', `name.raw:'${NAME}'`]);
  });

  it.each<[Partial<FalconWorkflow>, RegExp]>([
    [{ name: 'Another' }, /no workflow "Isolate and tell"/],
    [{ enabled: false }, /is disabled/],
    [{ trigger: 'Signal' }, /can not be started on demand/],
  ])('says what is wrong with %j', async (changes, detail) => {
    expect(await check({}, changes)).toEqual({
      outcome: { kind: 'blocked', reason: 'not_configured', detail: expect.stringMatching(detail) },
      notes: [],
    });
    expect(bench.falcon.executions).toEqual([]);
  });

  it('takes a scheduled one, which can be started, too', async () => {
    expect(await check({}, { trigger: 'Scheduled' })).toMatchObject({ outcome: { kind: 'delivered' } });
  });

  it.each([
    [['workflow:write'], ['Workflow: Read'], ['Workflows may be started.']],
    [['workflow:read'], ['Workflow: Write'], [expect.stringMatching(/exists and is enabled/)]],
    [['devices:read'], ['Workflow: Read', 'Workflow: Write'], []],
  ])('with the scopes %j names each one that is missing: %j', async (scopes, missing, notes) => {
    const checked = await check({ scopes });
    expect(checked).toMatchObject({ outcome: { kind: 'blocked', reason: 'scope_missing' }, notes });
    const detail = checked?.outcome.kind === 'blocked' ? checked.outcome.detail : '';
    expect(['Workflow: Read', 'Workflow: Write'].filter((name) => detail.includes(name))).toEqual(missing);
  });

  it('takes a look-up that is answered with errors for no success', async () => {
    await at();
    bench.falcon.fail({
      match: ({ path }) => path.startsWith('/workflows/combined'),
      status: 200,
      body: { resources: [{ ...WORKFLOW }], errors: [{ code: 500, message: 'in part' }] },
    });
    expect(await bench.channel('workflows').check?.(bench.io)).toMatchObject({
      outcome: { kind: 'retry', reason: 'server_error', excerpt: '500 in part' },
    });
  });

  it('does not go on where the credentials are wrong', async () => {
    await at();
    bench.falcon.fail({ match: ({ path }) => path === '/oauth2/token', status: 401, body: { errors: null } });
    expect(await bench.channel('workflows').check?.(bench.io)).toMatchObject({
      outcome: { kind: 'blocked', reason: 'unauthorized' },
    });
    expect(bench.falcon.requests).toHaveLength(1);
  });

  it('says that a name which a search can not hold was not looked up, and asks for no other', async () => {
    const name = "It's urgent";
    expect(await check({}, { name }, { workflow: { name } })).toEqual({
      outcome: { kind: 'delivered' },
      notes: [expect.stringContaining('could not be looked up'), 'Workflows may be started.'],
    });
    expect(await bench.deliver('workflows', bench.detection('det-1'))).toEqual({ kind: 'delivered' });
  });
});
