/** What a fake object answers of a person's export, of legal holds and of retention; a test puts others in their place. */

import type {
  ExportAnswer,
  HoldView,
  HoldsAnswer,
  LiftHoldAnswer,
  PlaceHoldAnswer,
  RetentionAnswer,
} from '../../src/domain/rights.ts';

export interface RecordAnswers {
  export: ExportAnswer;
  holds: HoldsAnswer;
  placed: PlaceHoldAnswer;
  lifted: LiftHoldAnswer;
  retention: RetentionAnswer;
}

const AT = '2026-11-22T00:00:00.000Z';
const KEY = 'p_0123456789abcdefghijkl';

export const SHOWN_HOLD: HoldView = {
  id: 1,
  at: AT,
  keys: [KEY],
  by: 'bootstrap',
  reason: 'case 7',
  held: 3,
};

export function recordAnswers(): RecordAnswers {
  return {
    export: { kind: 'page', items: [{ kind: 'key', key: KEY }], next: 'sealed-place' },
    holds: { kind: 'holds', holds: [SHOWN_HOLD] },
    placed: { kind: 'placed', hold: SHOWN_HOLD },
    lifted: { kind: 'lifted', hold: SHOWN_HOLD },
    retention: {
      kind: 'retention',
      lines: [{ kind: 'events', days: 30, basis: 'retention.events', isOverdue: false, oldestAt: AT }],
    },
  };
}
