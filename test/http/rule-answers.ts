/** What a fake object answers of rules, detections and windows; a test puts others in their place. */

import type {
  BacktestAnswer,
  DetectionAnswer,
  DetectionsAnswer,
  JudgeAnswer,
  RuleAnswer,
  RuleChangesAnswer,
  RulesAnswer,
  TestRulesAnswer,
  WindowsAnswer,
} from '../../src/domain/rules-rpc.ts';
import type { DetectionView, RuleView } from '../../src/domain/rule-views.ts';

export interface RuleAnswers {
  rules: RulesAnswer;
  rule: RuleAnswer;
  changes: RuleChangesAnswer;
  test: TestRulesAnswer;
  backtest: BacktestAnswer;
  detections: DetectionsAnswer;
  detection: DetectionAnswer;
  judged: JudgeAnswer;
  windows: WindowsAnswer;
}

const AT = '2026-11-22T00:00:00.000Z';

export const SHOWN_RULE: RuleView = {
  id: '17959439-cff0-46d2-9135-de30a0d097dc',
  name: 'noxys_hl3_repeated_violations',
  title: 'Repeated AI policy violations from same user',
  level: 'medium',
  source: 'bundled',
  kind: 'correlation',
  enabled: true,
  alerts: true,
  dryRun: false,
  respond: ['incident', 'notify'],
  playbook: 'unauthorized_platform',
  tags: ['attack.t1567'],
  author: 'Noxys',
  counts: {
    detections: 3,
    dryRuns: 1,
    truePositives: 1,
    falsePositives: 1,
    failures: 0,
    lastDetectionAt: AT,
  },
};

export const SHOWN_DETECTION: DetectionView = {
  seq: 42,
  id: 'det_17959439cff046d2',
  type: 'relay.detection',
  occurredAt: AT,
  receivedAt: AT,
  tenant: 'acme',
  user: { key: 'p_0123456789abcdefghijkl' },
  severity: 'medium',
  classifications: ['EMAIL'],
  classificationCount: 1,
  faults: [],
  source: 'noxys',
  detection: {
    ruleId: SHOWN_RULE.id,
    ruleName: SHOWN_RULE.name,
    title: SHOWN_RULE.title,
    level: 'medium',
    groupKey: 'p_0123456789abcdefghijkl',
    platforms: ['chatgpt'],
    count: 6,
    windowSeconds: 3_600,
    firstAt: AT,
    lastAt: AT,
    eventIds: ['evt_1'],
    dryRun: false,
  },
  verdict: 'false_positive',
};

export function ruleAnswers(): RuleAnswers {
  return {
    rules: { kind: 'rules', rules: [SHOWN_RULE] },
    rule: {
      kind: 'rule',
      rule: {
        ...SHOWN_RULE,
        description: 'More than five violations of one user within an hour.',
        references: [],
        falsepositives: ['Training'],
        document: {
          kind: 'rule',
          selections: {
            who: { user_id: 'u-alice', 'user_email|endswith': '@acme.fr', severity: 'high' },
            said: ['alice'],
          },
          condition: ['who and said'],
        },
      },
    },
    changes: {
      kind: 'changes',
      changes: [
        {
          id: 9,
          at: AT,
          version: 4,
          by: 'token:t-1',
          reason: 'too loud',
          changes: [
            {
              rule: SHOWN_RULE.name,
              change: 'changed',
              parts: [
                { part: 'threshold', from: '5', to: '10' },
                { part: 'detection', from: '{"user_id":"u-alice"}', to: '{"user_id":"u-bob"}' },
              ],
            },
          ],
        },
      ],
    },
    test: {
      kind: 'tested',
      tests: [
        {
          rule: SHOWN_RULE.id,
          name: SHOWN_RULE.name,
          title: SHOWN_RULE.title,
          level: 'medium',
          matches: true,
          selections: [
            {
              name: 'who',
              matches: true,
              items: [
                { item: 'user_id: u-alice', matches: true },
                { item: 'severity: high', matches: true },
                { item: 'alice', matches: false },
              ],
            },
          ],
          condition: 'who',
          responses: [
            {
              response: 'notify',
              outcome: 'would',
              why: 'It would be asked to do it.',
              lane: 'soc/messages',
            },
          ],
        },
      ],
    },
    backtest: {
      kind: 'backtest',
      job: 'job-1',
      isComplete: false,
      scanned: 20_000,
      total: 50_000,
      since: AT,
      until: AT,
      forgottenWindows: 0,
      rules: [
        {
          rule: SHOWN_RULE.name,
          title: SHOWN_RULE.title,
          hits: 2,
          perDay: { '2026-11-22': 2 },
          topUsers: [{ user: 'p_0123456789abcdefghijkl', hits: 2 }],
          markedFalse: 1,
          markedTrue: 0,
          failures: 0,
          samples: [{ eventId: 'evt_1', at: AT, count: 6 }],
        },
      ],
    },
    detections: { kind: 'detections', detections: [SHOWN_DETECTION], nextBefore: 42 },
    detection: {
      kind: 'detection',
      detection: SHOWN_DETECTION,
      responses: [
        { response: 'case', outcome: 'done', why: 'The destination took it.', lane: 'falcon/cases' },
      ],
      lanes: [{ lane: 'falcon/cases', outcome: 'delivered', why: 'The destination took it.' }],
    },
    judged: { kind: 'judged', isNew: true },
    windows: {
      kind: 'windows',
      windows: [
        {
          rule: SHOWN_RULE.name,
          group: { user_id: 'p_0123456789abcdefghijkl' },
          value: 4,
          condition: '> 5',
          firstAt: AT,
          lastAt: AT,
        },
      ],
      nextAfter: 'sealed-place',
    },
  };
}
