/**
 * What analysts find detections to be: the row, the counts of the rule, the audit and the entry that tells the lanes, all at once.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { JudgeRequest } from '../domain/rule-views.ts';
import type { JudgeAnswer } from '../domain/rules-rpc.ts';
import { DETECTION_JUDGED_TYPE } from '../domain/verdict.ts';
import type { Database } from '../lib/database.ts';
import type { Audit } from './audit.ts';
import type { DetectionStore, StoredDetection } from './detection-store.ts';
import type { EventLog } from './log.ts';
import type { OwnEntries } from './own-entries.ts';
import { moveVerdict } from './rule-stats.ts';

export interface VerdictsParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly detections: DetectionStore;
  readonly audit: Audit;
  readonly entries: Pick<OwnEntries, 'isWanted' | 'append'>;
  readonly nowMs: () => number;
}

type Judged = Exclude<JudgeAnswer, { readonly kind: 'unknown_tenant' | 'unavailable' }>;

export class Verdicts {
  readonly #parts: VerdictsParts;

  constructor(parts: VerdictsParts) {
    this.#parts = parts;
  }

  judge(request: Pick<JudgeRequest, 'id' | 'verdict' | 'actor'>): Judged {
    const { db, detections, entries, nowMs } = this.#parts;
    const found = detections.byId(request.id);
    if (!found) return { kind: 'not_found' };
    if (found.verdict === request.verdict) return { kind: 'judged', isNew: false };
    const entry = this.#entryOf(found, request);
    const write = (): void => this.#write(found, request);
    const isTold = !found.entry.detection.dryRun && entries.isWanted(entry);
    if (isTold) entries.append(entry, write, nowMs());
    else db.transaction(write);
    return { kind: 'judged', isNew: true };
  }

  #write({ seq, entry, verdict: before }: StoredDetection, { id, verdict, actor }: Judgement): void {
    const { db, detections, audit, nowMs } = this.#parts;
    const { ruleId, ruleName } = entry.detection;
    detections.judge(seq, verdict);
    moveVerdict(db, ruleId, before, verdict);
    audit.append('detection.judged', actor, { id, rule: ruleName, verdict }, nowMs());
  }

  /**
   * Of now, so that it is not too old for a channel. The place in the log tells verdicts of one detection apart. A Worker that knows no
   * verdicts (rolled back) sees a detection in it, and of a dry run: that is done by nobody.
   */
  #entryOf({ entry }: StoredDetection, { id, verdict }: Judgement): CanonicalEvent {
    const at = new Date(this.#parts.nowMs()).toISOString();
    return {
      ...entry,
      id: `${id}-${verdict}-${this.#parts.log.head}`,
      type: DETECTION_JUDGED_TYPE,
      occurredAt: at,
      receivedAt: at,
      detection: { ...entry.detection, dryRun: true },
      judged: { detectionId: id, verdict },
    };
  }
}

type Judgement = Pick<JudgeRequest, 'id' | 'verdict' | 'actor'>;
