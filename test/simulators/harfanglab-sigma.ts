/**
 * HarfangLab's SigmaRule. A creation answers 201 even when it refuses: the outcome is in `status[]`, where an absent flag is a refusal;
 * what the engine thinks of a rule that it took is read back (`errors`, `warnings`). Rules are told apart by their Sigma id.
 * Sources: DROID harfanglab.py and its tests; HL-SWAGGER `_CreateSigmaRule`; HL-MANUAL (the id cannot be modified).
 */

import { isoMicros, uuidFrom } from './harfanglab-answers.ts';
import { NOT_FOUND, PERMISSIONS, type ApiCall, type ApiReply, type ApiRoute } from './harfanglab-api.ts';
import {
  fieldErrors,
  hasErrors,
  isBoolean,
  isText,
  isTextUpTo,
  isTexts,
  type Check,
} from './harfanglab-fields.ts';
import { list, type ListRules } from './harfanglab-list.ts';
import { settledState, STATE_CHECKS, type RuleState } from './harfanglab-rule-state.ts';
import { readSigma, REFUSED_FIELDS, type SigmaContent } from './harfanglab-sigma-content.ts';
import type { SourcesEndpoint } from './harfanglab-sources.ts';

const RULES = '/api/data/threat_intelligence/SigmaRule/';
const NAME_CHARACTERS_MAX = 100;
const REQUIRED = ['name', 'content', 'source_id'];

export interface SigmaOptions {
  /** A creation that names one is refused inside the 201. Default: the five of DROID's documentation. */
  readonly refusedSigmaFields?: readonly string[];
  /** A rule that names one is created, and has `errors` when it is read back. Default none. */
  readonly erroneousSigmaFields?: readonly string[];
  /** A rule that names one has `warnings`. Default none. */
  readonly warnedSigmaFields?: readonly string[];
}

export interface HarfangLabSigmaRule extends RuleState {
  /** The manager's own; `rule_id` is the Sigma id. */
  readonly id: string;
  readonly rule_id: string;
  readonly source_id: string;
  readonly name: string;
  /** The rule's title. */
  readonly rule_name: string;
  readonly content: string;
  readonly errors: readonly string[] | null;
  readonly warnings: readonly string[] | null;
  readonly [field: string]: unknown;
}

type Body = Readonly<Record<string, unknown>>;
type Feedback = Pick<HarfangLabSigmaRule, 'errors' | 'warnings'>;

const CHECKS: Readonly<Record<string, Check>> = {
  name: isTextUpTo(NAME_CHARACTERS_MAX),
  content: isText,
  references: isTexts,
  overwrite: isBoolean,
  ...STATE_CHECKS,
};

/** What a rule has that does not say. */
const DEFAULTS = {
  hl_status: 'experimental',
  rule_level_override: null,
  rule_confidence_override: null,
  references: [],
};

// `rule_id` is no filter: it is ignored. Source: DROID `get_rule`.
const LIST: ListRules = {
  filters: ['id', 'source_id', 'name', 'rule_name', 'enabled', 'hl_status', 'global_state'],
  orderings: ['name', 'rule_name', 'creation_date', 'last_update'],
  searched: ['name', 'rule_id', 'content'],
};

export class SigmaRulesEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly #options: SigmaOptions;
  readonly #sources: SourcesEndpoint;
  readonly #rules = new Map<string, HarfangLabSigmaRule>();
  /** Names of the correlations that use a rule, by Sigma id. */
  readonly #correlations = new Map<string, string[]>();
  #madeCount = 0;

  constructor(options: SigmaOptions, sources: SourcesEndpoint) {
    this.#options = options;
    this.#sources = sources;
    const [read, write] = [PERMISSIONS.rulesView, PERMISSIONS.rulesEdit];
    const one = `${RULES}{id}/`;
    this.routes = [
      { method: 'GET', path: RULES, permission: read, answer: (call) => list(this.rules, call, LIST) },
      { method: 'POST', path: RULES, permission: write, answer: (call) => this.#create(call) },
      { method: 'GET', path: one, permission: read, answer: (call) => this.#one(call) },
      { method: 'PATCH', path: one, permission: write, answer: (call) => this.#change(call) },
      { method: 'DELETE', path: one, permission: write, answer: (call) => this.#delete(call) },
    ];
  }

  /** Every rule that is there, in the order of creation. */
  get rules(): readonly HarfangLabSigmaRule[] {
    return [...this.#rules.values()];
  }

  /** A correlation uses this rule from now on, which can't be deleted then. */
  useInCorrelation(sigmaId: string, correlation: string): void {
    this.#correlations.set(sigmaId, [...(this.#correlations.get(sigmaId) ?? []), correlation]);
  }

  #create({ body, nowMs }: ApiCall): ApiReply {
    const errors = fieldErrors(body, { source_id: this.#sources.isKnown, ...CHECKS }, REQUIRED);
    if (hasErrors(errors)) return { status: 400, body: errors };
    const sigma = readSigma(String(body['content']));
    const fault = 'fault' in sigma ? sigma.fault : this.#refusal(sigma);
    if ('fault' in sigma || fault !== undefined) {
      return uploaded({ status: false, code: 'invalid_sigma_content', content: fault });
    }
    const same = this.rules.find(({ rule_id }) => rule_id === sigma.sigmaId);
    if (same !== undefined && same.source_id !== body['source_id']) return idIsTaken();
    if (same !== undefined && body['overwrite'] !== true) {
      return uploaded({ code: 'duplicate_rule', content: 'already there' });
    }
    const rule = this.#toRule(body, sigma, same?.id, nowMs);
    this.#rules.set(rule.id, rule);
    const { id, content } = rule;
    return uploaded({ status: true, id, filename: `${rule.name}.yml`, content });
  }

  #toRule(body: Body, sigma: SigmaContent, id: string | undefined, nowMs: number): HarfangLabSigmaRule {
    this.#madeCount += 1;
    const now = isoMicros(nowMs);
    return {
      ...DEFAULTS,
      ...pick(body),
      id: id ?? uuidFrom(`SigmaRule ${this.#madeCount}`),
      source_id: String(body['source_id']),
      source: body['source_id'],
      name: String(body['name']).trim(),
      ...ofContent(sigma),
      ...this.#feedback(sigma),
      ...settledState(body),
      last_modifier: { id: 3, username: 'relay' },
      creation_date: now,
      last_update: now,
    };
  }

  #refusal({ fields }: SigmaContent): string | undefined {
    const refused = this.#options.refusedSigmaFields ?? REFUSED_FIELDS;
    const field = fields.find((name) => refused.includes(name));
    return field === undefined ? undefined : `unsupported field: ${field}`;
  }

  #feedback(sigma: SigmaContent): Feedback {
    const { erroneousSigmaFields = [], warnedSigmaFields = [] } = this.#options;
    const named = (among: readonly string[], message: string) => {
      const found = sigma.fields.filter((field) => among.includes(field));
      return found.length === 0 ? null : found.map((field) => `${message}: ${field}`);
    };
    return {
      errors: named(erroneousSigmaFields, 'unknown field'),
      warnings: named(warnedSigmaFields, 'deprecated field'),
    };
  }

  #one({ id }: ApiCall): ApiReply {
    const rule = this.#rules.get(id);
    return rule === undefined ? NOT_FOUND : { status: 200, body: rule };
  }

  #change({ id, body, nowMs }: ApiCall): ApiReply {
    const current = this.#rules.get(id);
    if (current === undefined) return NOT_FOUND;
    const errors = fieldErrors(body, { source_id: this.#sources.isKnown, ...CHECKS });
    if (hasErrors(errors)) return { status: 400, body: errors };
    const content = this.#changedContent(current, body);
    if (content === undefined) {
      return { status: 400, body: { id: ['The ID of a Sigma rule cannot be modified.'] } };
    }
    const { name = current.name, source_id = current.source_id } = body;
    const rule = {
      ...current,
      ...pick(body),
      source_id: String(source_id),
      source: source_id,
      name: String(name).trim(),
      ...content,
      ...settledState(body, current),
      last_update: isoMicros(nowMs),
    };
    this.#rules.set(id, rule);
    return { status: 200, body: rule };
  }

  /** What the engine cannot read is kept as it came, with its errors; undefined when the Sigma id would change. */
  #changedContent(current: HarfangLabSigmaRule, { content }: Body): Partial<HarfangLabSigmaRule> | undefined {
    if (typeof content !== 'string') return {};
    const sigma = readSigma(content);
    if ('fault' in sigma) return { content, errors: [sigma.fault], warnings: null };
    if (sigma.sigmaId !== current.rule_id) return undefined;
    const fault = this.#refusal(sigma);
    const feedback = this.#feedback(sigma);
    const errors = fault === undefined ? feedback.errors : [fault, ...(feedback.errors ?? [])];
    return { ...ofContent(sigma), ...feedback, errors };
  }

  #delete({ id }: ApiCall): ApiReply {
    const rule = this.#rules.get(id);
    if (rule === undefined) return NOT_FOUND;
    const linked = this.#correlations.get(rule.rule_id) ?? [];
    if (linked.length > 0) {
      const linked_correlation = linked.map((name) => ({ correlation_rule_name: name }));
      return { status: 400, body: { code: 'linked_sigma_rule', linked_correlation } };
    }
    this.#rules.delete(id);
    return { status: 204 };
  }
}

function uploaded(outcome: Body): ApiReply {
  return { status: 201, body: { status: [outcome] } };
}

function idIsTaken(): ApiReply {
  return { status: 400, body: { id: ['Sigma rule with this Id already exists.'] } };
}

function ofContent({ sigmaId, title, level, stored }: SigmaContent) {
  return { rule_id: sigmaId, rule_name: title, rule_level: level, content: stored };
}

function pick(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([name]) => Object.keys(DEFAULTS).includes(name)));
}
