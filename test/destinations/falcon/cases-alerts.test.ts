import { afterEach, describe, expect, it } from 'vitest';

import type { NewAlert } from '../../simulators/falcon-alerts.ts';
import { CASES, DELIVERED, HOUR_MS, MINUTE_MS, Stage, type StageOptions } from './cases-stage.ts';

const AID = 'a'.repeat(32);
const OTHER_AID = 'b'.repeat(32);
const START_MS = 1_763_800_000_000;
const EVIDENCE = '/cases/entities/alert-evidence/v1';
const ALERT_SEARCH = '/alerts/queries/alerts/v2';
const ALERT_CHANGES = '/alerts/entities/alerts/v3';

let stage: Stage;
const start = async (mode: 'attach' | 'tag' | 'off', options: StageOptions = {}) => {
  stage = await Stage.start({
    ...options,
    falcon: { hosts: [{ device_id: AID, hostname: 'WKS-7' }], ...options.falcon },
    cases: { alerts: mode },
  });
};
afterEach(async () => stage.stop());

const alert = (id: string, minutes: number, changes: Partial<NewAlert> = {}): NewAlert => ({
  composite_id: `cid:ind:${id}`,
  agent_id: AID,
  device: { device_id: AID },
  severity: 50,
  created_timestamp: new Date(START_MS + minutes * MINUTE_MS).toISOString(),
  ...changes,
});
const evidence = () => stage.cases.map((one) => one.evidence.alerts);

describe("the host's alerts", () => {
  it('of half an hour before and after are evidence of the case, and raise its severity', async () => {
    await start('attach', {
      falcon: {
        hosts: [{ device_id: AID, hostname: 'WKS-7' }],
        alerts: [
          alert('early', -31),
          alert('before', -30),
          alert('grave', 5, { severity: 90 }),
          alert('late', 31),
          alert('elsewhere', 0, { agent_id: OTHER_AID, device: { device_id: OTHER_AID } }),
        ],
      },
    });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:grave', 'cid:ind:before']]);
    expect(stage.onlyCase.severity).toBe(90);
    expect(stage.onlyCase.description).toContain("Severity: 90 (75 by Noxys, 90 by the host's alerts)");
    expect(stage.onlyCase.description).toContain('Host alerts: 2 within 30 minutes');
    expect(stage.falcon.simulator.alerts.flatMap(({ tags }) => tags)).toEqual([]);
  });

  it('between two entries of a backlog are left out, when they are near neither', async () => {
    await start('attach');
    const first = stage.event('evt-1');
    stage.passes(5 * HOUR_MS);
    for (const minutes of [10, 150, 290]) stage.falcon.simulator.addAlert(alert(`at-${minutes}`, minutes));
    expect(await stage.deliver(first, stage.event('evt-2'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:at-10', 'cid:ind:at-290']]);
  });

  it('near an entry are not crowded out by graver ones in between', async () => {
    await start('attach');
    for (let i = 0; i < 110; i++)
      stage.falcon.simulator.addAlert(alert(`between-${i}`, 150, { severity: 95 }));
    stage.falcon.simulator.addAlert(alert('near', 1, { severity: 80 }));
    const first = stage.event('evt-1');
    stage.passes(5 * HOUR_MS);
    expect(await stage.deliver(first, stage.event('evt-2'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:near']]);
  });

  it('of a backlog are looked for around the newest entries only, and the case says so', async () => {
    await start('attach');
    const events = [];
    for (let i = 0; i < 5; i++) {
      stage.falcon.simulator.addAlert(alert(`at-${i}`, i * 120, { severity: 50 + i }));
      events.push(stage.event(`evt-${i}`));
      stage.passes(2 * HOUR_MS);
    }
    expect(await stage.deliver(...events)).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:at-4', 'cid:ind:at-3', 'cid:ind:at-2']]);
    expect(stage.calls('GET', ALERT_SEARCH)).toHaveLength(3);
    expect(stage.onlyCase.description).toContain(
      'Host alerts: 3 within 30 minutes of the newest entries; the others were too far apart',
    );
  });

  it('that were not added, as a 200 with an error says, are added at the next update', async () => {
    await start('attach');
    await stage.deliver(stage.event('evt-1'));
    stage.falcon.simulator.addAlert(alert('a1', 0));
    const body = { errors: [{ code: 500, message: 'oops' }], resources: null };
    stage.fail('POST', EVIDENCE, { status: 200, body, times: 1 });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(await stage.deliver(stage.event('evt-3'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:a1']]);
  });

  it('are looked for once, when somebody else changes the case meanwhile', async () => {
    await start('attach');
    await stage.deliver(stage.event('evt-1'));
    stage.falcon.simulator.addAlert(alert('a1', 0));
    stage.fail('PATCH', CASES, {
      status: 409,
      body: { errors: [{ code: 409, message: 'version' }] },
      times: 1,
    });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:a1']]);
    expect(stage.calls('GET', ALERT_SEARCH)).toHaveLength(2);
  });

  it('never lower the severity of the case', async () => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('mild', 0, { severity: 10 }));
    await stage.deliver(stage.event('evt-1'));
    expect(stage.onlyCase.severity).toBe(75);
    expect(stage.onlyCase.description).toContain("Severity: 75 (75 by Noxys, 10 by the host's alerts)");
  });

  it('are found by the id of the agent, too', async () => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    await stage.deliver(
      stage.event('evt-1', { device: { id: AID.toUpperCase(), hostname: 'wks-7.acme.example' } }),
    );
    expect(evidence()).toEqual([['cid:ind:a1']]);
  });

  it('that come later are added when the case is updated, each once', async () => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    await stage.deliver(stage.event('evt-1'));
    stage.falcon.simulator.addAlert(alert('a2', 10, { severity: 95 }));
    stage.passes(12 * MINUTE_MS);
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(await stage.deliver(stage.event('evt-3'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:a1', 'cid:ind:a2']]);
    expect(stage.onlyCase.severity).toBe(95);
    expect(stage.calls('POST', EVIDENCE)).toHaveLength(1);
  });

  it('of a case whose answer was lost are not attached again', async () => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject({ kind: 'retry' });
    expect(await stage.deliver(stage.event('evt-1'), stage.event('evt-2'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:a1']]);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
    expect(stage.calls('POST', EVIDENCE)).toHaveLength(0);
  });

  it('are a hundred at most, the gravest', async () => {
    await start('attach');
    for (let i = 0; i < 120; i++)
      stage.falcon.simulator.addAlert(alert(`a${i}`, 0, { severity: i < 20 ? 5 : 60 }));
    await stage.deliver(stage.event('evt-1'));
    expect(stage.onlyCase.evidence.alerts).toHaveLength(100);
    expect(stage.onlyCase.description).toContain('Host alerts: 100 or more within 30 minutes');
    expect(stage.onlyCase.evidence.alerts).not.toContain('cid:ind:a3');
    stage.falcon.simulator.addAlert(alert('new', 1, { severity: 99 }));
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.calls('POST', EVIDENCE)).toHaveLength(0);
  });

  it('that the indicators of the relay itself raised are left out', async () => {
    await start('attach', { config: { indicators: ['deepseek', 'evil.example'] } });
    const raised = (id: string, value: string) =>
      alert(id, 0, { ioc_type: 'domain', ioc_value: value, severity: 99 });
    stage.falcon.simulator.addAlert(raised('a1', 'Chat.DeepSeek.com'));
    stage.falcon.simulator.addAlert(raised('a2', 'evil.example'));
    stage.falcon.simulator.addAlert(raised('a3', 'chatgpt.com'));
    stage.falcon.simulator.addAlert(alert('a4', 0, { ioc_source: 'Noxys' }));
    stage.falcon.simulator.addAlert(raised('a5', 'malware.example'));
    await stage.deliver(stage.event('evt-1'));
    expect(evidence()).toEqual([['cid:ind:a5']]);
  });

  it('are not looked for where the destination does not want them, or privacy left the device out', async () => {
    await start('off');
    await stage.deliver(stage.event('evt-1'));
    await stage.stop();
    await start('attach');
    const { device: _device, ...event } = stage.event('evt-1');
    await stage.deliver(event);
    expect(stage.falcon.simulator.apiRequests).toHaveLength(1);
    expect(stage.onlyCase.description).not.toContain('Host alerts');
  });

  it.each([
    ['no such host', [{ device_id: AID, hostname: 'OTHER' }], 'not read: Falcon knows no such host'],
    [
      'two hosts of the name',
      [AID, OTHER_AID].map((device_id) => ({ device_id, hostname: 'WKS-7' })),
      'not read: several hosts of Falcon have this name',
    ],
  ])('with %s are none, and the case says so', async (_what, hosts, note) => {
    await start('attach', { falcon: { hosts, alerts: [alert('a1', 0)] } });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([[]]);
    expect(stage.onlyCase.description).toContain(`Host alerts: ${note}`);
  });

  it('of a device whose id is of one host and whose name of another are none, and the case says so', async () => {
    const hosts = [
      { device_id: AID, hostname: 'WKS-7' },
      { device_id: OTHER_AID, hostname: 'WKS-8' },
    ];
    const others = alert('b1', 0, { agent_id: OTHER_AID, device: { device_id: OTHER_AID }, severity: 100 });
    await start('attach', { falcon: { hosts, alerts: [alert('a1', 0), others] } });
    const device = { id: OTHER_AID, hostname: 'WKS-7' };
    expect(await stage.deliver(stage.event('evt-1', { device }))).toEqual(DELIVERED);
    expect(evidence()).toEqual([[]]);
    expect(stage.onlyCase.severity).toBe(75);
    expect(stage.onlyCase.description).toContain(
      "Host alerts: not read: the device's id and name belong to different hosts",
    );
  });

  it('of a host whose name can not be asked for are none', async () => {
    await start('attach');
    expect(await stage.deliver(stage.event('evt-1', { device: { hostname: "x'+hostname:'*" } }))).toEqual(
      DELIVERED,
    );
    expect(stage.onlyCase.description).toContain('Host alerts: not read: Falcon knows no such host');
    expect(stage.falcon.simulator.apiRequests).toHaveLength(1);
  });
});

describe('a case whose alerts can not be read', () => {
  it.each([
    ['hosts', ['cases:read', 'cases:write', 'alerts:read'], 'Hosts: Read'],
    ['alerts', ['cases:read', 'cases:write', 'devices:read'], 'Alerts: Read'],
  ])(
    'for want of the scope for %s opens without them, and asks again an hour later',
    async (_what, scopes, name) => {
      await start('attach', { falcon: { hosts: [{ device_id: AID, hostname: 'WKS-7' }], scopes } });
      expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
      expect(stage.onlyCase.description).toContain(
        `Host alerts: not read: the API client lacks the scope ${name}`,
      );
      const refused = stage.falcon.simulator.apiRequests.filter(({ status }) => status === 403);
      await stage.deliver(stage.event('evt-2', { user: { id: 'user-43' } }));
      expect(stage.falcon.simulator.apiRequests.filter(({ status }) => status === 403)).toEqual(refused);
      expect(stage.cases[1]?.description).toContain(name);
      stage.falcon.simulator.setScopes(undefined);
      stage.passes(HOUR_MS);
      stage.falcon.simulator.addAlert(alert('a1', 60));
      await stage.deliver(stage.event('evt-3', { user: { id: 'user-44' } }));
      expect(evidence()).toEqual([[], [], ['cid:ind:a1']]);
    },
  );

  it.each([
    ['a server error', { status: 500, body: { errors: [{ code: 500, message: 'oops' }] }, times: 1 }],
    ['no answer', { hang: true, times: 1 }],
    ['a refused filter', { status: 400, body: { errors: [{ code: 400, message: 'bad filter' }] }, times: 1 }],
  ])('because of %s opens all the same', async (_what, fault) => {
    await start('attach');
    stage.fail('GET', ALERT_SEARCH, fault);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Host alerts: not read: ');
  });

  it.each([
    ['the host', 'GET', '/devices/combined/devices/v1'],
    ['the alerts', 'GET', ALERT_SEARCH],
    ['each alert', 'POST', '/alerts/entities/alerts/v2'],
  ])('because the answer about %s is an error in a 200 says so', async (_what, method, path) => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    const body = { errors: [{ code: 500, message: 'oops' }], resources: null };
    stage.fail(method, path, { status: 200, body, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Host alerts: not read: HTTP 200 with an error');
  });

  it('keeps what Falcon wrote about one host out of memory and of the cases of others', async () => {
    await start('attach');
    stage.fail('GET', '/devices/combined/devices/v1', {
      status: 404,
      body: { errors: [{ code: 404, message: "no route for hostname:['LAPTOP-ALICE']" }] },
      times: 1,
    });
    await stage.deliver(
      stage.event('evt-1', { user: { id: 'alice' }, device: { hostname: 'LAPTOP-ALICE' } }),
    );
    await stage.deliver(stage.event('evt-2', { user: { id: 'bob' }, device: { hostname: 'LAPTOP-BOB' } }));
    expect(stage.cases[1]?.description).toContain(
      'Host alerts: not read: no_such_endpoint, HTTP 404, where Hosts: Read is needed',
    );
    expect(stage.cases[1]?.description).not.toContain('ALICE');
    expect(stage.remembered).not.toContain('ALICE');
  });

  it('because Falcon asks for patience waits, and is not counted as opened', async () => {
    await start('attach');
    stage.fail('GET', ALERT_SEARCH, { status: 429, body: { errors: null }, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject({ kind: 'retry', reason: 'busy' });
    expect(stage.memory.entries('case:')).toEqual([]);
    expect(stage.memory.get('openings')).toMatch(/:0\}$/);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
  });

  it('as evidence, because Falcon refuses one, opens without evidence', async () => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    const refuse = { status: 400, body: { errors: [{ code: 400, message: 'alert not found' }] } };
    stage.fail('PUT', CASES, { ...refuse, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([[]]);
    expect(stage.onlyCase.description).toContain('1 within 30 minutes, not attached: Falcon refused');
  });

  it('is refused for good when it is refused without evidence, too', async () => {
    await start('attach');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    stage.fail('PUT', CASES, { status: 400, body: { errors: [{ code: 400, message: 'no' }] }, times: 2 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject({ kind: 'rejected', status: 400 });
    expect(stage.memory.entries('case:')).toEqual([]);
  });
});

describe('the tags of alerts', () => {
  it('name the relay and the case', async () => {
    await start('tag');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    await stage.deliver(stage.event('evt-1'));
    await stage.deliver(stage.event('evt-2'));
    expect(stage.falcon.simulator.alerts[0]?.tags).toEqual(['noxys', stage.onlyCase.tags[0]]);
    expect(stage.calls('PATCH', ALERT_CHANGES)).toHaveLength(1);
  });

  it('that can not be set never open the case again, and a missing scope is not asked for again at once', async () => {
    const scopes = ['cases:read', 'cases:write', 'devices:read', 'alerts:read'];
    await start('tag', { falcon: { hosts: [{ device_id: AID, hostname: 'WKS-7' }], scopes } });
    stage.falcon.simulator.addAlert(alert('a1', 0));
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    stage.falcon.simulator.addAlert(alert('a2', 0));
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(evidence()).toEqual([['cid:ind:a1', 'cid:ind:a2']]);
    expect(stage.calls('PATCH', ALERT_CHANGES)).toHaveLength(1);
  });

  it('whose answer is lost are set again at the next update', async () => {
    await start('tag');
    stage.falcon.simulator.addAlert(alert('a1', 0));
    stage.fail('PATCH', ALERT_CHANGES, { status: 503, body: '', times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.falcon.simulator.alerts[0]?.tags).toEqual([]);
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.falcon.simulator.alerts[0]?.tags).toEqual(['noxys', stage.onlyCase.tags[0]]);
    expect(stage.calls('POST', EVIDENCE)).toHaveLength(0);
  });
});
