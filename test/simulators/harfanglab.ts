/**
 * A HarfangLab manager on one port: the endpoints that the Noxys guide documents (contract A), which no public HarfangLab source
 * confirms and which can be left out, and the API that its integrations use (mode B). Refuses what the vendor refuses, records what
 * it was given in order of arrival.
 */

import {
  AgentsEndpoint,
  type AgentsOptions,
  type HarfangLabAgent,
  type IsolationOrder,
  type NewAgent,
} from './harfanglab-agents.ts';
import { loginPage, notAllowed, notFound, unauthorized } from './harfanglab-answers.ts';
import { HarfangLabApi, type ApiOptions, type ApiRequest, type Permission } from './harfanglab-api.ts';
import {
  GuideEndpoints,
  type GuideOptions,
  type HarfangLabEvent,
  type HarfangLabIncident,
} from './harfanglab-guide.ts';
import { IndicatorsEndpoint, type HarfangLabIndicator } from './harfanglab-indicators.ts';
import { SigmaRulesEndpoint, type HarfangLabSigmaRule, type SigmaOptions } from './harfanglab-sigma.ts';
import { SourcesEndpoint, type RuleSource } from './harfanglab-sources.ts';
import { TelemetryEndpoint, type NewLogon, type TelemetryOptions } from './harfanglab-telemetry.ts';
import {
  ThreatsEndpoint,
  type HarfangLabThreat,
  type NewThreat,
  type ThreatComment,
  type ThreatsOptions,
} from './harfanglab-threats.ts';
import { SimulatorServer, type SimulatorServerOptions } from './http-server.ts';
import { repeatedIds, type SimulatorAnswer, type SimulatorRequest } from './request.ts';

/** The vendor's own limit is not public; this is Django's default (DATA_UPLOAD_MAX_MEMORY_SIZE). */
const BODY_BYTES_MAX = 2_621_440;
/** The form in which Cortex XSOAR's integration (Hurukai.py) reads it. */
const VERSION = '2.29.7';

export type HarfangLabOptions = GuideOptions &
  ApiOptions &
  AgentsOptions &
  TelemetryOptions &
  SigmaOptions &
  ThreatsOptions &
  SimulatorServerOptions & {
    /** The bare token, without `token_` and without `Token `. */
    readonly token: string;
    /** What the token's user may do, of `PERMISSIONS`. Default: everything. */
    readonly permissions?: readonly Permission[];
    /** How an unknown path is answered. Default `json`. */
    readonly notFoundAs?: 'json' | 'html';
  };

export class HarfangLabSimulator extends SimulatorServer {
  readonly #options: HarfangLabOptions;
  readonly #guide: GuideEndpoints;
  readonly #agents: AgentsEndpoint;
  readonly #telemetry: TelemetryEndpoint;
  readonly #indicatorSources = new SourcesEndpoint('IOCSource');
  readonly #indicators = new IndicatorsEndpoint(this.#indicatorSources);
  readonly #sigmaSources = new SourcesEndpoint('SigmaSource');
  readonly #sigmaRules: SigmaRulesEndpoint;
  readonly #threats: ThreatsEndpoint;
  readonly #api: HarfangLabApi;
  #tokens: readonly string[];
  #permissions: ReadonlySet<Permission> | undefined;
  #hasLoginPageAt: (path: string) => boolean = () => false;

  constructor(options: HarfangLabOptions) {
    super({ ...options, bodyBytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX });
    this.#options = options;
    this.#tokens = [options.token];
    this.setPermissions(options.permissions);
    const gate = {
      isAuthorized: (request: SimulatorRequest) => this.authorizationIsRight(request),
      isPermitted: (permission: Permission) => this.#permissions?.has(permission) ?? true,
    };
    this.#guide = new GuideEndpoints(options, gate);
    this.#threats = new ThreatsEndpoint(options, this.nowMs());
    this.#agents = new AgentsEndpoint(options, this.nowMs(), (threat) => this.#threats.agentsOf(threat));
    this.#telemetry = new TelemetryEndpoint(options, (id) => this.agent(id)?.hostname);
    this.#sigmaRules = new SigmaRulesEndpoint(options, this.#sigmaSources);
    const rules = [this.#indicatorSources, this.#indicators, this.#sigmaSources, this.#sigmaRules];
    const endpoints = [this.#agents, this.#telemetry, ...rules, this.#threats];
    this.#api = new HarfangLabApi(
      options,
      endpoints.flatMap(({ routes }) => routes),
      gate,
    );
  }

  /** Every event recorded, repeated ones too. */
  get events(): readonly HarfangLabEvent[] {
    return this.#guide.events;
  }

  /** Every incident made; a repeated key makes none unless it is not honoured. */
  get incidents(): readonly HarfangLabIncident[] {
    return this.#guide.incidents;
  }

  /** Every alert made by the guide's contract, as `incidents`. */
  get alerts(): readonly HarfangLabIncident[] {
    return this.#guide.alerts;
  }

  /** Every call of the real API that was answered, refused ones too; without those that a fault or a login page answered. */
  get apiRequests(): readonly ApiRequest[] {
    return this.#api.requests;
  }

  get agents(): readonly HarfangLabAgent[] {
    return this.#agents.at(this.nowMs());
  }

  /** Every isolation, and every end of one, that was requested and not refused. */
  get isolationOrders(): readonly IsolationOrder[] {
    return this.#agents.orders;
  }

  /** Somebody removes the sources of rules in the console. */
  removeSources(): void {
    for (const endpoint of [this.#indicatorSources, this.#sigmaSources]) endpoint.removeAll();
  }

  get indicatorSources(): readonly RuleSource[] {
    return this.#indicatorSources.sources;
  }

  get indicators(): readonly HarfangLabIndicator[] {
    return this.#indicators.indicators;
  }

  get sigmaSources(): readonly RuleSource[] {
    return this.#sigmaSources.sources;
  }

  get sigmaRules(): readonly HarfangLabSigmaRule[] {
    return this.#sigmaRules.rules;
  }

  /** Every threat, with its note. */
  get threats(): readonly HarfangLabThreat[] {
    return this.#threats.threats;
  }

  /** Every comment, repeated ones too. */
  get threatComments(): readonly ThreatComment[] {
    return this.#threats.comments;
  }

  agent(id: string): HarfangLabAgent | undefined {
    return this.agents.find((agent) => agent.id === id);
  }

  /** Adds an agent, or replaces the one with this id. */
  addAgent(agent: NewAgent): void {
    this.#agents.add(agent, this.nowMs());
  }

  /** An agent that is offline carries out no isolation until it is online again. */
  setAgentStatus(id: string, status: HarfangLabAgent['status']): void {
    this.#agents.setStatus(id, status, this.nowMs());
  }

  addLogon(logon: NewLogon): void {
    this.#telemetry.add(logon);
  }

  addThreat(threat: NewThreat): void {
    this.#threats.add(threat, this.nowMs());
  }

  /** A correlation uses the rule of this Sigma id from now on, which can't be deleted then. */
  useInCorrelation(sigmaId: string, correlation: string): void {
    this.#sigmaRules.useInCorrelation(sigmaId, correlation);
  }

  /** The id of each arrival of an event, repeated ones too. */
  idsInOrder(): string[] {
    return this.events.map(({ id }) => id);
  }

  /** Events received more than once, as `{type} {id}`: one id may name a violation and an alert. */
  duplicates(): string[] {
    return repeatedIds(this.events.map(({ id, body }) => `${String(body['type'])} ${id}`));
  }

  /** The manager takes this token from now on, and the earlier one no more, or for a while as well. */
  rotateToken(token: string, { isOldTaken = false } = {}): void {
    this.#tokens = isOldTaken ? [token, ...this.#tokens] : [token];
  }

  /** What the token's user may do from now on; undefined: everything. */
  setPermissions(permissions: readonly Permission[] | undefined): void {
    this.#permissions = permissions === undefined ? undefined : new Set(permissions);
  }

  /** Puts a portal's login page in front of every path, or those named: 200 with HTML, nothing recorded. Source: DROID. */
  presentLoginPage(isShown = true, paths?: readonly string[]): void {
    this.#hasLoginPageAt = (path) => isShown && (paths?.includes(path) ?? true);
  }

  /** All public integrations send `Authorization: Token <raw key>`; docs.sekoia.io: without any `token_` prefix. */
  protected override authorizationIsRight(request: SimulatorRequest): boolean {
    const match = /^Token (\S+)$/i.exec(request.headers['authorization'] ?? '');
    return match?.[1] !== undefined && this.#tokens.includes(match[1]);
  }

  protected override answer(request: SimulatorRequest): SimulatorAnswer {
    if (this.#hasLoginPageAt(request.path)) return loginPage();
    return (
      this.#guide.answer(request, this.nowMs()) ??
      this.#api.answer(request, this.nowMs()) ??
      this.#about(request) ??
      notFound(this.#options.notFoundAs)
    );
  }

  /** The two calls that prove a manager and a token, with or without their slash. */
  #about(request: SimulatorRequest): SimulatorAnswer | undefined {
    switch (request.path.replace(/\/$/, '')) {
      // Whether it rejects a bad token is unknown: it takes any. Source: Cortex XSOAR Hurukai.py.
      case '/api/version':
        return request.method === 'GET'
          ? { status: 200, body: { version: VERSION } }
          : notAllowed(request.method);
      // Source: SEKOIA-IO/automation-library HarfangLab/account_validator.py.
      case '/api/auth/users/me':
        if (!this.authorizationIsRight(request)) return unauthorized();
        return request.method === 'GET'
          ? { status: 200, body: { username: 'relay' } }
          : notAllowed(request.method);
      default:
        return undefined;
    }
  }
}
