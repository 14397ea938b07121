/**
 * A request that acts on what is the customer's own: isolates a host, starts a workflow. It goes out only while the config holds that the
 * lane was opened with, and only once the audit has it. Both are looked at last, when its turn, its token and its connection are there.
 */

import type { AuditDetail } from '../../domain/audit.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import { type FailedOutcome, NOT_SENT } from '../../domain/outcome.ts';
import { type Result, failure } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';

/** A call of a product's API, as far as an action cares. */
interface SendableCall {
  /** Called right before the request leaves, after every wait. What it throws is thrown, and nothing is sent. */
  readonly onSend?: () => void;
}

export interface ActionSurroundings<Call extends SendableCall, Answer> {
  readonly io: Pick<DeliveryIo, 'isCurrent' | 'audit'>;
  readonly api: { request(call: Call): Promise<Result<Answer, ApiFailure>> };
}

/** Ends a request right before it leaves. */
class KeptBack extends Error {
  readonly outcome: FailedOutcome;

  constructor(outcome: FailedOutcome) {
    super('Cannot send as the action must still be wanted: it is not');
    this.outcome = outcome;
  }
}

export class AuditedAction<Call extends SendableCall, Answer> {
  readonly #around: ActionSurroundings<Call, Answer>;
  readonly #name: Parameters<DeliveryIo['audit']>[0];
  readonly #detail: AuditDetail;
  #isAsked = false;

  /** `facts` name nobody. */
  constructor(
    around: ActionSurroundings<Call, Answer>,
    name: Parameters<DeliveryIo['audit']>[0],
    { id, detection }: CanonicalEvent,
    facts: AuditDetail = {},
  ) {
    this.#around = around;
    this.#name = name;
    this.#detail = { detection: id, rule: detection?.ruleId ?? '', ...facts };
  }

  /**
   * Asks for it, and notes that before; `call.onSend` comes after the note. With a config that holds no more nothing is sent, and the
   * outcome is `NOT_SENT`; with a `refusal` of that moment likewise, and the outcome is that.
   */
  async ask(
    call: Call,
    refusal: () => FailedOutcome | undefined = () => undefined,
  ): Promise<Result<Answer, ApiFailure>> {
    const { api, io } = this.#around;
    const onSend = (): void => {
      const keptBack = io.isCurrent() ? refusal() : NOT_SENT;
      if (keptBack) throw new KeptBack(keptBack);
      if (!this.#isAsked) this.note('asked');
      this.#isAsked = true;
      call.onSend?.();
    };
    try {
      return await api.request({ ...call, onSend });
    } catch (error) {
      if (!(error instanceof KeptBack)) throw error;
      return failure({ outcome: error.outcome, mayBeDone: false });
    }
  }

  /** What an answer told of what was asked for; nothing where nothing was. */
  settle(outcome: string): void {
    if (this.#isAsked) this.note(outcome);
  }

  note(outcome: string): void {
    this.#around.io.audit(this.#name, { ...this.#detail, outcome });
  }
}
