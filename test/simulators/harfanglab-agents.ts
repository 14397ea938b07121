/**
 * HarfangLab's agents: look-up and isolation. A host name may belong to several agents; an isolation is asked for at once and
 * carried out later, by an agent that is online; a policy that forbids it refuses with 200.
 * Sources: XSOAR Hurukai.py and README (`DC-01` twice); FORTI operations.py (polls `isolation_state`); SEKOIA.
 */

import { isoMicros } from './harfanglab-answers.ts';
import { NOT_FOUND, PERMISSIONS, type ApiCall, type ApiReply, type ApiRoute } from './harfanglab-api.ts';
import { list, type ListRules } from './harfanglab-list.ts';

const AGENTS = '/api/data/endpoint/Agent/';
/** A policy's `sleeptime`, after which an agent asks for its orders. Source: FORTI operations.py. */
const SLEEP_SECONDS = 60;

export interface AgentPolicy {
  readonly id: string;
  readonly name: string;
  /** Seconds. */
  readonly sleeptime: number;
  /** False: its agents are never isolated. */
  readonly use_isolation: boolean;
}

export interface HarfangLabAgent {
  readonly id: string;
  readonly hostname: string;
  readonly status: 'online' | 'offline';
  readonly lastseen: string;
  readonly isolation_state: boolean;
  readonly isolation_policy: boolean;
  readonly policy: AgentPolicy;
  readonly [field: string]: unknown;
}

export type NewAgent = Pick<HarfangLabAgent, 'id' | 'hostname'> &
  Partial<Omit<HarfangLabAgent, 'policy' | 'isolation_policy'>> & { readonly policy?: Partial<AgentPolicy> };

/** An isolation, or its end, that was requested and not refused. */
export interface IsolationOrder {
  readonly atMs: number;
  readonly action: 'isolate' | 'deisolate';
  readonly id: string;
}

export interface AgentsOptions {
  readonly agents?: readonly NewAgent[];
  /** From the order to its effect, for an agent that is online. Default: the policy's `sleeptime`. */
  readonly isolationDelayMs?: number;
  /** Where an agent is named that is isolated already, or about to be: our guess is `unrequested`, the default. */
  readonly repeatedIsolation?: 'requested' | 'unrequested';
  /** Lists of agents come as a bare array, without count and links. */
  readonly bareAgentList?: boolean;
}

interface Order {
  readonly isIsolated: boolean;
  readonly dueAtMs: number;
}

const LIST: ListRules = {
  filters: [
    'id',
    'hostname',
    'status',
    'ostype',
    'ipaddress',
    'domainname',
    'lastseen',
    'firstseen',
    'isolation_state',
  ],
  orderings: ['hostname', 'status', 'lastseen', 'firstseen', 'ostype'],
  searched: ['id', 'hostname', 'domainname', 'ipaddress', 'external_ipaddress'],
};

export class AgentsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly orders: IsolationOrder[] = [];
  readonly #options: AgentsOptions;
  readonly #agentsOf: (threatId: string) => readonly string[];
  readonly #agents = new Map<string, HarfangLabAgent>();
  readonly #pending = new Map<string, Order>();

  /** `agentsOf` tells the ids of a threat's agents. */
  constructor(options: AgentsOptions, nowMs: number, agentsOf: (threatId: string) => readonly string[]) {
    this.#options = options;
    this.#agentsOf = agentsOf;
    for (const agent of options.agents ?? []) this.add(agent, nowMs);
    const [read, isolate] = [PERMISSIONS.endpointsView, PERMISSIONS.endpointsIsolate];
    this.routes = [
      { method: 'GET', path: AGENTS, permission: read, answer: (call) => this.#list(call) },
      { method: 'GET', path: `${AGENTS}{id}/`, permission: read, answer: (call) => this.#one(call) },
      {
        method: 'POST',
        path: `${AGENTS}{id}/isolate/`,
        permission: isolate,
        answer: (call) => this.#order(call, 'isolate'),
      },
      {
        method: 'POST',
        path: `${AGENTS}{id}/deisolate/`,
        permission: isolate,
        answer: (call) => this.#order(call, 'deisolate'),
      },
    ];
  }

  /** Adds an agent, or replaces the one with this id. A Windows workstation, online and not isolated unless told otherwise. */
  add(agent: NewAgent, nowMs: number): void {
    const policy = {
      id: 'policy-1',
      name: 'Default',
      sleeptime: SLEEP_SECONDS,
      use_isolation: true,
      ...agent.policy,
    };
    this.#pending.delete(agent.id);
    this.#agents.set(agent.id, {
      domainname: 'CORP',
      ostype: 'windows',
      osproducttype: 'Windows 11 Pro',
      producttype: 'workstation',
      ipaddress: '10.0.0.1',
      external_ipaddress: null,
      version: '4.2.10',
      status: 'online',
      firstseen: isoMicros(nowMs),
      lastseen: isoMicros(nowMs),
      isolation_state: false,
      groups: [],
      tenant: null,
      ...agent,
      policy,
      isolation_policy: policy.use_isolation,
    });
  }

  /** The agent's status from now on. An order that is due is carried out once it is online. */
  setStatus(id: string, status: HarfangLabAgent['status'], nowMs: number): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) throw new Error(`Cannot set the status as the agent must exist: ${id} does not`);
    const seen = status === 'online' ? { lastseen: isoMicros(nowMs) } : {};
    this.#agents.set(id, { ...this.#asOf(agent, nowMs), status, ...seen });
  }

  at(nowMs: number): readonly HarfangLabAgent[] {
    return [...this.#agents.values()].map((agent) => this.#asOf(agent, nowMs));
  }

  #asOf(agent: HarfangLabAgent, nowMs: number): HarfangLabAgent {
    const order = this.#pending.get(agent.id);
    const isDone = order !== undefined && nowMs >= order.dueAtMs && agent.status === 'online';
    return isDone ? { ...agent, isolation_state: order.isIsolated } : agent;
  }

  #list(call: ApiCall): ApiReply {
    const threat = call.query.get('threat_id');
    const ids = threat === null ? undefined : this.#agentsOf(threat);
    const agents = this.at(call.nowMs).filter(({ id }) => ids?.includes(id) ?? true);
    return list(agents, call, { ...LIST, isBare: this.#options.bareAgentList ?? false });
  }

  #one({ id, nowMs }: ApiCall): ApiReply {
    const agent = this.#agents.get(id);
    return agent === undefined ? NOT_FOUND : { status: 200, body: this.#asOf(agent, nowMs) };
  }

  /** 200 in any case: what came of it is in the body alone. */
  #order({ id, nowMs }: ApiCall, action: IsolationOrder['action']): ApiReply {
    const known = this.#agents.get(id);
    if (known === undefined) return NOT_FOUND;
    const agent = this.#asOf(known, nowMs);
    const isIsolated = action === 'isolate';
    if (isIsolated && !agent.policy.use_isolation) return outcome('policy_not_allowed', id);
    if ((this.#pending.get(id)?.isIsolated ?? agent.isolation_state) === isIsolated) {
      return outcome(this.#options.repeatedIsolation ?? 'unrequested', id);
    }
    // What an earlier order came to stands until this one is carried out.
    this.#agents.set(id, agent);
    const delayMs = this.#options.isolationDelayMs ?? agent.policy.sleeptime * 1000;
    this.#pending.set(id, { isIsolated, dueAtMs: nowMs + delayMs });
    this.orders.push({ atMs: nowMs, action, id });
    return outcome('requested', id);
  }
}

function outcome(member: 'requested' | 'unrequested' | 'policy_not_allowed', id: string): ApiReply {
  return { status: 200, body: { requested: [], unrequested: [], policy_not_allowed: [], [member]: [id] } };
}
