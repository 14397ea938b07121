/**
 * All that is stored of a person, page by page (GDPR Articles 15 and 20). A page looks at so many rows and no more, on the budget that all
 * who look through a tenant's storage share. The first page is audited, with the person's keys. Writes nothing else.
 */

import type { ExportAnswer, ExportItem, ExportRequest } from '../domain/rights.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { encodeUtf8 } from '../lib/bytes.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Rule } from '../rules/rule.ts';
import type { Audit } from './audit.ts';
import { type At, ROWS_OF, STAGES, type Stage, type StageParts } from './export-stages.ts';
import { openNames } from './export-names.ts';
import type { EventLog } from './log.ts';
import { ROWS_PER_TURN_MAX, type ScanBudget } from './log-scan.ts';
import { openPersonKeys } from './person-keys.ts';
import { Person, keysOfSubject } from './person.ts';

/** Of one page. */
const ITEMS_MAX = 200;
const BYTES_MAX = 1_000_000;
/** What the place of a page is sealed for: it may hold what a rule groups by. */
const PURPOSE = 'export-place';

export interface SubjectExportParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly budget: ScanBudget;
  readonly config: () => SealedTenantConfig;
  readonly rules: () => readonly Rule[];
  readonly nowMs: () => number;
  readonly isRemoved: () => boolean;
}

/** Where a page ended, and of whom it was. */
interface Place {
  readonly stage: Stage;
  readonly at: At;
  readonly head: number;
  readonly keys: readonly string[];
}

interface Looked {
  readonly items: readonly ExportItem[];
  /** Absent: there is no more. */
  readonly next?: Pick<Place, 'stage' | 'at'>;
  readonly rows: number;
}

export class SubjectExport {
  readonly #parts: SubjectExportParts;

  constructor(parts: SubjectExportParts) {
    this.#parts = parts;
  }

  /** Everything after the keys are open is one turn of the object. */
  async page({ subject, cursor, actor }: ExportRequest): Promise<ExportAnswer> {
    const { db, log, audit, sealer, budget, config, rules, nowMs, isRemoved } = this.#parts;
    const binding = { tenant: config().id, purpose: PURPOSE };
    const opened = cursor === undefined ? undefined : await sealer.open(cursor, binding);
    if (opened && !opened.ok) return { kind: 'place_unknown' };
    const personKeys = await openPersonKeys(sealer, config());
    const keys = keysOfSubject(subject, personKeys);
    // They are on the first page.
    const names = await openNames(db, sealer, { tenant: config().id, keys: opened ? [] : keys });
    if (isRemoved()) return { kind: 'unknown_tenant' };
    const place = opened && (JSON.parse(opened.value) as Place);
    // Of another person: it would go on in the middle.
    if (place && place.keys.join() !== keys.join()) return { kind: 'place_unknown' };
    const head = place?.head ?? log.head;
    const person = new Person(keys, personKeys);
    const parts = { db, log, config: config(), rules: rules(), head, person, names };
    const looked = budget.turn(() => look(parts, place));
    if ('kind' in looked) return looked;
    if (!place) audit.append('user.exported', actor, { keys }, nowMs());
    const { items, next } = looked;
    if (!next) return { kind: 'page', items };
    return { kind: 'page', items, next: await sealer.seal(JSON.stringify({ ...next, head, keys }), binding) };
  }
}

/** A turn's worth of rows, from a place on. */
function look(parts: StageParts, place: Pick<Place, 'stage' | 'at'> | undefined): Looked {
  const items: ExportItem[] = [];
  let rows = 0;
  let bytes = 0;
  for (const stage of STAGES.slice(STAGES.indexOf(place?.stage ?? 'known'))) {
    let at = stage === place?.stage ? place.at : [];
    for (const row of ROWS_OF[stage](parts, at, ROWS_PER_TURN_MAX - rows)) {
      const size = encodeUtf8(JSON.stringify(row.items)).byteLength;
      if (items.length > 0 && bytes + size > BYTES_MAX) return { items, next: { stage, at }, rows };
      items.push(...row.items);
      bytes += size;
      at = row.at;
      rows++;
      if (items.length >= ITEMS_MAX || rows >= ROWS_PER_TURN_MAX) return { items, next: { stage, at }, rows };
    }
  }
  return { items, rows };
}
