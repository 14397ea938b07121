/** What the stand-in for the relay keeps and how it answers. */

import type {
  Audited,
  BacktestReport,
  DeadLetterView,
  DestinationTested,
  DetectionView,
  LaneTest,
  EventView,
  Explanation,
  LaneView,
  Notice,
  ResponseOutcome,
  RuleChange,
  RuleDetail,
  RuleTest,
  TenantHealth,
  TokenView,
  WindowView,
} from '../../cli/api-types.ts';
import type { TenantConfig } from '../../src/domain/tenant-config.ts';
import { NOW_MS } from './fake-io.ts';
import { newRights, type RightsState } from './stand-in-rights-state.ts';

export interface Stored {
  version: number;
  savedAt: string;
  /** In clear. */
  config: TenantConfig;
}

export interface StandInState {
  nowMs: number;
  readonly tenants: Map<string, Stored>;
  readonly events: EventView[];
  readonly lanes: LaneView[];
  readonly notices: Notice[];
  readonly deadLetters: DeadLetterView[];
  readonly audit: Audited[];
  readonly tokens: TokenView[];
  /** By the name of the destination; absent: delivered. */
  readonly tests: Map<string, Partial<LaneTest> & { readonly hint?: string }>;
  /** By the name of the destination: the whole answer to its test. */
  readonly tested: Map<string, DestinationTested>;
  /** Hosts that a destination has isolated. */
  readonly isolated: { readonly id: string; readonly name: string }[];
  readonly rules: RuleDetail[];
  readonly ruleChanges: RuleChange[];
  readonly ruleTests: RuleTest[];
  /** The answers to the steps of a backtest, in their order. */
  readonly backtests: BacktestReport[];
  /** Newest first. */
  readonly detections: DetectionView[];
  /** Of any detection. */
  readonly responses: ResponseOutcome[];
  readonly windows: WindowView[];
  readonly rights: RightsState;
  /** What each lane did with any event. */
  explain: () => readonly Explanation[];
  /** Over the healthy answer of a tenant. */
  health: Partial<TenantHealth>;
  /** Over the healthy answer of the deployment. */
  deployment: Record<string, unknown>;
  /** By pseudonym: the user behind it, of a tenant that keeps the sealed map. */
  readonly names: Map<string, { readonly user_id: string } | { readonly user_email: string }>;
  /** Answers to reseal, in their order, before the usual one. */
  readonly reseals: { readonly resealed: number; readonly unopened: number; readonly isComplete: boolean }[];
  /** Tenants with undelivered events. */
  readonly undelivered: Map<string, number>;
}

export interface Asked {
  readonly state: StandInState;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** The groups of the route's path, decoded. */
  readonly parts: readonly string[];
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handle: (asked: Asked) => Response | Promise<Response>;
}

export function newState(): StandInState {
  return {
    nowMs: NOW_MS,
    tenants: new Map(),
    events: [],
    lanes: [],
    notices: [],
    deadLetters: [],
    audit: [],
    tokens: [],
    tests: new Map(),
    tested: new Map(),
    isolated: [],
    rules: [],
    ruleChanges: [],
    ruleTests: [],
    backtests: [],
    detections: [],
    responses: [],
    windows: [],
    rights: newRights(),
    explain: () => [{ lane: 'edr/events', outcome: 'delivered', why: 'The destination took it.' }],
    health: {},
    deployment: {},
    names: new Map(),
    reseals: [],
    undelivered: new Map(),
  };
}

export function answer(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export function problem(
  status: number,
  kind: string,
  detail: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  const type = `urn:noxys-relay:problem:${kind.replaceAll('_', '-')}`;
  return answer({ type, title: kind, status, detail, requestId: 'req-1', ...more }, headers, status);
}

export function jsonOf<T>({ body }: Asked): T {
  return JSON.parse(new TextDecoder().decode(body)) as T;
}
