/**
 * Falcon's IOC Management API. A batch is taken or refused as a whole; a duplicate of (type, value) is refused; an update clears
 * what it does not name; a search by an unknown field finds nothing, without an error.
 * Sources: gofalcon falcon/client/ioc; falcon-mcp tests/integration/test_ioc.py; SIM crowdstrike.test.ts (cleared fields).
 */

import { createHash } from 'node:crypto';

import { refused, type ApiCall, type ApiError, type ApiReply, type ApiRoute } from './falcon-gateway.ts';
import { changeFault, newIndicatorFault, TYPES } from './falcon-indicator-rules.ts';
import { filterRecords, search, type SearchRules } from './falcon-search.ts';
import { isJsonObject } from './request.ts';

/** The vendor's own maximum is not published; netskope and SIM send 200 at most. */
const BATCH_MAX = 200;
/** Source: netskope crowdstrike/main.py. */
const INDICATORS_MAX = 1_000_000;
/** Beyond it, `after` instead of `offset`. */
const OFFSET_WINDOW = 10_000;

export interface IndicatorsOptions {
  /** The customer's limit. Default 1,000,000. */
  readonly indicatorsMax?: number;
}

export interface FalconIndicator {
  readonly id: string;
  readonly type: string;
  readonly value: string;
  readonly action: string;
  readonly severity: string;
  readonly platforms: readonly string[];
  readonly applied_globally: boolean;
  readonly host_groups: readonly string[];
  readonly source: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Absent: it never expires. */
  readonly expiration?: string;
  /** Its action is `no_action` then; the record stays. */
  readonly expired: boolean;
  readonly created_on: string;
  readonly modified_on: string;
}

/** What an update does not name. */
const CLEARED = {
  action: 'no_action',
  severity: '',
  platforms: [],
  applied_globally: false,
  host_groups: [],
  source: '',
  description: '',
  tags: [],
};
const CHANGEABLE = [...Object.keys(CLEARED), 'expiration', 'metadata'];

const ENTITIES = '/iocs/entities/indicators/v1';

const SEARCH: SearchRules = {
  fields: new Set(['id', 'type', 'value', ...CHANGEABLE, 'expired', 'created_on', 'modified_on']),
  unknownField: 'finds_nothing',
  limitDefault: 100,
  limitMax: OFFSET_WINDOW,
  sortDefault: '',
};

export class IndicatorsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly #max: number;
  /** As stored, by id: `expired` is decided when read. */
  readonly #stored = new Map<string, FalconIndicator>();
  #madeCount = 0;

  constructor(options: IndicatorsOptions) {
    this.#max = options.indicatorsMax ?? INDICATORS_MAX;
    const [read, write] = ['ioc:read', 'ioc:write'];
    const get = (path: string, answer: (call: ApiCall) => ApiReply) => ({
      method: 'GET',
      path,
      scope: read,
      answer,
    });
    this.routes = [
      { method: 'POST', path: ENTITIES, scope: write, answer: (call) => this.#create(call) },
      { method: 'PATCH', path: ENTITIES, scope: write, answer: (call) => this.#update(call) },
      { method: 'DELETE', path: ENTITIES, scope: write, answer: (call) => this.#delete(call) },
      get(ENTITIES, (call) => this.#read(call)),
      get('/iocs/queries/indicators/v1', (call) => this.#search(call, ({ id }) => id)),
      get('/iocs/combined/indicator/v1', (call) => this.#search(call, (one) => one)),
      get('/iocs/queries/ioc-types/v1', () => ({ status: 200, resources: TYPES })),
    ];
  }

  /** Every indicator that is there, in the order of creation. */
  at(nowMs: number): readonly FalconIndicator[] {
    return [...this.#stored.values()].map((one) => asOf(one, nowMs));
  }

  /** `ignore_warnings` does not let a duplicate in: which warnings there are is not published. */
  #create({ body, nowMs }: ApiCall): ApiReply {
    const batch = batchOf(body);
    if ('fault' in batch) return refused(batch.fault);
    const taken = new Set([...this.#stored.values()].map(({ type, value }) => `${type} ${value}`));
    const errors: ApiError[] = [];
    for (const [i, indicator] of batch.indicators.entries()) {
      const key = `${String(indicator['type'])} ${String(indicator['value'])}`;
      const fault = newIndicatorFault(indicator, nowMs) ?? (taken.has(key) ? 'duplicate type and value' : '');
      if (fault !== '') errors.push({ code: 400, message: `indicators[${i}]: ${fault}` });
      taken.add(key);
    }
    if (errors.length > 0) return { status: 400, errors };
    if (this.#stored.size + batch.indicators.length > this.#max) {
      return refused('Limit of 1 million indicators reached.');
    }
    const made = batch.indicators.map((indicator) => this.#toRecord(indicator, nowMs));
    for (const one of made) this.#stored.set(one.id, one);
    return { status: 201, resources: made };
  }

  #toRecord(indicator: Readonly<Record<string, unknown>>, nowMs: number): FalconIndicator {
    this.#madeCount += 1;
    const id = createHash('sha256').update(`indicator ${this.#madeCount}`).digest('hex');
    const { type, value } = indicator;
    const now = new Date(nowMs).toISOString();
    const times = { expired: false, created_on: now, modified_on: now };
    return { ...CLEARED, ...pick(indicator), id, type, value, ...times } as FalconIndicator;
  }

  /** An unknown id refuses the whole batch. What may follow in bulk (`bulk_update`) is not simulated. */
  #update({ body, nowMs }: ApiCall): ApiReply {
    if (body['bulk_update'] !== undefined) return refused('bulk_update is not simulated');
    const batch = batchOf(body);
    if ('fault' in batch) return refused(batch.fault);
    const errors: ApiError[] = [];
    const changed: FalconIndicator[] = [];
    for (const [i, change] of batch.indicators.entries()) {
      const current = this.#stored.get(String(change['id']));
      const fields = pick(change);
      const fault = current === undefined ? undefined : changeFault(fields, current.type, nowMs);
      if (current === undefined) errors.push({ code: 404, message: `indicators[${i}]: id not found` });
      else if (fault !== undefined) errors.push({ code: 400, message: `indicators[${i}]: ${fault}` });
      else changed.push(updated(current, fields, nowMs));
    }
    if (errors.length > 0) return { status: errors.some(({ code }) => code === 400) ? 400 : 404, errors };
    for (const one of changed) this.#stored.set(one.id, one);
    return { status: 200, resources: changed };
  }

  /** A filter wins over ids. Ids that are not there are errors inside a 200. */
  #delete({ query, nowMs }: ApiCall): ApiReply {
    const filter = query.get('filter');
    const ids = query.getAll('ids');
    if (filter === null && ids.length === 0) return refused('ids or filter is required');
    if (filter === null) return this.#forget(ids);
    const result = filterRecords(this.at(nowMs), filter, SEARCH, nowMs);
    return 'fault' in result ? refused(result.fault) : this.#forget(result.found.map(({ id }) => id));
  }

  #forget(ids: readonly string[]): ApiReply {
    const deleted = ids.filter((id) => this.#stored.delete(id));
    return { status: 200, resources: deleted, errors: notFound(ids.filter((id) => !deleted.includes(id))) };
  }

  #read({ query, nowMs }: ApiCall): ApiReply {
    const ids = query.getAll('ids');
    if (ids.length === 0) return refused('ids is required');
    const found = this.at(nowMs).filter(({ id }) => ids.includes(id));
    return { status: 200, resources: found, errors: notFound(ids.filter((id) => !this.#stored.has(id))) };
  }

  #search({ query, nowMs }: ApiCall, view: (one: FalconIndicator) => unknown): ApiReply {
    const after = query.get('after');
    if (after !== null && query.has('offset')) return refused('offset and after are mutually exclusive');
    const position = after === null ? undefined : positionIn(after);
    if (after !== null && position === undefined) return refused('invalid after token');
    const asked = new URLSearchParams(query);
    if (position !== undefined) asked.set('offset', position);
    const rules = position === undefined ? { ...SEARCH, windowMax: OFFSET_WINDOW } : SEARCH;
    const result = search(this.at(nowMs), asked, rules, nowMs);
    if ('fault' in result) return refused(result.fault);
    const { limit, offset, total } = result.paging;
    const next = offset + result.found.length;
    const isMore = next < total && !query.has('offset');
    const pagination = { limit, total, ...(isMore ? { after: tokenFor(next) } : {}), offset };
    return { status: 200, resources: result.found.map(view), meta: { pagination } };
  }
}

function updated(
  current: FalconIndicator,
  fields: Readonly<Record<string, unknown>>,
  nowMs: number,
): FalconIndicator {
  const { id, type, value, created_on } = current;
  const modified_on = new Date(nowMs).toISOString();
  return { ...CLEARED, ...fields, id, type, value, expired: false, created_on, modified_on };
}

function asOf(one: FalconIndicator, nowMs: number): FalconIndicator {
  const isExpired = one.expiration !== undefined && Date.parse(one.expiration) <= nowMs;
  return isExpired ? { ...one, action: 'no_action', expired: true } : one;
}

function batchOf(
  body: Readonly<Record<string, unknown>>,
): { indicators: Readonly<Record<string, unknown>>[] } | { fault: string } {
  const { indicators } = body;
  if (!Array.isArray(indicators) || indicators.length === 0 || !indicators.every(isJsonObject)) {
    return { fault: 'indicators must be a list of objects' };
  }
  return indicators.length > BATCH_MAX ? { fault: `at most ${BATCH_MAX} indicators` } : { indicators };
}

function notFound(ids: readonly string[]): ApiError[] {
  return ids.map((id) => ({ code: 404, message: 'indicator not found', id }));
}

/** What a request may set, of what is kept; `mobile_action` is dropped silently where no platform is mobile. */
function pick(from: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(from).filter(([name, value]) => CHANGEABLE.includes(name) && value !== undefined),
  );
}

function tokenFor(position: number): string {
  return Buffer.from(`after ${position}`).toString('base64');
}

function positionIn(token: string): string | undefined {
  return /^after (\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8'))?.[1];
}
