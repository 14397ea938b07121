/** What Worker and tenant object say to each other of rules, detections and windows. Types only. */

import type { Actor } from './principal.ts';
import type {
  BacktestReport,
  BacktestRequest,
  DetectionPage,
  DetectionsRequest,
  ExplainedDetection,
  JudgeRequest,
  RuleChange,
  RuleDetail,
  RuleTest,
  RuleView,
  TestRulesRequest,
  WindowView,
  WindowsRequest,
} from './rule-views.ts';
import type { Busy, Refused } from './unavailable.ts';

export type RulesAnswer = { readonly kind: 'rules'; readonly rules: readonly RuleView[] } | Refused;
export type RuleAnswer =
  { readonly kind: 'rule'; readonly rule: RuleDetail } | { readonly kind: 'not_found' } | Refused;
export type RuleChangesAnswer =
  { readonly kind: 'changes'; readonly changes: readonly RuleChange[] } | Refused;
export type DetectionsAnswer = (DetectionPage & { readonly kind: 'detections' }) | Busy | Refused;
export type DetectionAnswer =
  (ExplainedDetection & { readonly kind: 'detection' }) | { readonly kind: 'not_found' } | Refused;
export type JudgeAnswer =
  | { readonly kind: 'judged'; /** False: it had this verdict already. */ readonly isNew: boolean }
  | { readonly kind: 'not_found' }
  | Refused;
export type WindowsAnswer =
  | { readonly kind: 'windows'; readonly windows: readonly WindowView[]; readonly nextAfter?: string }
  /** No such rule. */
  | { readonly kind: 'not_found' }
  /** `after` is not that of a page of this tenant. */
  | { readonly kind: 'place_unknown' }
  | Busy
  | Refused;
/** A text that is no Sigma, or not for this tenant. */
export interface RuleTextRefused {
  readonly kind: 'text_refused';
  readonly faults: readonly { readonly path: string; readonly message: string }[];
}
export type TestRulesAnswer =
  | { readonly kind: 'tested'; readonly tests: readonly RuleTest[] }
  | { readonly kind: 'event_not_found' }
  | { readonly kind: 'not_found' }
  | RuleTextRefused
  | Busy
  | Refused;
export type BacktestAnswer =
  | (BacktestReport & { readonly kind: 'backtest' })
  /** The object has started anew since: begin again. */
  | { readonly kind: 'job_lost' }
  | { readonly kind: 'not_found' }
  | RuleTextRefused
  | Busy
  | Refused;

export interface DetectionRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly id: string;
  readonly showsPersons: boolean;
}

/** Part of what TenantRelay offers over RPC. */
export interface RulesRpc {
  rules(): Promise<RulesAnswer>;
  /** By id or name. */
  rule(rule: string): Promise<RuleAnswer>;
  ruleChanges(page: { readonly before?: number; readonly limit: number }): Promise<RuleChangesAnswer>;
  testRules(request: TestRulesRequest): Promise<TestRulesAnswer>;
  backtest(request: BacktestRequest): Promise<BacktestAnswer>;
  detections(request: DetectionsRequest): Promise<DetectionsAnswer>;
  detection(request: DetectionRequest): Promise<DetectionAnswer>;
  judge(request: JudgeRequest): Promise<JudgeAnswer>;
  windows(request: WindowsRequest): Promise<WindowsAnswer>;
}
