/** What a tenant's object offers of the rights of persons beside erasure: export, legal holds, the report on retention. */

import type { RetentionAnswer } from '../domain/rights.ts';
import { HoldDesk, type HoldDeskParts } from './hold-desk.ts';
import { type RetentionReportParts, retentionLines } from './retention-report.ts';
import { SubjectExport, type SubjectExportParts } from './subject-export.ts';
import type { TenantRules } from './tenant-rules.ts';

export type RecordsParts = Omit<SubjectExportParts & HoldDeskParts & RetentionReportParts, 'rules'> & {
  readonly rules: TenantRules;
};

export interface Records {
  readonly exports: SubjectExport;
  readonly holds: HoldDesk;
  retention(): RetentionAnswer;
}

export function recordsOver({ rules, ...shared }: RecordsParts): Records {
  return {
    exports: new SubjectExport({ ...shared, rules: () => rules.current.rules }),
    holds: new HoldDesk(shared),
    retention: () => ({ kind: 'retention', lines: retentionLines({ ...shared, rules }, shared.nowMs()) }),
  };
}
