/**
 * What operators ask of a tenant's rules: all of them, one as it is evaluated, how they changed, what they make of an event.
 * Reads only: nothing is counted or recorded by a test.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { RuleHealth } from '../domain/object-health.ts';
import type { RuleChange, RuleDetail, RuleView, TestRulesRequest } from '../domain/rule-views.ts';
import type { RuleAnswer, RuleChangesAnswer, RulesAnswer, TestRulesAnswer } from '../domain/rules-rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import { readId } from '../ingest/field-values.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Rule, WindowPort } from '../rules/rule.ts';
import { testRules } from '../rules/test-rule.ts';
import type { Audit } from './audit.ts';
import type { RelayIo } from './io.ts';
import type { EventLog } from './log.ts';
import { type ScanBudget, scanLog } from './log-scan.ts';
import { openPersonKeys } from './person-keys.ts';
import { countsOf } from './rule-stats.ts';
import { alertsIfOn, findRule, rulesOfText } from './rules-asked.ts';
import { answerOfTest } from './rule-test-answer.ts';

/** How far back an event is looked for by its id. */
const LOOKED_ROWS_MAX = 50_000;

export interface RuleQueryParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly io: RelayIo;
  readonly budget: ScanBudget;
  readonly config: () => SealedTenantConfig;
  readonly rules: () => readonly Rule[];
  readonly windows: () => Pick<WindowPort, 'get'>;
  readonly isRemoved: () => boolean;
}

export class RuleQueries {
  readonly #parts: RuleQueryParts;

  constructor(parts: RuleQueryParts) {
    this.#parts = parts;
  }

  rules(): Extract<RulesAnswer, { kind: 'rules' }> {
    const { db, rules } = this.#parts;
    return { kind: 'rules', rules: rules().map((rule) => viewOf(db, rule)) };
  }

  /** Of all that are in the config. */
  health(): RuleHealth[] {
    const { db, rules } = this.#parts;
    return rules().map(({ id, name, level }) => {
      const { detections, dryRuns, failures } = countsOf(db, id);
      return { rule: name, level, detections, dryRuns, failures };
    });
  }

  rule(reference: string): Extract<RuleAnswer, { kind: 'rule' | 'not_found' }> {
    const { db, rules } = this.#parts;
    const rule = findRule(rules(), reference);
    return rule ? { kind: 'rule', rule: detailOf(db, rule) } : { kind: 'not_found' };
  }

  /** Newest first, below an id. */
  changes(before: number, limit: number): Extract<RuleChangesAnswer, { kind: 'changes' }> {
    const rows = this.#parts.db.all<{
      id: number;
      at: number;
      version: number;
      actor: string;
      reason: string | null;
      changes: string;
    }>('SELECT * FROM rule_changes WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit);
    const changes = rows.map(({ id, at, version, actor, reason, changes: parts }) => ({
      id,
      at: new Date(at).toISOString(),
      version,
      by: actor,
      ...(reason !== null && { reason }),
      changes: JSON.parse(parts) as RuleChange['changes'],
    }));
    return { kind: 'changes', changes };
  }

  /** What rules make of an event: those of a text, one of the tenant, or all of them. */
  async test(request: TestRulesRequest): Promise<TestRulesAnswer> {
    const { audit, sealer, config, io, rules, windows, isRemoved } = this.#parts;
    const { text, rule: reference, actor } = request;
    const ofText = text === undefined ? undefined : rulesOfText(text, config());
    if (ofText && !ofText.ok) return { kind: 'text_refused', faults: ofText.error };
    const known = ofText?.value ?? rules();
    const chosen = reference === undefined ? undefined : findRule(known, reference);
    if (reference !== undefined && !chosen) return { kind: 'not_found' };
    const keys = await openPersonKeys(sealer, config());
    const event = 'id' in request.event ? await this.#find(request.event.id) : request.event.event;
    if (isRemoved()) return { kind: 'unknown_tenant' };
    if (event === undefined) return { kind: 'event_not_found' };
    if ('retryAfterSeconds' in event) return event;
    const nowMs = io.nowMs();
    // What a user at hand has counted so far is asked for: that is a search for them.
    const key = 'event' in request.event && event.user && keys.ofUser(event.user);
    if (key) audit.append('user.searched', actor, { key, what: 'rules' }, nowMs);
    const tested = testRules(
      known,
      event,
      windows(),
      nowMs,
      chosen ? ({ id }) => id === chosen.id : alertsIfOn,
    );
    const { language, destinations } = config();
    return {
      kind: 'tested',
      tests: answerOfTest(tested, {
        event,
        keys,
        language,
        destinations,
        nowMs,
        areNamed: reference !== undefined,
      }),
    };
  }

  /** The newest event of an id that Noxys sent. */
  async #find(
    asked: string,
  ): Promise<CanonicalEvent | { kind: 'busy'; retryAfterSeconds: number } | undefined> {
    const { db, log, budget, io, isRemoved } = this.#parts;
    const id = readId(asked).value ?? asked;
    let before = Number.MAX_SAFE_INTEGER;
    for (let looked = 0; looked < LOOKED_ROWS_MAX && !isRemoved();) {
      const turn = budget.turn(() =>
        scanLog(db, log, { before }, 1, {
          texts: [JSON.stringify(id)],
          pick: ({ event }) => (event.id === id && isFromNoxys(event) ? event : undefined),
        }),
      );
      if ('kind' in turn) return turn;
      const [found] = turn.found;
      if (found || turn.isComplete || turn.lastSeq === null) return found;
      before = turn.lastSeq;
      looked += turn.rows;
      await io.sleep(0);
    }
    return undefined;
  }
}

function viewOf(db: Database, rule: Rule): RuleView {
  const { id, name, title, level, source, document, isEnabled, alerts, isDryRun, respond, playbook } = rule;
  return {
    id,
    name,
    title,
    level,
    source,
    kind: document.kind,
    enabled: isEnabled,
    alerts,
    dryRun: isDryRun,
    respond,
    ...(playbook && { playbook }),
    tags: document.tags ?? [],
    ...(document.author !== undefined && { author: document.author }),
    counts: countsOf(db, id),
  };
}

function detailOf(db: Database, rule: Rule): RuleDetail {
  const { description, references = [], falsepositives = [] } = rule.document;
  return {
    ...viewOf(db, rule),
    ...(description !== undefined && { description }),
    references,
    falsepositives,
    ...(rule.filters && { filters: rule.filters }),
    document: { ...rule.document },
  };
}
