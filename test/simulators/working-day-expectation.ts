/**
 * What is expected of each send of a working day, and the totals over a day. Types and a pure sum.
 */

import type { SendOptions } from './noxys.ts';
import type { Spelling } from './noxys-spellings.ts';

/** Why a send is refused as a whole. */
export type RefusalReason = 'unauthorized' | 'too_large' | 'unsupported_media_type' | 'malformed';

export interface SendExpectation {
  readonly expectedStatus: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly filtered: number;
  /** Elements of an accepted request that can't be used. */
  readonly rejected: number;
  /** Present when the whole request is refused; all counts are 0 then. */
  readonly refusal?: RefusalReason;
}

export type SendKind =
  | 'plain'
  | 'routine'
  | 'unknown_type'
  | 'test_event'
  | 'batch'
  | 'batch_with_unusable'
  | 'burst'
  | 'odd_risk_score'
  | 'redelivered'
  | 'redelivered_batch'
  | 'forged'
  | 'tampered_body'
  | 'truncated_body'
  | 'unsigned'
  | 'stale'
  | 'from_the_future'
  | 'wrong_tenant'
  | 'malformed_json'
  | 'nothing_usable'
  | 'oversized'
  | 'wrong_content_type';

export interface WorkingDaySend {
  readonly index: number;
  readonly kind: SendKind;
  /** The text to sign and send. */
  readonly body: string;
  /** For `NoxysSender.send`. */
  readonly options: SendOptions & { readonly webhookId: string };
  readonly expectation: SendExpectation;
  /** Sends of the same burst go out at once. */
  readonly burst?: string;
  readonly spellings: readonly Spelling[];
  readonly types: readonly string[];
  /** Accepted events whose id is in the body: these ids must arrive. Events without one get theirs from the webhook id. */
  readonly acceptedIds: readonly string[];
}

export interface DayTotals {
  readonly sends: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly filtered: number;
  readonly rejected: number;
  readonly byStatus: Readonly<Record<number, number>>;
  readonly refused: Readonly<Record<RefusalReason, number>>;
}

/** The sums over a day's expectations. */
export function expectedTotals(sends: readonly Pick<WorkingDaySend, 'expectation'>[]): DayTotals {
  const sum = { accepted: 0, duplicates: 0, filtered: 0, rejected: 0 };
  const byStatus: Record<number, number> = {};
  const refused: Record<RefusalReason, number> = {
    unauthorized: 0,
    too_large: 0,
    unsupported_media_type: 0,
    malformed: 0,
  };
  for (const { expectation } of sends) {
    sum.accepted += expectation.accepted;
    sum.duplicates += expectation.duplicates;
    sum.filtered += expectation.filtered;
    sum.rejected += expectation.rejected;
    byStatus[expectation.expectedStatus] = (byStatus[expectation.expectedStatus] ?? 0) + 1;
    if (expectation.refusal !== undefined) refused[expectation.refusal] += 1;
  }
  return { sends: sends.length, ...sum, byStatus, refused };
}

/** The day in steps: each step's sends go out at once, the next step after their answers. */
export function stepsOf(sends: readonly WorkingDaySend[]): WorkingDaySend[][] {
  const steps: WorkingDaySend[][] = [];
  for (const send of sends) {
    const last = steps.at(-1);
    if (send.burst !== undefined && last?.[0]?.burst === send.burst) last.push(send);
    else steps.push([send]);
  }
  return steps;
}
