/**
 * HarfangLab's sources of rules, IOCSource and SigmaSource: found by name, created once, names unique within their kind.
 * Nothing public changes or deletes one: those methods are not allowed here, and who removes them does so in the console. Sources: OCTI-INT; NETSKOPE1; DROID.
 */

import { isoMicros, uuidFrom } from './harfanglab-answers.ts';
import { NOT_FOUND, PERMISSIONS, type ApiCall, type ApiReply, type ApiRoute } from './harfanglab-api.ts';
import { fieldErrors, hasErrors, isBoolean, isText, isTextOrNull } from './harfanglab-fields.ts';
import { list, type ListRules } from './harfanglab-list.ts';

export interface RuleSource {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly enabled: boolean;
  readonly creation_date: string;
  readonly last_update: string;
}

const CHECKS = { name: isText, description: isTextOrNull, enabled: isBoolean };

const LIST: ListRules = {
  filters: ['id', 'name', 'enabled'],
  orderings: ['name', 'creation_date', 'last_update'],
  searched: ['name', 'description'],
};

export class SourcesEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly sources: RuleSource[] = [];
  #made = 0;
  readonly #kind: 'IOCSource' | 'SigmaSource';

  constructor(kind: 'IOCSource' | 'SigmaSource') {
    this.#kind = kind;
    const path = `/api/data/threat_intelligence/${kind}/`;
    const [read, write] = [PERMISSIONS.rulesView, PERMISSIONS.rulesEdit];
    this.routes = [
      { method: 'GET', path, permission: read, answer: (call) => list(this.sources, call, LIST) },
      { method: 'GET', path: `${path}{id}/`, permission: read, answer: (call) => this.#one(call) },
      { method: 'POST', path, permission: write, answer: (call) => this.#create(call) },
    ];
  }

  /** Somebody removes all of them in the console. */
  removeAll(): void {
    this.sources.length = 0;
  }

  has(id: unknown): boolean {
    return this.sources.some((source) => source.id === id);
  }

  /** Why a rule cannot have this source, if it can't. */
  readonly isKnown = (id: unknown): string | undefined =>
    this.has(id) ? undefined : `Invalid pk "${String(id)}" - object does not exist.`;

  #one({ id }: ApiCall): ApiReply {
    const source = this.sources.find((known) => known.id === id);
    return source === undefined ? NOT_FOUND : { status: 200, body: source };
  }

  #create({ body, nowMs }: ApiCall): ApiReply {
    const errors = fieldErrors(body, CHECKS, ['name']);
    if (hasErrors(errors)) return { status: 400, body: errors };
    const name = String(body['name']).trim();
    if (this.sources.some((source) => source.name === name)) {
      const noun = this.#kind === 'IOCSource' ? 'ioc' : 'sigma';
      return { status: 400, body: { name: [`${noun} source with this name already exists.`] } };
    }
    const { description = null, enabled = true } = body;
    const now = isoMicros(nowMs);
    const source: RuleSource = {
      id: uuidFrom(`${this.#kind} ${this.#made++}`),
      name,
      description: typeof description === 'string' ? description : null,
      enabled: enabled === true,
      creation_date: now,
      last_update: now,
    };
    this.sources.push(source);
    return { status: 201, body: source };
  }
}
