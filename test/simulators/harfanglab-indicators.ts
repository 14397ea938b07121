/**
 * HarfangLab's IOCRule: one indicator a request. A second one with the same type, value and source is refused with 400, whatever
 * else it says; the same value may stand under another type or in another source.
 * Sources: OCTI-INT, NETSKOPE2 constants, SEKOIA; the duplicate's words: OpenCTI-Platform/connectors issues 1975 and 2449.
 */

import { isoMicros, uuidFrom } from './harfanglab-answers.ts';
import { NOT_FOUND, PERMISSIONS, type ApiCall, type ApiReply, type ApiRoute } from './harfanglab-api.ts';
import {
  fieldErrors,
  hasErrors,
  isBoolean,
  isOneOf,
  isText,
  isTextOrNull,
  isTexts,
  type Check,
} from './harfanglab-fields.ts';
import { valueFault } from './harfanglab-indicator-values.ts';
import { list, type ListRules } from './harfanglab-list.ts';
import { settledState, STATE_CHECKS, type RuleState } from './harfanglab-rule-state.ts';
import type { SourcesEndpoint } from './harfanglab-sources.ts';

const RULES = '/api/data/threat_intelligence/IOCRule/';
const REQUIRED = ['source_id', 'type', 'value'];

export interface HarfangLabIndicator extends RuleState {
  readonly id: string;
  readonly source_id: string;
  readonly type: string;
  readonly value: string;
  readonly hl_status: string;
  readonly description: string | null;
  readonly comment: string | null;
  readonly creation_date: string;
  readonly last_update: string;
  readonly [field: string]: unknown;
}

type Body = Readonly<Record<string, unknown>>;

const CHECKS: Readonly<Record<string, Check>> = {
  type: isOneOf('domain_name', 'url', 'ip_both', 'ip_src', 'ip_dst', 'hash', 'filename', 'filepath'),
  value: isText,
  name: isTextOrNull,
  description: isTextOrNull,
  comment: isTextOrNull,
  references: isTexts,
  endpoint_detection: isBoolean,
  ...STATE_CHECKS,
};

/** What a rule has that does not say. */
const DEFAULTS = {
  name: null,
  description: null,
  comment: null,
  references: [],
  hl_status: 'experimental',
  rule_level_override: null,
  rule_confidence_override: null,
  endpoint_detection: false,
};
const WRITABLE = [...REQUIRED, ...Object.keys(DEFAULTS)];

const LIST: ListRules = {
  filters: [
    'id',
    'source_id',
    'type',
    'value',
    'name',
    'description',
    'enabled',
    'hl_status',
    'global_state',
    'creation_date',
    'last_update',
  ],
  orderings: ['value', 'type', 'creation_date', 'last_update'],
  searched: ['value', 'description', 'comment', 'name'],
  dates: 'spaced',
};

export class IndicatorsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly #sources: SourcesEndpoint;
  readonly #rules = new Map<string, HarfangLabIndicator>();
  #madeCount = 0;

  constructor(sources: SourcesEndpoint) {
    this.#sources = sources;
    const [read, write] = [PERMISSIONS.rulesView, PERMISSIONS.rulesEdit];
    const one = `${RULES}{id}/`;
    this.routes = [
      { method: 'GET', path: RULES, permission: read, answer: (call) => list(this.indicators, call, LIST) },
      { method: 'POST', path: RULES, permission: write, answer: (call) => this.#create(call) },
      { method: 'GET', path: one, permission: read, answer: (call) => this.#one(call) },
      { method: 'PATCH', path: one, permission: write, answer: (call) => this.#change(call) },
      { method: 'DELETE', path: one, permission: write, answer: (call) => this.#delete(call) },
    ];
  }

  /** Every rule that is there, in the order of creation. */
  get indicators(): readonly HarfangLabIndicator[] {
    return [...this.#rules.values()];
  }

  #create({ body, nowMs }: ApiCall): ApiReply {
    const refused = this.#faults(body, REQUIRED);
    if (refused !== undefined) return refused;
    this.#madeCount += 1;
    const id = uuidFrom(`IOCRule ${this.#madeCount}`);
    const now = isoMicros(nowMs);
    const rule = this.#toRule({ ...DEFAULTS, ...pick(body) }, settledState(body), id, now, now);
    if (this.#isTaken(rule)) return duplicate();
    this.#rules.set(id, rule);
    return { status: 201, body: rule };
  }

  #one({ id }: ApiCall): ApiReply {
    const rule = this.#rules.get(id);
    return rule === undefined ? NOT_FOUND : { status: 200, body: rule };
  }

  #change({ id, body, nowMs }: ApiCall): ApiReply {
    const current = this.#rules.get(id);
    if (current === undefined) return NOT_FOUND;
    const refused = this.#faults({ ...pick(current), ...body }, []);
    if (refused !== undefined) return refused;
    const fields = { ...pick(current), ...pick(body) };
    const state = settledState(body, current);
    const rule = this.#toRule(fields, state, id, current.creation_date, isoMicros(nowMs));
    if (this.#isTaken(rule)) return duplicate();
    this.#rules.set(id, rule);
    return { status: 200, body: rule };
  }

  #delete({ id }: ApiCall): ApiReply {
    return this.#rules.delete(id) ? { status: 204 } : NOT_FOUND;
  }

  #faults(body: Body, required: readonly string[]): ApiReply | undefined {
    const errors = fieldErrors(body, { source_id: this.#sources.isKnown, ...CHECKS }, required);
    if (hasErrors(errors)) return { status: 400, body: errors };
    const fault = valueFault(String(body['type']), String(body['value']));
    return fault === undefined ? undefined : { status: 400, body: { value: [fault] } };
  }

  #isTaken({ id, type, value, source_id }: HarfangLabIndicator): boolean {
    return this.indicators.some(
      (rule) => rule.id !== id && rule.type === type && rule.value === value && rule.source_id === source_id,
    );
  }

  #toRule(fields: Body, state: RuleState, id: string, created: string, updated: string): HarfangLabIndicator {
    return {
      ...fields,
      id,
      source_id: String(fields['source_id']),
      source: fields['source_id'],
      type: String(fields['type']),
      value: String(fields['value']),
      hl_status: String(fields['hl_status']),
      description: textOrNull(fields['description']),
      comment: textOrNull(fields['comment']),
      ...state,
      rule_level: null,
      alert_count: 0,
      category: null,
      info: null,
      silent: false,
      last_modifier: { id: 3, username: 'relay' },
      creation_date: created,
      last_update: updated,
    };
  }
}

/** Success to a client that wants the rule to be there. The inner list is a text. */
function duplicate(): ApiReply {
  const message = "['Ioc rule with this Type, Value and Source already exists.']";
  return { status: 400, body: { __all__: [message] } };
}

function pick(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => WRITABLE.includes(name) && value !== undefined),
  );
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
