/**
 * Falcon's Fusion SOAR: looks up definitions and runs on-demand ones. A key runs a workflow once; a trigger's JSON Schema is held.
 * Sources: gofalcon falcon/client/workflows; falcon-mcp tests/integration/test_fusion.py; PSFalcon's wiki (the key is a UUID).
 */

import { createHash } from 'node:crypto';

import { Ajv, type AnySchema } from 'ajv';

import { readerOf } from './falcon-fql-match.ts';
import { refused, type ApiCall, type ApiReply, type ApiRoute } from './falcon-gateway.ts';
import { search, type SearchRules } from './falcon-search.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Of workflows that start workflows. */
const DEPTH = /^[0-4]$/;

export interface FalconWorkflow {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly trigger: 'On demand' | 'Scheduled' | 'Signal';
  /** JSON Schema of the body. */
  readonly parameters?: AnySchema;
}

/** A workflow that was started. */
export interface WorkflowExecution {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly definition_id: string;
  readonly definition_name: string;
  readonly key?: string;
  readonly source_event_url?: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

export interface WorkflowsOptions {
  readonly workflows?: readonly FalconWorkflow[];
}

const SEARCH: SearchRules = {
  fields: new Set(['id', 'name', 'name.raw', 'enabled', 'trigger.type']),
  unknownField: 'is_refused',
  limitDefault: 100,
  limitMax: 10_000,
  sortDefault: 'name.raw.asc',
  isPipeSortRefused: true,
  reader: (definition) => (field) => {
    // `name` finds nothing on live tenants: the exact name is in `name.raw`.
    if (field === 'name') return undefined;
    return readerOf(definition)(field === 'name.raw' ? 'name' : field);
  },
};

export class WorkflowsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly executions: WorkflowExecution[] = [];
  readonly #workflows: readonly FalconWorkflow[];
  readonly #ajv = new Ajv({ strict: false });

  constructor(options: WorkflowsOptions) {
    this.#workflows = options.workflows ?? [];
    const [read, write] = ['workflow:read', 'workflow:write'];
    this.routes = [
      {
        method: 'POST',
        path: '/workflows/entities/execute/v1',
        scope: write,
        answer: (call) => this.#execute(call),
      },
      {
        method: 'GET',
        path: '/workflows/combined/definitions/v1',
        scope: read,
        answer: (call) => this.#definitions(call),
      },
      {
        method: 'GET',
        path: '/workflows/entities/execution-results/v1',
        scope: read,
        answer: (call) => this.#results(call),
      },
    ];
  }

  #execute(call: ApiCall): ApiReply {
    const { query, body } = call;
    const key = query.get('key');
    const depth = query.get('depth');
    // CSV, unlike other lists. Source: falconpy _endpoint/_workflows.py.
    const ids = query.get('definition_id')?.split(',');
    const name = query.get('name');
    if ((ids === undefined) === (name === null)) return refused('either definition_id or name is required');
    if (key !== null && !UUID.test(key)) return refused('key must be a UUID');
    if (depth !== null && !DEPTH.test(depth)) return refused('depth must be from 0 to 4');
    const asked = ids ?? [name];
    const found = asked.flatMap(
      (one) => this.#workflows.find((w) => (ids === undefined ? w.name : w.id) === one) ?? [],
    );
    if (found.length < asked.length) return refused('workflow definition not found', 404);
    for (const workflow of found) {
      const fault = stateFault(workflow);
      if (fault !== undefined) return refused(fault, 412);
      if (!this.#ajv.validate(workflow.parameters ?? true, body)) return refused(this.#ajv.errorsText());
    }
    return { status: 200, resources: found.map((workflow) => this.#started(workflow, call).id) };
  }

  /** The execution of this key, if there is one already. */
  #started({ id: definition_id, name }: FalconWorkflow, { query, body, nowMs }: ApiCall): WorkflowExecution {
    const key = query.get('key')?.toLowerCase();
    const earlier = this.executions.find(
      (one) => key !== undefined && one.key === key && one.definition_id === definition_id,
    );
    if (earlier !== undefined) return earlier;
    const url = query.get('source_event_url');
    const execution: WorkflowExecution = {
      id: createHash('md5').update(`execution ${this.executions.length}`).digest('hex'),
      definition_id,
      definition_name: name,
      ...(key === undefined ? {} : { key }),
      ...(url === null ? {} : { source_event_url: url }),
      body,
      atMs: nowMs,
    };
    this.executions.push(execution);
    return execution;
  }

  #definitions({ query, nowMs }: ApiCall): ApiReply {
    if (!query.has('filter')) return refused('filter is required');
    const definitions = this.#workflows.map(({ trigger, parameters, ...rest }) => ({
      ...rest,
      version: 1,
      has_validation_errors: false,
      trigger: { type: trigger, ...(parameters === undefined ? {} : { parameters }) },
    }));
    const result = search(definitions, query, SEARCH, nowMs);
    if ('fault' in result) return refused(result.fault);
    return { status: 200, resources: result.found, meta: { pagination: result.paging } };
  }

  #results({ query }: ApiCall): ApiReply {
    const ids = query.getAll('ids');
    if (ids.length === 0) return refused('ids is required');
    const found = this.executions.filter(({ id }) => ids.includes(id));
    if (found.length < new Set(ids).size) return refused('execution not found', 404);
    const resources = found.map(({ id, atMs, definition_id, definition_name }) => {
      const at = new Date(atMs).toISOString();
      return {
        execution_id: id,
        definition_id,
        definition_name,
        status: 'Succeeded',
        start_timestamp: at,
        end_timestamp: at,
      };
    });
    return { status: 200, resources };
  }
}

/** Both are 412: only the words tell them apart. */
function stateFault({ enabled, trigger, name }: FalconWorkflow): string | undefined {
  if (!enabled) return `workflow ${name} is disabled`;
  return trigger === 'Signal' ? 'not an On-demand or schedule triggered workflow' : undefined;
}
