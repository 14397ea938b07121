/**
 * Falcon's Hosts API: look-up and containment. A host name may belong to several hosts; containing one is accepted with 202 and
 * takes effect later; unknown hosts of a batch are a 404 after the others were done.
 * Sources: gofalcon falcon/client/hosts; falcon-mcp resources/hosts.py; netskope crowdstrike; XSOAR README (states).
 */

import { isTexts } from './falcon-case-rules.ts';
import type { FqlTerm } from './falcon-fql.ts';
import { refused, type ApiCall, type ApiError, type ApiReply, type ApiRoute } from './falcon-gateway.ts';
import { search, type SearchRules } from './falcon-search.ts';

/** Of the POST read, and what netskope sends in one action. */
const IDS_MAX = 5000;
/** The vendor's sensors take some seconds; how many is not published. */
const CONTAINMENT_DELAY_MS = 5000;

export type HostStatus = 'normal' | 'containment_pending' | 'contained' | 'lift_containment_pending';

export interface FalconHost {
  /** The AID: 32 hexadecimal digits. */
  readonly device_id: string;
  readonly hostname: string;
  readonly status: HostStatus;
  readonly last_seen: string;
  /** `Workstation`, `Server` or `Domain Controller`. */
  readonly product_type_desc: string;
  readonly platform_name: string;
  readonly [field: string]: unknown;
}

export type NewHost = Pick<FalconHost, 'device_id' | 'hostname'> & Partial<FalconHost>;

/** A containment, or its end, that was accepted. */
export interface HostAction {
  readonly atMs: number;
  readonly action: 'contain' | 'lift_containment';
  readonly id: string;
}

export interface HostsOptions {
  readonly hosts?: readonly NewHost[];
  /** From the acceptance of an action to its effect. Default 5 s. */
  readonly containmentDelayMs?: number;
}

const SEARCH: SearchRules = {
  fields: new Set([
    'device_id',
    'hostname',
    'status',
    'last_seen',
    'first_seen',
    'product_type_desc',
    'platform_name',
    'machine_domain',
    'local_ip',
    'external_ip',
    'tags',
  ]),
  unknownField: 'is_refused',
  limitDefault: 100,
  limitMax: IDS_MAX,
  sortDefault: 'device_id.asc',
  refuseTerm: containsFault,
};

export class HostsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly actions: HostAction[] = [];
  readonly #delayMs: number;
  readonly #hosts = new Map<string, FalconHost>();
  /** When each host's pending state ends. */
  readonly #dueMs = new Map<string, number>();

  constructor(options: HostsOptions, nowMs: number) {
    this.#delayMs = options.containmentDelayMs ?? CONTAINMENT_DELAY_MS;
    for (const host of options.hosts ?? []) this.add(host, nowMs);
    const read = 'devices:read';
    this.routes = [
      {
        method: 'GET',
        path: '/devices/queries/devices/v1',
        scope: read,
        answer: (call) => this.#search(call, SEARCH, ({ device_id }) => device_id),
      },
      {
        method: 'GET',
        path: '/devices/combined/devices/v1',
        scope: read,
        answer: (call) => this.#combined(call),
      },
      {
        method: 'POST',
        path: '/devices/entities/devices/v2',
        scope: read,
        answer: (call) => this.#read(call),
      },
      {
        method: 'POST',
        path: '/devices/entities/devices-actions/v2',
        scope: 'devices:write',
        answer: (call) => this.#act(call),
      },
    ];
  }

  /** Adds a host, or replaces the one with this id. A Windows workstation in state `normal` unless told otherwise. */
  add(host: NewHost, nowMs: number): void {
    const defaults = {
      status: 'normal' as const,
      last_seen: new Date(nowMs).toISOString(),
      product_type_desc: 'Workstation',
      platform_name: 'Windows',
    };
    this.#dueMs.delete(host.device_id);
    this.#hosts.set(host.device_id, { ...defaults, ...host });
  }

  at(nowMs: number): readonly FalconHost[] {
    return [...this.#hosts.values()].map((host) => this.#asOf(host, nowMs));
  }

  #asOf(host: FalconHost, nowMs: number): FalconHost {
    if (nowMs < (this.#dueMs.get(host.device_id) ?? Infinity)) return host;
    return { ...host, status: host.status === 'containment_pending' ? 'contained' : 'normal' };
  }

  #search({ query, nowMs }: ApiCall, rules: SearchRules, view: (host: FalconHost) => unknown): ApiReply {
    const result = search(this.at(nowMs), query, rules, nowMs);
    if ('fault' in result) return refused(result.fault);
    return { status: 200, resources: result.found.map(view), meta: { pagination: result.paging } };
  }

  /** `fields` names what each record holds; all of it when absent. */
  #combined(call: ApiCall): ApiReply {
    const names = call.query.get('fields')?.split(',');
    const isWanted = (name: string) => names?.includes(name) ?? true;
    return this.#search(call, { ...SEARCH, limitMax: 10_000 }, (host) =>
      Object.fromEntries(Object.entries(host).filter(([name]) => isWanted(name))),
    );
  }

  #read({ body, nowMs }: ApiCall): ApiReply {
    const ids = idsOf(body);
    if ('fault' in ids) return refused(ids.fault);
    const found = this.at(nowMs).filter(({ device_id }) => ids.ids.includes(device_id));
    const errors = ids.ids.filter((id) => !this.#hosts.has(id)).map(hostNotFound);
    return { status: 200, resources: found, errors };
  }

  /** What can be done is done, whatever the status says of the rest. */
  #act({ query, body, nowMs }: ApiCall): ApiReply {
    const action = query.get('action_name');
    if (action !== 'contain' && action !== 'lift_containment') return refused('unknown action_name');
    const ids = idsOf(body);
    if ('fault' in ids) return refused(ids.fault);
    const errors: ApiError[] = [];
    const done: { id: string; path: string }[] = [];
    for (const id of new Set(ids.ids)) {
      const host = this.#hosts.get(id);
      const fault = host === undefined ? hostNotFound(id) : conflict(action, this.#asOf(host, nowMs));
      if (host === undefined || fault !== undefined) {
        errors.push(fault ?? hostNotFound(id));
        continue;
      }
      const status = action === 'contain' ? 'containment_pending' : 'lift_containment_pending';
      this.#hosts.set(id, { ...host, status });
      this.#dueMs.set(id, nowMs + this.#delayMs);
      this.actions.push({ atMs: nowMs, action, id });
      done.push({ id, path: `/devices/entities/devices/v1?ids=${id}` });
    }
    const codes = errors.map(({ code }) => code);
    return { status: codes.includes(404) ? 404 : (codes[0] ?? 202), resources: done, errors };
  }
}

function conflict(action: HostAction['action'], { status, device_id }: FalconHost): ApiError | undefined {
  const from: readonly HostStatus[] =
    action === 'contain' ? ['normal'] : ['contained', 'containment_pending'];
  if (from.includes(status)) return undefined;
  return { code: 409, message: `cannot ${action} a host whose status is ${status}`, id: device_id };
}

function hostNotFound(id: string): ApiError {
  return { code: 404, message: 'host not found', id };
}

/** Prefixes and suffixes work, `'*x*'` does not. */
function containsFault({ field, values, operator }: FqlTerm): string | undefined {
  const isContains = values.some((value) => /^\*.*\*$/.test(value));
  return field === 'hostname' && operator === '=' && isContains
    ? 'invalid filter: hostname takes no *value*'
    : undefined;
}

function idsOf({ ids }: Readonly<Record<string, unknown>>): { ids: string[] } | { fault: string } {
  if (!isTexts(ids) || ids.length === 0) return { fault: 'ids must be a list of texts' };
  return ids.length > IDS_MAX ? { fault: `at most ${IDS_MAX} ids` } : { ids };
}
