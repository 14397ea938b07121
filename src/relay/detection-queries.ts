/**
 * What operators ask of the detections: a page of them, those of one user, one with what became of what it asked for.
 * The records outlive the log. What names a person, or looks for one, is audited before the answer leaves. Writes nothing else.
 */

import type { AuditDetail } from '../domain/audit.ts';
import { EVENTS_PER_PAGE_MAX } from '../domain/event-view.ts';
import type {
  DetectionFilter,
  DetectionPage,
  DetectionView,
  DetectionsRequest,
} from '../domain/rule-views.ts';
import type { DetectionAnswer, DetectionRequest } from '../domain/rules-rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Busy } from '../domain/unavailable.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Database, Row } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Rule } from '../rules/rule.ts';
import type { Audit } from './audit.ts';
import { type DetectionStore, type StoredDetection, detectionIn } from './detection-store.ts';
import { eventView } from './event-view.ts';
import { type LaneParts, explainLanes } from './explain-lanes.ts';
import type { EventLog } from './log.ts';
import { ROWS_PER_TURN_MAX, type ScanBudget } from './log-scan.ts';
import { type PersonKeys, openPersonKeys } from './person-keys.ts';
import { outcomesOf } from './response-outcomes.ts';
import { findRule } from './rules-asked.ts';

export interface DetectionQueryParts extends LaneParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly detections: DetectionStore;
  readonly rules: () => readonly Rule[];
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly budget: ScanBudget;
  readonly config: () => SealedTenantConfig;
  readonly nowMs: () => number;
  readonly isRemoved: () => boolean;
}

/** The tenant was removed while the keys were opened. */
const NO_SUCH_TENANT = { kind: 'unknown_tenant' } as const;

/** Of the table `detections`. */
interface Stored extends Row {
  readonly seq: number;
  readonly verdict: string | null;
  readonly body: string;
}

interface Looked {
  readonly found: readonly DetectionView[];
  readonly nextBefore?: number;
  readonly rows: number;
}

export class DetectionQueries {
  readonly #parts: DetectionQueryParts;

  constructor(parts: DetectionQueryParts) {
    this.#parts = parts;
  }

  /** One page. Everything after the keys are open is one turn of the object. */
  async detections(
    request: DetectionsRequest,
  ): Promise<(DetectionPage & { readonly kind: 'detections' }) | Busy | typeof NO_SUCH_TENANT> {
    const { db, audit, budget, nowMs, isRemoved } = this.#parts;
    const { user, showsPersons, actor } = request;
    const keys = await this.#openKeys();
    if (isRemoved()) return NO_SUCH_TENANT;
    const key = user && ('key' in user ? user.key : keys.ofName(user));
    const looked = budget.turn(() => this.#look(request, keys, key));
    if ('kind' in looked) return looked;
    const { found, nextBefore } = looked;
    const asked = { ...detailOf(request), ...(key !== undefined && { key }), count: found.length };
    db.transaction(() => {
      if (key !== undefined) audit.append('user.searched', actor, asked, nowMs());
      if (showsPersons && found.length > 0) audit.append('persons.shown', actor, asked, nowMs());
    });
    return { kind: 'detections', detections: found, ...(nextBefore !== undefined && { nextBefore }) };
  }

  /** One, with what became of what it asked for. */
  async detection({
    id,
    actor,
    showsPersons,
  }: DetectionRequest): Promise<
    Extract<DetectionAnswer, { kind: 'detection' | 'not_found' | 'unknown_tenant' }>
  > {
    const { log, audit, config, detections, nowMs, isRemoved } = this.#parts;
    const keys = await this.#openKeys();
    if (isRemoved()) return NO_SUCH_TENANT;
    const stored = detections.byId(id);
    if (!stored) return { kind: 'not_found' };
    const { seq, entry: event } = stored;
    const isInLog = log.read(seq)?.event.id === id;
    const lanes = isInLog ? explainLanes(this.#parts, { seq, event }, showsPersons) : undefined;
    if (showsPersons) audit.append('persons.shown', actor, { detectionId: id, count: 1 }, nowMs());
    return {
      kind: 'detection',
      detection: viewOf(stored, keys, showsPersons),
      responses: outcomesOf(event.detection, lanes, config().destinations),
      ...(lanes && { lanes }),
    };
  }

  /** Looks through a turn's worth of rows, newest first. */
  #look(
    { filter, before = Number.MAX_SAFE_INTEGER, limit, showsPersons }: DetectionsRequest,
    keys: PersonKeys,
    key: string | undefined,
  ): Looked {
    const { db } = this.#parts;
    const pageMax = Math.min(Math.max(1, limit), EVENTS_PER_PAGE_MAX);
    const newest = 'SELECT * FROM detections WHERE seq < ? ORDER BY seq DESC LIMIT ?';
    const { rows = 0, last = null } =
      db.first<{ rows: number; last: number | null }>(
        `SELECT COUNT(*) AS rows, MIN(seq) AS last FROM (${newest})`,
        before,
        ROWS_PER_TURN_MAX,
      ) ?? {};
    const rule = filter.rule === undefined ? undefined : findRule(this.#parts.rules(), filter.rule)?.id;
    const { sql, bindings } = conditionOf(rule === undefined ? filter : { ...filter, rule });
    const found: DetectionView[] = [];
    const passing = `SELECT seq, verdict, body FROM (${newest}) WHERE ${sql} ORDER BY seq DESC`;
    for (const row of db.each<Stored>(passing, before, ROWS_PER_TURN_MAX, ...bindings)) {
      const { seq, verdict } = row;
      const entry = detectionIn(row.body);
      if (!entry || (key !== undefined && !(entry.user && keys.isOf(key, entry.user)))) continue;
      found.push(viewOf({ seq, entry, verdict: verdict as Verdict | null }, keys, showsPersons));
      if (found.length >= pageMax) return { found, nextBefore: row.seq, rows };
    }
    return { found, ...(rows >= ROWS_PER_TURN_MAX && last !== null && { nextBefore: last }), rows };
  }

  async #openKeys(): Promise<PersonKeys> {
    return openPersonKeys(this.#parts.sealer, this.#parts.config());
  }
}

function viewOf(
  { seq, entry, verdict }: StoredDetection,
  keys: PersonKeys,
  showsPersons: boolean,
): DetectionView {
  const view = eventView({ seq, event: entry }, keys, showsPersons);
  const { detection = entry.detection } = view;
  return { ...view, detection, ...(verdict !== null && { verdict }) };
}

/** As SQL over the columns; a rule by its id, or, when the config has none of it any more, by the name that its detections have. */
function conditionOf({ rule, level, verdict, dryRun, sinceMs, untilMs }: DetectionFilter) {
  const parts: [sql: string, ...bindings: (string | number)[]][] = [];
  if (rule !== undefined)
    parts.push([
      "(rule = ? OR (json_valid(body) AND json_extract(body, '$.detection.ruleName') = ?))",
      rule,
      rule,
    ]);
  if (level !== undefined) parts.push(['level = ?', level]);
  if (verdict !== undefined) parts.push(verdict === 'none' ? ['verdict IS NULL'] : ['verdict = ?', verdict]);
  if (dryRun !== undefined) parts.push(['dry_run = ?', dryRun ? 1 : 0]);
  if (sinceMs !== undefined) parts.push(['at >= ?', sinceMs]);
  if (untilMs !== undefined) parts.push(['at < ?', untilMs]);
  return {
    sql: ['1', ...parts.map(([sql]) => sql)].join(' AND '),
    bindings: parts.flatMap(([, ...bindings]) => bindings),
  };
}

/** What was asked for, without the user: the audit names nobody. */
function detailOf({ filter, before }: DetectionsRequest): AuditDetail {
  const { sinceMs, untilMs, rule, ...rest } = filter;
  return {
    what: 'detections',
    ...rest,
    ...(rule !== undefined && { rule }),
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
    ...(before !== undefined && { before }),
  };
}
