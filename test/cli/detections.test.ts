import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions, NOW_MS } from './fake-io.ts';
import { detectionForShell } from './rules-for-test.ts';
import { StandIn } from './stand-in.ts';

function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  return { relay, shell: new FakeIo({ fetch: relay.fetch, ...options }) };
}

describe('detections list', () => {
  it('lists the newest first, page by page, and names nobody unless asked to', async () => {
    const { relay, shell } = stage();
    for (let seq = 450; seq > 0; seq--) relay.state.detections.push(detectionForShell(seq));
    const ran = await shell.run('detections list acme --limit 300');
    expect(ran.stdout).toMatch(/^450 +2026-11-22 04:59:00 +det_450 +pii +critical +6 +p_17 +–$/m);
    expect(ran.stdout).toContain('There is more: --before 151');
    expect(relay.requests).toHaveLength(2);
    expect(ran.all).not.toContain('jane');
    const shown = await shell.run('detections list acme --limit 1 --persons');
    expect(shown.stdout).toContain('jane.doe@example.com');
  });

  it('asks for what the options say, and of a user in a body', async () => {
    const { relay, shell } = stage({ stdin: 'jane.doe@example.com\n' });
    relay.state.detections.push(detectionForShell(2, { verdict: 'false_positive' }), detectionForShell(1));
    const line =
      'detections list acme --rule pii --level critical --verdict false-positive --no-dry-run --since 1d';
    expect((await shell.run(`${line} --json`)).json()).toMatchObject({ detections: [{ seq: 2 }] });
    const { searchParams } = new URL(`https://relay${relay.requests[0]?.path ?? ''}`);
    expect(Object.fromEntries(searchParams)).toEqual({
      rule: 'pii',
      level: 'critical',
      verdict: 'false_positive',
      dry_run: 'false',
      since: '2026-11-21T05:00:00.000Z',
      limit: '50',
    });
    await shell.run('detections list acme --user-email - --dry-run');
    const [search] = relay.sent('POST', /detections\/search$/);
    expect(JSON.parse(search?.body ?? '')).toMatchObject({
      user_email: 'jane.doe@example.com',
      dry_run: true,
    });
    expect(relay.requests.every(({ path }) => !path.includes('jane'))).toBe(true);
  });

  it('takes a time as so many weeks ago', async () => {
    const { relay, shell } = stage();
    await shell.run('detections list acme --since 1w');
    expect(relay.requests[0]?.path).toContain(
      encodeURIComponent(new Date(NOW_MS - 7 * 86_400_000).toISOString()),
    );
  });

  it('says that there is none, and refuses a verdict that is none', async () => {
    const { shell } = stage();
    expect((await shell.run('detections list acme')).stdout).toBe('No detection is like that.\n');
    expect((await shell.run('detections list acme --verdict maybe')).code).toBe(EXIT.invalid);
  });
});

describe('detections explain', () => {
  it('says of each response what came of it and why, and what the lanes did', async () => {
    const { relay, shell } = stage();
    relay.state.detections.push(detectionForShell(1));
    relay.state.responses.push(
      { response: 'case', outcome: 'done', lane: 'falcon/cases', why: 'The case 17 was opened.' },
      { response: 'contain', outcome: 'skipped', why: 'Its rule does not ask for it.' },
      { response: 'workflow', outcome: 'skipped', why: 'Its rule does not ask for it.' },
    );
    const ran = await shell.run('detections explain acme det_1');
    expect(ran.stdout).toBe(`det_1: PII on its way out
rule      pii (critical)
events    6 events within 1 h, the last 2026-11-22 04:59:00 UTC
event ids evt_1 and 5 earlier
user      p_17
platforms perplexity
found     IBAN

  done     case               falcon/cases: The case 17 was opened.
  skipped  contain, workflow  Its rule does not ask for it.

  delivered  edr/events: The destination took it.
`);
    expect((await shell.run('detections explain acme det_2')).code).toBe(EXIT.notFound);
  });

  it('shows the newest ten of the events that it counts, and how many there are besides', async () => {
    const { relay, shell } = stage();
    const one = detectionForShell(1);
    const eventIds = Array.from({ length: 14 }, (_, i) => `evt_${i + 1}`);
    relay.state.detections.push({ ...one, detection: { ...one.detection, count: 14, eventIds } });
    const ran = await shell.run('detections explain acme det_1');
    expect(ran.stdout).toMatch(/^event ids evt_14, evt_13, .*evt_5 and 4 earlier$/m);
  });
});

describe('detections mark', () => {
  it('marks, says when it was marked so already, and takes two verdicts alone', async () => {
    const { relay, shell } = stage();
    relay.state.detections.push(detectionForShell(1));
    const line = 'detections mark acme det_1 false-positive';
    expect((await shell.run(line)).stdout).toBe('det_1 is marked as false positive.\n');
    expect((await shell.run(line)).stdout).toBe('det_1 is marked already as false positive.\n');
    expect(relay.state.detections[0]?.verdict).toBe('false_positive');
    expect((await shell.run('detections mark acme det_1 wrong')).code).toBe(EXIT.invalid);
    expect((await shell.run('detections mark acme det_9 true-positive')).code).toBe(EXIT.notFound);
  });
});

describe('windows list', () => {
  const at = new Date(NOW_MS - 60_000).toISOString();
  const window = (user: string) => ({
    rule: 'repeated',
    group: { user_id: user },
    value: 4,
    condition: '> 5',
    firstAt: at,
    lastAt: at,
    quietUntil: new Date(NOW_MS + 120_000).toISOString(),
  });

  it('lists what is counted for whom, page by page', async () => {
    const { relay, shell } = stage();
    expect((await shell.run('windows list acme')).stdout).toContain('No window is open');
    for (let i = 0; i < 250; i++) relay.state.windows.push(window(`p_${i}`));
    const ran = await shell.run('windows list acme --limit 210');
    expect(ran.stdout).toMatch(/^repeated +user_id=p_209 +4 of > 5 +1 min ago +1 min ago +– +in 2 min$/m);
    expect(ran.stdout).toContain('There is more: --after 209');
    const key = 'p_0123456789abcdefghijkl';
    relay.state.windows.push(window(key));
    const one = await shell.run(`windows list acme --user-key ${key} --rule repeated --json`);
    expect(one.json<{ windows: object[] }>().windows).toHaveLength(1);
    expect(relay.sent('POST', /windows\/search$/)).toHaveLength(1);
  });
});
