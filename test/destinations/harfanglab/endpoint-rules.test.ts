import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { harfangLabRules } from '../../../src/destinations/harfanglab/endpoint-rules.ts';
import { readRuleSummary } from '../../../src/destinations/harfanglab/rule-summary.ts';
import { KNOWN_PLATFORMS } from '../../../src/domain/platforms.ts';
import { PERMISSIONS } from '../../simulators/harfanglab-api.ts';
import type { HarfangLabOptions } from '../../simulators/harfanglab.ts';
import type { SimulatorRequest } from '../../simulators/request.ts';
import { DAY_MS } from '../channel-lab.ts';
import { ManagerLab } from './manager-lab.ts';

const DELIVERED = { kind: 'delivered' };
const SOURCE = 'noxys-relay acme edr';
const DNS = 'Noxys - unapproved AI platform (DNS)';
const TLS = 'Noxys - unapproved AI platform (TLS)';
const ONLY_DNS = { endpoint_rules: ['ai_dns_query'] };

let lab: ManagerLab;

beforeEach(async () => {
  lab = await ManagerLab.start(harfangLabRules);
});
afterEach(() => lab.manager.stop());

/** A lab of another manager. */
async function startAnew(options: Partial<HarfangLabOptions>): Promise<void> {
  await lab.manager.stop();
  lab = await ManagerLab.start(harfangLabRules, options);
}

const isWrite = (method: string) => (request: SimulatorRequest) =>
  request.method === method && request.path.includes('/SigmaRule/');
const isList = ({ method, path }: SimulatorRequest) => method === 'GET' && path.endsWith('/SigmaRule/');
const rules = () => Object.fromEntries(lab.manager.sigmaRules.map((rule) => [rule.name, rule]));
const names = () => lab.manager.sigmaRules.map(({ name }) => name).toSorted();

describe('a saved config', () => {
  it('makes a source of its own, and the rules in it, which alert in testing', async () => {
    expect(await lab.save()).toEqual(DELIVERED);
    expect(lab.manager.sigmaSources).toMatchObject([{ name: SOURCE, enabled: true }]);
    expect(names()).toEqual([DNS, TLS]);
    for (const rule of lab.manager.sigmaRules) {
      expect(rule).toMatchObject({
        source_id: lab.manager.sigmaSources[0]?.id,
        enabled: true,
        global_state: 'alert',
        hl_status: 'testing',
        block_on_agent: false,
        quarantine_on_agent: false,
        rule_level: 'medium',
        errors: null,
      });
      expect(rule.content).toContain('grok.com');
    }
  });

  it('writes nothing where the manager has them all already, in its own spelling', async () => {
    await lab.save();
    lab.nowMs += DAY_MS;
    expect(await lab.save()).toEqual(DELIVERED);
    expect(lab.writes()).toEqual(['POST SigmaSource', 'POST SigmaRule', 'POST SigmaRule']);
    expect(readRuleSummary(lab.memory)).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
  });

  it('takes many entries as one', async () => {
    expect(await lab.deliver([lab.changed(), lab.changed()])).toEqual(DELIVERED);
    expect(lab.writes()).toEqual(['POST SigmaSource', 'POST SigmaRule', 'POST SigmaRule']);
  });

  it('changes the rules when a platform is approved or becomes known, their ids kept', async () => {
    await lab.save();
    const before = rules()[DNS];
    lab.platforms = { approved: ['grok'], domains: { 'acme-ai': ['ai.acme.fr'] } };
    expect(await lab.save()).toEqual(DELIVERED);
    expect(lab.writes().slice(3)).toEqual(['PATCH SigmaRule', 'PATCH SigmaRule']);
    const after = rules()[DNS];
    expect(after).toMatchObject({ id: before?.id, rule_id: before?.rule_id });
    expect(after?.content).toContain('ai.acme.fr');
    expect(after?.content).not.toContain('grok.com');
  });

  it.each<[string, Record<string, unknown>]>([
    ['was disabled', { enabled: false }],
    ['was made to block', { global_state: 'block' }],
    ['became stable', { hl_status: 'stable' }],
    ['was renamed', { name: 'mine' }],
  ])('brings back a rule that %s in the console', async (_what, change) => {
    await lab.save(ONLY_DNS);
    await lab.byHand('PATCH', `SigmaRule/${lab.manager.sigmaRules[0]?.id}/`, change);
    expect(await lab.save(ONLY_DNS)).toEqual(DELIVERED);
    expect(lab.manager.sigmaRules).toMatchObject([
      { name: DNS, enabled: true, global_state: 'alert', hl_status: 'testing', block_on_agent: false },
    ]);
    expect(readRuleSummary(lab.memory)).toMatchObject({ updated: 1 });
  });

  it('removes a rule that it names no more', async () => {
    await lab.save();
    expect(await lab.save(ONLY_DNS)).toEqual(DELIVERED);
    expect(names()).toEqual([DNS]);
    expect(await lab.save({ endpoint_rules: [] })).toEqual(DELIVERED);
    expect(names()).toEqual([]);
  });

  it('removes all of them when no platform is left that is not approved', async () => {
    await lab.save();
    lab.platforms = { approved: [...KNOWN_PLATFORMS], domains: {} };
    expect(await lab.save()).toEqual(DELIVERED);
    expect(names()).toEqual([]);
  });

  it('asks for no source where there is nothing to keep', async () => {
    expect(await lab.save({ endpoint_rules: [] })).toEqual(DELIVERED);
    expect(lab.writes()).toEqual([]);
  });

  it('leaves the rules of another tenant, of another destination and of people alone', async () => {
    await lab.save({}, 'other');
    await lab.save({ name: 'edr-lab' });
    await lab.save();
    const source = lab.manager.sigmaSources.find(({ name }) => name === SOURCE);
    const content = `title: By hand
id: 5b0f0a52-6c1e-4a55-9d5d-0b7f5b0b8c11
logsource: {product: windows, category: dns_query}
detection: {selection: {QueryName: example.com}, condition: selection}
level: low
`;
    await lab.byHand('POST', 'SigmaRule/', { name: 'By hand', content, source_id: source?.id });
    expect(await lab.save({ endpoint_rules: [] })).toEqual(DELIVERED);
    expect(names()).toEqual(['By hand', DNS, DNS, TLS, TLS]);
    expect(readRuleSummary(lab.memory)).toMatchObject({ removed: 2, foreign: ['By hand'] });
  });
});

describe('a refusal of the manager', () => {
  it('inside a 201 is a dead letter with its code and words, and is not taken for a rule', async () => {
    await startAnew({ refusedSigmaFields: ['OutgoingTlsSni'] });
    expect(await lab.save()).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: 'ai_tls_connection: invalid_sigma_content: unsupported field: OutgoingTlsSni',
    });
    expect(names()).toEqual([DNS]);
    expect(readRuleSummary(lab.memory)).toMatchObject({
      created: 1,
      refused: [{ rule: 'ai_tls_connection' }],
    });
  });

  it.each<[string, unknown]>([
    ['an empty status', { status: [] }],
    ['a status without a flag', { status: [{ id: 'x' }] }],
    ['no status', { id: 'x' }],
    ['nothing', ''],
  ])('a 201 with %s is not believed', async (_what, body) => {
    lab.manager.fail({ match: isWrite('POST'), status: 201, body });
    expect(await lab.save(ONLY_DNS)).toMatchObject({
      kind: 'rejected',
      excerpt: 'ai_dns_query: the answer does not say that it was accepted',
    });
  });

  it('that a rule is there already has it looked for again', async () => {
    await lab.save(ONLY_DNS);
    lab.manager.fail({ match: isList, status: 200, body: { count: 0, next: null, results: [] }, times: 1 });
    expect(await lab.save(ONLY_DNS)).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    expect(await lab.save(ONLY_DNS)).toEqual(DELIVERED);
    expect(lab.manager.sigmaRules).toHaveLength(1);
  });

  it('that a rule is there already which no look shows is a dead letter, and not asked for ever', async () => {
    const body = { status: [{ code: 'duplicate_rule', content: 'already there' }] };
    lab.manager.fail({ match: isWrite('POST'), status: 201, body });
    expect(await lab.save(ONLY_DNS)).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: 'ai_dns_query: duplicate_rule: already there',
    });
  });

  it('of an id that stands in another source says so', async () => {
    await lab.save(ONLY_DNS);
    const [rule] = lab.manager.sigmaRules;
    const other = await lab.byHand('POST', 'SigmaSource/', { name: 'theirs' });
    await lab.byHand('PATCH', `SigmaRule/${rule?.id}/`, { source_id: other['id'] });
    expect(await lab.save(ONLY_DNS)).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: `ai_dns_query: its Sigma id ${rule?.rule_id} is in another source of the manager: id: Sigma rule with this Id already exists.`,
    });
  });

  it('to remove a rule that a correlation uses names the correlation', async () => {
    await lab.save(ONLY_DNS);
    lab.manager.useInCorrelation(lab.manager.sigmaRules[0]?.rule_id ?? '', 'AI and exfiltration');
    expect(await lab.save({ endpoint_rules: [] })).toEqual({
      kind: 'rejected',
      status: 400,
      excerpt: "ai_dns_query: can't be removed, as a correlation uses it: AI and exfiltration",
    });
  });

  it('that its engine tells only afterwards is read back, and told again every day', async () => {
    await startAnew({ erroneousSigmaFields: ['QueryName'] });
    const refused = { kind: 'rejected', status: 400, excerpt: 'ai_dns_query: unknown field: QueryName' };
    expect(await lab.save(ONLY_DNS)).toEqual(refused);
    lab.nowMs += DAY_MS;
    expect(await lab.save(ONLY_DNS)).toEqual(refused);
    expect(lab.writes()).toEqual(['POST SigmaSource', 'POST SigmaRule']);
  });

  it('of a change is told', async () => {
    await lab.save(ONLY_DNS);
    lab.manager.fail({ match: isWrite('PATCH'), status: 400, body: { content: ['too large'] } });
    lab.platforms = { approved: ['grok'], domains: {} };
    expect(await lab.save(ONLY_DNS)).toMatchObject({
      kind: 'rejected',
      excerpt: 'ai_dns_query: content: too large',
    });
  });

  it('that is a warning only is no failure, and is told by the test of the channel', async () => {
    await startAnew({ warnedSigmaFields: ['QueryName'] });
    expect(await lab.save(ONLY_DNS)).toEqual(DELIVERED);
    const checked = await lab.check();
    expect(checked?.notes).toContain('Taken with warnings: ai_dns_query: deprecated field: QueryName.');
  });
});

describe('what goes wrong on the way', () => {
  it('an answer that is never seen leaves one rule, not two', async () => {
    lab.timeoutMs = 100;
    const slow = lab.manager.fail({ match: isWrite('POST'), delayMs: 60_000, times: 1 });
    expect(await lab.save()).toMatchObject({ kind: 'retry', reason: 'timeout' });
    slow.heal();
    expect(await lab.save()).toEqual(DELIVERED);
    expect(names()).toEqual([DNS, TLS]);
  });

  it('a rule that the manager stumbles over keeps no other one waiting', async () => {
    const isDns = (request: SimulatorRequest) =>
      isWrite('POST')(request) && request.body.toString('utf8').includes(DNS);
    lab.manager.fail({ match: isDns, status: 500, body: {} });
    expect(await lab.save()).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(names()).toEqual([TLS]);
  });

  it('a source that somebody removes while it is worked in is made again, with its rules', async () => {
    let isRemoved = false;
    lab.isCurrent = () => {
      if (lab.manager.sigmaSources.length === 1 && !isRemoved) {
        isRemoved = true;
        lab.manager.removeSources();
      }
      return true;
    };
    expect(await lab.save()).toMatchObject({
      kind: 'retry',
      reason: 'unconfirmed',
      detail: expect.stringContaining(`"${SOURCE}" was removed`) as string,
    });
    expect(await lab.save()).toEqual(DELIVERED);
    expect(names()).toEqual([DNS, TLS]);
    expect(lab.manager.sigmaRules[0]?.source_id).toBe(lab.manager.sigmaSources[0]?.id);
  });

  it('a rule that is wanted no more goes before another one is tried', async () => {
    await lab.save({ endpoint_rules: ['ai_tls_connection'] });
    lab.manager.fail({ match: isWrite('POST'), status: 500, body: {} });
    expect(await lab.save(ONLY_DNS)).toMatchObject({ kind: 'retry' });
    expect(names()).toEqual([]);
  });

  it('one that is gone already is removed, and one that vanishes is looked for again', async () => {
    await lab.save();
    lab.manager.fail({ match: isWrite('DELETE'), status: 404, body: { detail: 'Not found.' }, times: 1 });
    expect(await lab.save(ONLY_DNS)).toEqual(DELIVERED);
    lab.manager.fail({ match: isWrite('PATCH'), status: 404, body: { detail: 'Not found.' }, times: 1 });
    lab.platforms = { approved: ['grok'], domains: {} };
    expect(await lab.save(ONLY_DNS)).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    expect(await lab.save(ONLY_DNS)).toEqual(DELIVERED);
  });

  it('one that has to be looked for again keeps no other one waiting', async () => {
    await lab.save(ONLY_DNS);
    lab.manager.fail({ match: isWrite('PATCH'), status: 404, body: { detail: 'Not found.' }, times: 1 });
    lab.platforms = { approved: ['grok'], domains: {} };
    expect(await lab.save()).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    expect(names()).toEqual([DNS, TLS]);
  });

  it('stops when the config has changed meanwhile', async () => {
    lab.isCurrent = () => names().length === 0;
    expect(await lab.save()).toMatchObject({ kind: 'retry', detail: 'not sent' });
    expect(names()).toHaveLength(1);
  });

  it('a login page is no answer', async () => {
    lab.manager.presentLoginPage();
    expect(await lab.save()).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
  });

  it('a missing permission blocks with its name', async () => {
    lab.manager.setPermissions([PERMISSIONS.rulesView]);
    expect(await lab.save()).toMatchObject({
      kind: 'blocked',
      reason: 'forbidden',
      detail: expect.stringContaining(`"${PERMISSIONS.rulesEdit}"`) as string,
    });
  });
});

describe('the test of the channel', () => {
  it('reads once, changes nothing, and tells what the last sync came to', async () => {
    await lab.save();
    const before = lab.manager.apiRequests.length;
    expect(await lab.check()).toEqual({
      outcome: DELIVERED,
      notes: [
        `Sigma rules can be read ("${PERMISSIONS.rulesView}").`,
        `"${PERMISSIONS.rulesEdit}" was not tested, as that would write: the token's user needs it, too.`,
        'Brought in line at 2026-11-22T12:00:00.000Z: 2 made, 0 changed, 0 removed, 0 as they should be.',
      ],
    });
    expect(lab.manager.apiRequests).toHaveLength(before + 1);
  });

  it('tells what is missing', async () => {
    lab.manager.setPermissions([]);
    expect((await lab.check())?.outcome).toMatchObject({
      kind: 'blocked',
      detail: expect.stringContaining(PERMISSIONS.rulesEdit) as string,
    });
  });
});
