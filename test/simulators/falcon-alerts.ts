/**
 * Falcon's Alerts API: search, read by composite id, and change. An id that is unknown is an error inside a 200.
 * Sources: gofalcon falcon/client/alerts and falcon/models/detects_alert.go; falconpy _endpoint/_alerts.py.
 */

import { isTexts } from './falcon-case-rules.ts';
import { refused, type ApiCall, type ApiError, type ApiReply, type ApiRoute } from './falcon-gateway.ts';
import { search, type SearchRules } from './falcon-search.ts';
import { isJsonObject } from './request.ts';

const STATUSES: readonly string[] = ['new', 'in_progress', 'reopened', 'closed'];

export interface FalconAlert {
  readonly composite_id: string;
  /** The host's AID, also as `device.device_id`. */
  readonly agent_id: string;
  readonly device: { readonly device_id: string; readonly hostname?: string };
  readonly created_timestamp: string;
  readonly updated_timestamp: string;
  /** 1 to 100. */
  readonly severity: number;
  readonly severity_name: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly comments: readonly string[];
  readonly product: string;
  readonly assigned_to: string;
  readonly show_in_ui: boolean;
  readonly [field: string]: unknown;
}

export type NewAlert = Pick<FalconAlert, 'composite_id'> & Partial<FalconAlert>;

export interface AlertsOptions {
  readonly alerts?: readonly NewAlert[];
}

interface Action {
  readonly name: string;
  readonly value: string;
}

const SEARCH: SearchRules = {
  fields: new Set([
    'composite_id',
    'agent_id',
    'device.device_id',
    'device.hostname',
    'created_timestamp',
    'updated_timestamp',
    'timestamp',
    'severity',
    'severity_name',
    'status',
    'tags',
    'product',
    'type',
    'name',
  ]),
  unknownField: 'is_refused',
  limitDefault: 100,
  limitMax: 10_000,
  sortDefault: 'created_timestamp.desc',
};

/** What each action makes of an alert; `undefined` when it can't take the value. */
const ACTIONS: Readonly<
  Record<string, (alert: FalconAlert, value: string) => Partial<FalconAlert> | undefined>
> = {
  add_tag: ({ tags }, tag) => (tag === '' ? undefined : { tags: [...new Set([...tags, tag])] }),
  remove_tag: ({ tags }, tag) => ({ tags: tags.filter((one) => one !== tag) }),
  remove_tags_by_prefix: ({ tags }, prefix) => ({ tags: tags.filter((one) => !one.startsWith(prefix)) }),
  append_comment: ({ comments }, text) => (text === '' ? undefined : { comments: [...comments, text] }),
  update_status: (_, status) => (STATUSES.includes(status) ? { status } : undefined),
  assign_to_uuid: (_, assigned_to) => ({ assigned_to }),
  assign_to_user_id: (_, assigned_to) => ({ assigned_to }),
  assign_to_name: (_, assigned_to) => ({ assigned_to }),
  unassign: () => ({ assigned_to: '' }),
  show_in_ui: (_, value) => (/^(true|false)$/.test(value) ? { show_in_ui: value === 'true' } : undefined),
};

export class AlertsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly #alerts = new Map<string, FalconAlert>();

  constructor(options: AlertsOptions, nowMs: number) {
    for (const alert of options.alerts ?? []) this.add(alert, nowMs);
    const [read, write] = ['alerts:read', 'alerts:write'];
    this.routes = [
      {
        method: 'GET',
        path: '/alerts/queries/alerts/v2',
        scope: read,
        answer: (call) => this.#search(call),
      },
      {
        method: 'POST',
        path: '/alerts/entities/alerts/v2',
        scope: read,
        answer: (call) => this.#read(call),
      },
      {
        method: 'PATCH',
        path: '/alerts/entities/alerts/v3',
        scope: write,
        answer: (call) => this.#change(call),
      },
    ];
  }

  /** Every alert, in the order in which they were added. */
  get alerts(): readonly FalconAlert[] {
    return [...this.#alerts.values()];
  }

  has(id: string): boolean {
    return this.#alerts.has(id);
  }

  /** Adds an alert: new, of medium severity and made now unless told otherwise. */
  add(alert: NewAlert, nowMs: number): void {
    const now = alert.created_timestamp ?? new Date(nowMs).toISOString();
    const host = alert.agent_id ?? alert.device?.device_id ?? '';
    const severity = alert.severity ?? 50;
    this.#alerts.set(alert.composite_id, {
      agent_id: host,
      device: { device_id: host },
      created_timestamp: now,
      updated_timestamp: now,
      timestamp: now,
      severity,
      severity_name: severityName(severity),
      status: 'new',
      tags: [],
      comments: [],
      product: 'epp',
      assigned_to: '',
      show_in_ui: true,
      ...alert,
    });
  }

  #search({ query, nowMs }: ApiCall): ApiReply {
    const isHiddenFound = query.get('include_hidden') !== 'false';
    const seen = this.alerts.filter(({ show_in_ui }) => show_in_ui || isHiddenFound);
    const result = search(seen, query, SEARCH, nowMs);
    if ('fault' in result) return refused(result.fault);
    const resources = result.found.map(({ composite_id }) => composite_id);
    return { status: 200, resources, meta: { pagination: result.paging } };
  }

  #read({ body }: ApiCall): ApiReply {
    const ids = body['composite_ids'];
    if (!isTexts(ids) || ids.length === 0) return refused('composite_ids must be a list of texts');
    const found = this.alerts.filter(({ composite_id }) => ids.includes(composite_id));
    return { status: 200, resources: found.map(view), errors: this.#unknown(ids) };
  }

  /** Tags are removed before others are added. */
  #change({ body, nowMs }: ApiCall): ApiReply {
    const ids = body['composite_ids'];
    if (!isTexts(ids) || ids.length === 0) return refused('composite_ids must be a list of texts');
    const actions = actionsOf(body['action_parameters']);
    if (actions === undefined) return refused('action_parameters must be a list of known names with values');
    const updated_timestamp = new Date(nowMs).toISOString();
    const changed: FalconAlert[] = [];
    for (const id of new Set(ids)) {
      const current = this.#alerts.get(id);
      if (current === undefined) continue;
      const alert = changedBy(actions, { ...current, updated_timestamp });
      if (alert === undefined) return refused('an action does not take its value');
      changed.push(alert);
    }
    for (const alert of changed) this.#alerts.set(alert.composite_id, alert);
    const meta = { writes: { resources_affected: changed.length } };
    return { status: 200, errors: this.#unknown(ids), meta };
  }

  #unknown(ids: readonly string[]): ApiError[] {
    const unknown = ids.filter((id) => !this.has(id));
    return unknown.map((id) => ({ code: 404, message: 'alert not found', id }));
  }
}

/** Comments and the generic assignee are kept for the tests: the vendor's record has no such members. */
function view({ comments: _comments, assigned_to: _assigned, ...alert }: FalconAlert): object {
  return alert;
}

function changedBy(actions: readonly Action[], alert: FalconAlert): FalconAlert | undefined {
  let changed = alert;
  for (const { name, value } of actions) {
    const change = ACTIONS[name]?.(changed, value);
    if (change === undefined) return undefined;
    changed = { ...changed, ...change };
  }
  return changed;
}

function actionsOf(parameters: unknown): Action[] | undefined {
  if (!Array.isArray(parameters) || parameters.length === 0) return undefined;
  const actions: Action[] = [];
  for (const parameter of parameters as readonly unknown[]) {
    if (!isJsonObject(parameter)) return undefined;
    const { name, value } = parameter;
    if (typeof name !== 'string' || typeof value !== 'string' || !Object.hasOwn(ACTIONS, name))
      return undefined;
    actions.push({ name, value });
  }
  const isRemoval = ({ name }: Action) => name.startsWith('remove_');
  return [...actions.filter(isRemoval), ...actions.filter((action) => !isRemoval(action))];
}

/** The console's buckets. */
function severityName(severity: number): string {
  const names = ['Informational', 'Low', 'Medium', 'High', 'Critical'];
  return names[Math.min(Math.floor(severity / 20), 4)] ?? 'Informational';
}
