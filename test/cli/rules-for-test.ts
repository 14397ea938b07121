/** Rules, tests of rules and detections as the relay answers them, for tests of what shows them. */

import type { DetectionView, RuleDetail, RuleTest } from '../../cli/api-types.ts';
import { NOW_MS } from './fake-io.ts';

export function ruleForTest(more: Partial<RuleDetail> = {}): RuleDetail {
  return {
    id: 'a',
    name: 'pii',
    title: 'PII on its way out',
    level: 'critical',
    source: 'bundled',
    kind: 'rule',
    enabled: true,
    alerts: true,
    dryRun: false,
    respond: ['case', 'notify'],
    tags: ['attack.t1567'],
    counts: { detections: 0, dryRuns: 0, truePositives: 0, falsePositives: 0, failures: 0 },
    references: [],
    falsepositives: [],
    document: {
      title: 'PII on its way out',
      detection: { high: { 'risk_score|gt': 0.9 }, condition: 'high' },
    },
    ...more,
  };
}

export function ruleTestForTest(more: Partial<RuleTest> = {}): RuleTest {
  return {
    rule: 'a',
    name: 'pii',
    title: 'PII on its way out',
    level: 'critical',
    matches: true,
    selections: [
      { name: 'high', matches: true, items: [{ item: 'risk_score|gt: 0.9', matches: true }] },
      { name: 'listed', matches: false, items: [{ item: 'classifications: IBAN', matches: false }] },
    ],
    ...(more.matches === false ? {} : { condition: 'high or listed' }),
    responses: [
      { response: 'case', outcome: 'waiting', lane: 'falcon/cases', why: 'It would open a case.' },
      { response: 'notify', outcome: 'skipped', why: 'No destination does it.' },
    ],
    ...more,
  };
}

export function detectionForShell(seq: number, more: Partial<DetectionView> = {}): DetectionView {
  const at = new Date(NOW_MS - 60_000).toISOString();
  return {
    seq,
    id: `det_${seq}`,
    type: 'relay.detection',
    occurredAt: at,
    receivedAt: at,
    tenant: 'acme',
    user: { key: 'p_17', id: 'u-17', email: 'jane.doe@example.com' },
    severity: 'critical',
    classifications: ['IBAN'],
    classificationCount: 1,
    faults: [],
    source: 'noxys',
    detection: {
      ruleId: 'a',
      ruleName: 'pii',
      title: 'PII on its way out',
      level: 'critical',
      platforms: ['perplexity'],
      count: 6,
      windowSeconds: 3600,
      firstAt: at,
      lastAt: at,
      eventIds: ['evt_1'],
      dryRun: false,
    },
    ...more,
  };
}
