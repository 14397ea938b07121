/** docs/destinations/harfanglab.md is whole and true: every field, action and reason, real messages, bodies as they are sent. */

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

import { harfangLabEvent } from '../../src/destinations/harfanglab/events.ts';
import { findingBody } from '../../src/destinations/harfanglab/finding-body.ts';
import { commentText } from '../../src/destinations/harfanglab/finding-text.ts';
import { bodyOf } from '../../src/destinations/harfanglab/indicator.ts';
import { PERMISSIONS } from '../../src/destinations/harfanglab/permissions.ts';
import { ruleNameOf } from '../../src/destinations/harfanglab/sigma-content.ts';
import { normaliseBaseUrl } from '../../src/destinations/harfanglab/base-url.ts';
import { ownTagOf } from '../../src/destinations/own-tag.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import {
  ENDPOINT_RULES,
  HARFANGLAB_ACTIONS,
  HARFANGLAB_GUIDE_VERBS,
  HARFANGLAB_MODES,
  HARFANGLAB_NATIVE_VERBS,
  harfangLabSchema,
} from '../../src/domain/harfanglab-config.ts';
import { BLOCKED_REASONS, RETRY_REASONS } from '../../src/domain/outcome.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { deviceMapSchema } from '../../src/domain/tenant-config.ts';
import { FULL_EVENT } from '../destinations/full-event.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import {
  below,
  block,
  codeIn,
  exampleFaults,
  firstColumn,
  messageParts,
  messagesOfSource,
  ownFields,
  ownPaths,
  readPage,
} from './page.ts';

const TEXT = readPage('destinations/harfanglab.md');
const SOURCES = messagesOfSource('HarfangLab');
/** No answer of HarfangLab is read as one of these. */
const OF_FALCON = ['scope_missing', 'address_not_allowed', 'wrong_region'];

/** The detection of the page's example: the second of its group. */
const DETECTION = detectionEvent(
  detectionForTest({
    level: 'high',
    tags: ['attack.exfiltration', 'attack.t1567'],
    playbook: 'unauthorized_platform',
    watchedUntil: '2026-11-23T08:00:00.000Z',
    policy: { decision: 'block' },
    device: { id: '0fae71cf-ebde-4533-a50c-b3c0290378db', hostname: 'WKS-7' },
  }),
  { tenant: 'acme', receivedAt: '2026-11-22T08:00:01.000Z' },
);
const CONTEXT = {
  tenant: 'acme',
  platforms: PLATFORMS_DEFAULT,
  publicUrl: 'https://relay.acme.eu',
  language: 'en',
  timeZone: 'UTC',
} as const;
const ACTIVITY = {
  from: '2026-11-21T08:00:00.000Z',
  to: '2026-11-22T08:00:00.000Z',
  events: 9,
  byType: { 'interaction.policy_violated': 6, 'interaction.high_risk': 3 },
  byDecision: { block: 7, log: 2 },
  byPlatform: { perplexity: 7, chatgpt: 2 },
  byClassification: { EMAIL: 5, CREDIT_CARD: 2 },
  onDevice: 9,
  detections: 2,
  byRule: { noxys_hl1_blocked_unauthorized_platform: 2 },
  isComplete: true,
};
const INCIDENT = findingBody(
  {
    noun: 'incident',
    event: DETECTION,
    activity: ACTIVITY,
    granted: ['event', 'incident', 'alert'],
    series: { id: '1042', count: 1, firstAtMs: Date.parse('2026-11-21T08:00:00Z') },
  },
  CONTEXT,
);

const jsonBelow = (heading: string): unknown => JSON.parse(block(below(TEXT, heading), 'json'));

describe('the page about HarfangLab', () => {
  it('has every field of the schema, and no other', () => {
    expect(ownFields(TEXT)).toEqual(ownPaths(harfangLabSchema));
  });

  it('has an example that the schemas take', () => {
    const config = load(block(below(TEXT, '## Set it up'), 'yaml')) as { device_map: unknown };
    expect(deviceMapSchema.safeParse(config.device_map).success).toBe(true);
    expect(exampleFaults(TEXT, harfangLabSchema)).toEqual([undefined]);
  });

  it('tells which API has which action', () => {
    const rows = below(TEXT, '## Two APIs').matchAll(/^\| (`[^|]+) \|[^|]*\|([^|]*)\|/gm);
    const byMode = Object.fromEntries(
      [...rows].slice(1).map(([, mode = '', actions = '']) => [codeIn(mode)[0], codeIn(actions)]),
    );
    expect(Object.keys(byMode)).toEqual(HARFANGLAB_MODES);
    expect(new Set(byMode['events'])).toEqual(new Set(HARFANGLAB_GUIDE_VERBS));
    expect(new Set(byMode['native'])).toEqual(new Set([...HARFANGLAB_NATIVE_VERBS, 'block']));
  });

  it('has every action with a lane in the table of rights, and every right', () => {
    const section = below(TEXT, '## Set it up');
    const actions = [...section.matchAll(/^ *\| [^|]+ \| `(\w+)` +\|/gm)].map(([, verb]) => verb);
    expect(new Set(actions)).toEqual(new Set(HARFANGLAB_ACTIONS.filter((action) => action !== 'block')));
    expect(Object.values(PERMISSIONS).filter((name) => !section.includes(name))).toEqual([]);
  });

  it('has every reason for which a lane blocks, and says which are of Falcon alone', () => {
    const section = below(TEXT, '### A lane is blocked');
    const reasons = BLOCKED_REASONS.filter((reason) => !OF_FALCON.includes(reason));
    expect(new Set(firstColumn(section))).toEqual(new Set(reasons));
    expect(OF_FALCON.filter((reason) => !section.includes(`\`${reason}\``))).toEqual([]);
  });

  it('has every reason for which a lane waits, and no other', () => {
    expect(new Set(firstColumn(below(TEXT, '### A lane waits')))).toEqual(new Set(RETRY_REASONS));
  });

  it.each(['### Refused when you save', '### A lane is blocked', '### A lane waits', '### Dead letters'])(
    'quotes messages that the relay really says: %s',
    (heading) => {
      const parts = messageParts(below(TEXT, heading)).filter(
        (part) => part !== 'twenty refusals without a delivery',
      );
      expect(parts.length).toBeGreaterThan(8);
      expect(parts.filter((part) => !SOURCES.includes(part))).toEqual([]);
    },
  );

  it('shows what is sent of an event', () => {
    expect(jsonBelow('## Events')).toEqual(harfangLabEvent(FULL_EVENT));
  });

  it('shows an incident as it is sent, and tells of each of its fields', () => {
    expect(jsonBelow('## Incidents and alerts')).toEqual(INCIDENT);
    const told = firstColumn(below(TEXT, '## Incidents and alerts'));
    const ofEvents = findingBody(
      { noun: 'alert', event: FULL_EVENT, activity: undefined, granted: [], series: undefined },
      CONTEXT,
    );
    const sent = [...new Set([...Object.keys(INCIDENT), ...Object.keys(ofEvents), 'related_alert'])];
    expect(told.toSorted()).toEqual(sent.toSorted());
  });

  it('shows an indicator as it is sent', () => {
    const wanted = {
      domain: 'perplexity.ai',
      action: 'alert',
      severity: 'high',
      description: 'Noxys: Perplexity is not an approved AI platform',
      isResponse: false,
    } as const;
    expect(jsonBelow('## Indicators')).toEqual(
      bodyOf(wanted, { ownTag: ownTagOf('acme', 'edr'), sourceId: '…' }),
    );
  });

  it('shows a comment as it is written', () => {
    const url = String(INCIDENT['url']);
    expect(block(below(TEXT, '## Threat comments'), 'text').trimEnd()).toBe(
      commentText(DETECTION, 'en', url),
    );
  });

  it('names the endpoint rules as the console shows them', () => {
    const named = firstColumn(below(TEXT, '## Endpoint rules'));
    expect(named).toEqual([...ENDPOINT_RULES]);
    const section = below(TEXT, '## Endpoint rules');
    expect(ENDPOINT_RULES.map(ruleNameOf).filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });

  it('promises spellings of the address that are taken', () => {
    const typed = [
      'harfanglab.acme.fr:8443',
      '"https://harfanglab.acme.fr:8443//"',
      '<https://harfanglab.acme.fr:8443>',
      ...['/api', '/api/v1', '/api/v1/events', '/api/data/', '/threats/7', '/security-event/1/summary'].map(
        (path) => `https://harfanglab.acme.fr:8443${path}`,
      ),
      'https://harfanglab.acme.fr:8443/login',
      'https://harfanglab.acme.fr:8443/#/threats',
    ];
    const read = typed.map((text) => normaliseBaseUrl(text, { isLocal: false }));
    expect(read).toEqual(typed.map(() => ({ ok: true, value: 'https://harfanglab.acme.fr:8443' })));
    for (const refused of ['http://harfanglab.acme.fr', 'https://edr.acme.fr/x', 'https://10.0.0.1', 'edr'])
      expect(normaliseBaseUrl(refused, { isLocal: false }).ok).toBe(false);
  });
});
