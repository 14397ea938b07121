/**
 * Falcon's Cases API. A PUT always makes a case: there is no idempotency, no external id and no delete. POST reads, in an order
 * of its own; PATCH heeds only what is inside `fields`; the search can lag behind.
 * Sources: gofalcon falcon/client/cases; falcon-mcp modules/cases.py, tests/integration/test_cases.py, issue #388.
 */

import { createHash } from 'node:crypto';

import {
  caseFieldsFault,
  evidenceFault,
  evidenceIds,
  isTexts,
  readEvidence,
  STATUSES,
  STATUSES_ON_CREATE,
  tagsFault,
  type Evidence,
} from './falcon-case-rules.ts';
import { refused, type ApiCall, type ApiError, type ApiReply, type ApiRoute } from './falcon-gateway.ts';
import { search, type SearchRules } from './falcon-search.ts';
import { isJsonObject } from './request.ts';

export interface CasesOptions {
  /** How long the search does not see a new case or a change. The entity reads see it at once. Default 0. */
  readonly caseSearchLagMs?: number;
}

/** A case in one version. */
export interface FalconCase {
  readonly id: string;
  readonly reference_id: string;
  readonly name: string;
  readonly severity: number;
  readonly status: string;
  readonly description: string;
  readonly description_format: string;
  readonly tags: readonly string[];
  readonly evidence: Evidence;
  readonly template?: unknown;
  readonly assigned_to_user_uuid?: string;
  readonly version: number;
  readonly created_timestamp: string;
  readonly updated_timestamp: string;
}

const CASES = '/cases/entities/cases/v2';
const CASE_TAGS = '/cases/entities/case-tags/v1';

/** What PATCH can change, of what is kept. */
const CHANGEABLE = [
  'name',
  'description',
  'description_format',
  'severity',
  'status',
  'template',
  'assigned_to_user_uuid',
];

const SEARCH: SearchRules = {
  fields: new Set([
    'id',
    'reference_id',
    'tags',
    'name',
    'status',
    'severity',
    'created_timestamp',
    'updated_timestamp',
    'description',
    'version',
  ]),
  unknownField: 'is_refused',
  limitDefault: 100,
  limitMax: 10_000,
  sortDefault: 'created_timestamp.desc',
};

export class CasesEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly #searchLagMs: number;
  readonly #hasAlert: (id: string) => boolean;
  /** All versions of each case, oldest first: the search reads old ones. */
  readonly #versions = new Map<string, FalconCase[]>();

  /** `hasAlert` tells which alerts can be evidence. */
  constructor(options: CasesOptions, hasAlert: (id: string) => boolean) {
    this.#searchLagMs = options.caseSearchLagMs ?? 0;
    this.#hasAlert = hasAlert;
    const [read, write] = ['cases:read', 'cases:write'];
    this.routes = [
      { method: 'PUT', path: CASES, scope: write, answer: (call) => this.#create(call) },
      { method: 'POST', path: CASES, scope: read, answer: (call) => this.#read(call) },
      { method: 'PATCH', path: CASES, scope: write, answer: (call) => this.#update(call) },
      {
        method: 'GET',
        path: '/cases/queries/cases/v1',
        scope: read,
        answer: (call) => this.#search(call),
      },
      { method: 'POST', path: CASE_TAGS, scope: write, answer: (call) => this.#addTags(call) },
      { method: 'DELETE', path: CASE_TAGS, scope: write, answer: (call) => this.#removeTags(call) },
      {
        method: 'POST',
        path: '/cases/entities/alert-evidence/v1',
        scope: write,
        answer: (call) => this.#addAlerts(call),
      },
    ];
  }

  /** The newest version of each case, in the order of their creation. */
  get cases(): readonly FalconCase[] {
    return [...this.#versions.keys()].flatMap((id) => this.#newest(id) ?? []);
  }

  #create({ body, nowMs }: ApiCall): ApiReply {
    if (body['name'] === undefined || body['severity'] === undefined) {
      return refused('name and severity are required');
    }
    const fault = caseFieldsFault(body, STATUSES_ON_CREATE);
    if (fault !== undefined) return refused(fault);
    const read = readEvidence(body['evidence']);
    if ('fault' in read) return refused(read.fault);
    const alertFault = this.#alertFault(read.evidence.alerts);
    if (alertFault !== undefined) return refused(alertFault);
    const count = this.#versions.size + 1;
    const now = new Date(nowMs).toISOString();
    const created = {
      description: '',
      description_format: 'plaintext',
      status: 'new',
      tags: [],
      ...pick(body, [...CHANGEABLE, 'tags']),
      id: createHash('sha256').update(`case ${count}`).digest('base64'),
      reference_id: `CASE-${1000 + count}`,
      evidence: read.evidence,
      version: 1,
      created_timestamp: now,
      updated_timestamp: now,
    } as unknown as FalconCase;
    const unique = { ...created, tags: [...new Set(created.tags)] };
    this.#versions.set(created.id, [unique]);
    return { status: 201, resources: [this.#view(unique, nowMs)] };
  }

  /** In the order of the ids, which are hashes: unrelated to the order asked for. */
  #read({ body, nowMs }: ApiCall): ApiReply {
    const { ids } = body;
    if (!isTexts(ids) || ids.length === 0) return refused('ids must be a list of texts');
    const found = [...new Set(ids)].toSorted().flatMap((id) => this.#newest(id) ?? []);
    const errors = ids
      .filter((id) => !this.#versions.has(id))
      .map((id): ApiError => ({ code: 404, message: 'case not found', id }));
    return { status: 200, resources: found.map((one) => this.#view(one, nowMs)), errors };
  }

  /** What stands outside `fields` is ignored with a 200, and so is a member of `fields` that the API does not know. */
  #update({ body, nowMs }: ApiCall): ApiReply {
    const { fields = {} } = body;
    const current = this.#newest(body['id']);
    if (current === undefined) return refused('case not found', 404);
    const expected = body['expected_version'];
    if (expected !== undefined && expected !== current.version) {
      return refused(`expected version ${JSON.stringify(expected)} is not ${current.version}`, 409);
    }
    if (!isJsonObject(fields)) return refused('fields must be an object');
    const changes = pick(fields, CHANGEABLE);
    const fault = caseFieldsFault(changes, STATUSES);
    if (fault !== undefined) return refused(fault);
    return this.#change(current, changes, nowMs);
  }

  #search({ query, nowMs }: ApiCall): ApiReply {
    const seenUntilMs = nowMs - this.#searchLagMs;
    const seen = [...this.#versions.values()].flatMap(
      (versions) => versions.findLast((one) => Date.parse(one.updated_timestamp) <= seenUntilMs) ?? [],
    );
    const result = search(seen.toReversed(), query, SEARCH, nowMs);
    if ('fault' in result) return refused(result.fault);
    const resources = result.found.map(({ id }) => id);
    return { status: 200, resources, meta: { pagination: result.paging } };
  }

  #addTags({ body, nowMs }: ApiCall): ApiReply {
    const current = this.#newest(body['id']);
    if (current === undefined) return refused('case not found', 404);
    const added = body['tags'];
    if (!isTexts(added) || added.length === 0) return refused('tags must be a list of texts');
    const tags = [...new Set([...current.tags, ...added])];
    const fault = tagsFault(tags);
    return fault === undefined ? this.#change(current, { tags }, nowMs) : refused(fault);
  }

  #removeTags({ query, nowMs }: ApiCall): ApiReply {
    const current = this.#newest(query.get('id'));
    if (current === undefined) return refused('case not found', 404);
    const removed = query.getAll('tag');
    if (removed.length === 0) return refused('tag is required');
    return this.#change(current, { tags: current.tags.filter((tag) => !removed.includes(tag)) }, nowMs);
  }

  #addAlerts({ body, nowMs }: ApiCall): ApiReply {
    const current = this.#newest(body['id']);
    if (current === undefined) return refused('case not found', 404);
    const added = evidenceIds(body['alerts']);
    if (added === undefined || added.length === 0)
      return refused('alerts must be a list of objects with an id');
    const alerts = [...new Set([...current.evidence.alerts, ...added])];
    const evidence = { ...current.evidence, alerts };
    const fault = evidenceFault(evidence) ?? this.#alertFault(added);
    return fault === undefined ? this.#change(current, { evidence }, nowMs) : refused(fault);
  }

  /** A new version, unless nothing changes. */
  #change(current: FalconCase, changes: Partial<FalconCase>, nowMs: number): ApiReply {
    if (Object.keys(changes).length === 0) return { status: 200, resources: [this.#view(current, nowMs)] };
    const updated_timestamp = new Date(nowMs).toISOString();
    const changed = { ...current, ...changes, version: current.version + 1, updated_timestamp };
    this.#versions.get(current.id)?.push(changed);
    return { status: 200, resources: [this.#view(changed, nowMs)] };
  }

  #newest(id: unknown): FalconCase | undefined {
    return typeof id === 'string' ? this.#versions.get(id)?.at(-1) : undefined;
  }

  #alertFault(ids: readonly string[]): string | undefined {
    const unknown = ids.find((id) => !this.#hasAlert(id));
    return unknown === undefined ? undefined : `evidence: alert not found: ${unknown}`;
  }

  /** On the wire, evidence is an object of `records` by kind. Source: gofalcon falcon/models/sdk_evidence_vm.go. */
  #view(
    { evidence, assigned_to_user_uuid: uuid, ...one }: FalconCase,
    nowMs: number,
  ): Readonly<Record<string, unknown>> {
    const records = (ids: readonly string[]) => ({ records: ids.map((id) => ({ id })) });
    const { alerts, events, leads } = evidence;
    return {
      ...one,
      ...(uuid === undefined ? {} : { assigned_to: { uuid } }),
      evidence: { alerts: records(alerts), events: records(events), leads: records(leads) },
      consistency: {
        consistent: Date.parse(one.updated_timestamp) + this.#searchLagMs <= nowMs,
        version: one.version,
      },
    };
  }
}

function pick(from: Readonly<Record<string, unknown>>, names: readonly string[]): Partial<FalconCase> {
  return Object.fromEntries(
    Object.entries(from).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}
