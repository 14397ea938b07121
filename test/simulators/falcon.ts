/**
 * A Falcon cloud on one port: the OAuth token endpoint, the APIs behind it, and Next-Gen SIEM's HEC ingest, which has a credential
 * of its own. Refuses what the vendor refuses, records what it was given in order of arrival.
 */

import { AlertsEndpoint, type AlertsOptions, type FalconAlert, type NewAlert } from './falcon-alerts.ts';
import { falconError } from './falcon-answers.ts';
import { CasesEndpoint, type CasesOptions, type FalconCase } from './falcon-cases.ts';
import { ApiGateway, type ApiRequest, type GatewayOptions } from './falcon-gateway.ts';
import {
  HEC_BODY_BYTES_MAX,
  HecEndpoint,
  type HecBatch,
  type HecEvent,
  type HecOptions,
} from './falcon-hec.ts';
import {
  HostsEndpoint,
  type FalconHost,
  type HostAction,
  type HostsOptions,
  type NewHost,
} from './falcon-hosts.ts';
import { IndicatorsEndpoint, type FalconIndicator, type IndicatorsOptions } from './falcon-indicators.ts';
import {
  TokenEndpoint,
  type MintedToken,
  type OtherRegion,
  type TokenEndpointOptions,
} from './falcon-token.ts';
import { WorkflowsEndpoint, type WorkflowExecution, type WorkflowsOptions } from './falcon-workflows.ts';
import { SimulatorServer, type SimulatorServerOptions } from './http-server.ts';
import type { SimulatorAnswer, SimulatorRequest } from './request.ts';

export type FalconOptions = HecOptions &
  TokenEndpointOptions &
  GatewayOptions &
  CasesOptions &
  IndicatorsOptions &
  HostsOptions &
  AlertsOptions &
  WorkflowsOptions &
  Omit<SimulatorServerOptions, 'bodyBytesMax'>;

export class FalconSimulator extends SimulatorServer {
  readonly #hec: HecEndpoint;
  readonly #token: TokenEndpoint;
  readonly #cases: CasesEndpoint;
  readonly #indicators: IndicatorsEndpoint;
  readonly #hosts: HostsEndpoint;
  readonly #alerts: AlertsEndpoint;
  readonly #workflows: WorkflowsEndpoint;
  readonly #gateway: ApiGateway;

  constructor(options: FalconOptions) {
    super({ ...options, bodyBytesMax: HEC_BODY_BYTES_MAX });
    this.#hec = new HecEndpoint(options);
    this.#token = new TokenEndpoint(options);
    this.#alerts = new AlertsEndpoint(options, this.nowMs());
    this.#cases = new CasesEndpoint(options, (id) => this.#alerts.has(id));
    this.#indicators = new IndicatorsEndpoint(options);
    this.#hosts = new HostsEndpoint(options, this.nowMs());
    this.#workflows = new WorkflowsEndpoint(options);
    const apis = [this.#cases, this.#indicators, this.#hosts, this.#alerts, this.#workflows];
    const routes = apis.flatMap((api) => api.routes);
    this.#gateway = new ApiGateway(options, routes, (token, nowMs) => this.#token.isValid(token, nowMs));
  }

  /** The address to configure as the connector's ingest URL. */
  get hecUrl(): string {
    return `${this.url}/services/collector`;
  }

  /** Every event that HEC took, repeated ones too. */
  get events(): readonly HecEvent[] {
    return this.#hec.events;
  }

  /** Every HEC request that was taken. */
  get batches(): readonly HecBatch[] {
    return this.#hec.batches;
  }

  /** Every token minted, revoked and expired ones too. */
  get tokens(): readonly MintedToken[] {
    return this.#token.tokens;
  }

  /** Every call of an OAuth API that was answered, refused ones too; without those that a fault answered. */
  get apiRequests(): readonly ApiRequest[] {
    return this.#gateway.requests;
  }

  /** Every case in its newest version, in the order of creation. */
  get cases(): readonly FalconCase[] {
    return this.#cases.cases;
  }

  /** Every indicator that is there; an expired one with `no_action`. */
  get indicators(): readonly FalconIndicator[] {
    return this.#indicators.at(this.nowMs());
  }

  get hosts(): readonly FalconHost[] {
    return this.#hosts.at(this.nowMs());
  }

  /** Every containment, and every end of one, that was accepted. */
  get hostActions(): readonly HostAction[] {
    return this.#hosts.actions;
  }

  get alerts(): readonly FalconAlert[] {
    return this.#alerts.alerts;
  }

  /** Every workflow that was started; the same key starts it once. */
  get executions(): readonly WorkflowExecution[] {
    return this.#workflows.executions;
  }

  host(id: string): FalconHost | undefined {
    return this.hosts.find(({ device_id }) => device_id === id);
  }

  /** Adds a host, or replaces the one with this id. */
  addHost(host: NewHost): void {
    this.#hosts.add(host, this.nowMs());
  }

  addAlert(alert: NewAlert): void {
    this.#alerts.add(alert, this.nowMs());
  }

  /** The id of each arrival, repeated ones too; events without one are left out. */
  idsInOrder(): string[] {
    return this.#hec.idsInOrder();
  }

  /** Events received more than once, as `{action} {id}`. */
  duplicates(): string[] {
    return this.#hec.duplicates();
  }

  /** HEC takes this key from now on, and the earlier one no more, or for a while as well. */
  rotateHecKey(key: string, { isOldTaken = false } = {}): void {
    this.#hec.rotateKey(key, { isOldTaken });
  }

  /** Whether a token was minted here for this region, is not revoked and has not expired. */
  isTokenValid(token: string): boolean {
    return this.#token.isValid(token, this.nowMs());
  }

  /** The client belongs to another region from now on; undefined puts it back. */
  moveClientTo(region: OtherRegion | undefined): void {
    this.#token.moveTo(region);
  }

  /** What the client may do from now on, as OAuth ids such as `cases:write`; undefined: everything. */
  setScopes(scopes: readonly string[] | undefined): void {
    this.#gateway.setScopes(scopes);
  }

  /** Whether the caller's address is missing from the tenant's API allow-list; HEC knows no such list. */
  ipNotAllowed(isRefused: boolean): void {
    this.#token.isIpRefused = isRefused;
    this.#gateway.isIpRefused = isRefused;
  }

  /** At HEC the key, elsewhere the client's credentials or a token; a form's own credentials are not a header. */
  protected override authorizationIsRight(request: SimulatorRequest): boolean {
    if (hecEndpointOf(request.path) !== undefined) return this.#hec.isAuthorized(request);
    if (request.path.startsWith('/oauth2/')) return this.#token.isClient(request);
    const token = /^Bearer (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    return token !== undefined && this.isTokenValid(token);
  }

  protected override answer(request: SimulatorRequest): SimulatorAnswer {
    const endpoint = hecEndpointOf(request.path);
    if (endpoint !== undefined) return this.#hec.collect(request, endpoint, this.nowMs());
    if (this.#gateway.has(request.path)) return this.#gateway.answer(request, this.nowMs());
    if (request.path !== '/oauth2/token' && request.path !== '/oauth2/revoke') {
      return falconError(404, '404: Page Not Found');
    }
    if (request.method !== 'POST') return falconError(405, '405: Method Not Allowed');
    return request.path === '/oauth2/token'
      ? this.#token.mint(request, this.nowMs())
      : this.#token.revoke(request);
  }
}

/** `/api/v1/ingest/hec` is LogScale's synonym. Source: library.humio.com log-shippers-hec. */
function hecEndpointOf(path: string): 'structured' | 'raw' | undefined {
  switch (path) {
    case '/services/collector':
    case '/api/v1/ingest/hec':
      return 'structured';
    case '/services/collector/raw':
      return 'raw';
    default:
      return undefined;
  }
}
