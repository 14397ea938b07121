/**
 * A request that acts on what is the customer's own: isolates a host, starts a workflow. It goes out only while the config holds that the
 * lane was opened with, and only once the audit has it. Both are looked at last, when its turn and its token are there.
 */

import type { AuditDetail } from '../../domain/audit.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import { NOT_SENT } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { SendRequest } from '../../lib/http.ts';
import { type Result, failure } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import { type ApiAnswer, type ApiCall, falconApi } from './api.ts';

export interface ActionSurroundings {
  readonly config: FalconConfig;
  readonly tenant: string;
  readonly io: DeliveryIo;
}

export class AuditedAction {
  readonly #around: ActionSurroundings;
  readonly #name: Parameters<DeliveryIo['audit']>[0];
  readonly #detail: AuditDetail;
  #isAsked = false;

  /** `facts` name nobody. */
  constructor(
    around: ActionSurroundings,
    name: Parameters<DeliveryIo['audit']>[0],
    { id, detection }: CanonicalEvent,
    facts: AuditDetail = {},
  ) {
    this.#around = around;
    this.#name = name;
    this.#detail = { detection: id, rule: detection?.ruleId ?? '', ...facts };
  }

  /** Asks for it, and notes that before. With a config that holds no more nothing is sent, and the outcome is `NOT_SENT`. */
  async ask(call: ApiCall): Promise<Result<ApiAnswer, ApiFailure>> {
    const { config, tenant, io } = this.#around;
    let isKeptBack = false;
    const send: SendRequest = async (request) => {
      // Else it is for the token.
      if (!request.url.endsWith(call.path)) return io.send(request);
      isKeptBack = !io.isCurrent();
      if (isKeptBack) return failure({ kind: 'network', detail: 'not sent' });
      if (!this.#isAsked) this.note('asked');
      this.#isAsked = true;
      return io.send(request);
    };
    const answer = await falconApi(config, tenant, { ...io, send }).request(call);
    return isKeptBack ? failure({ outcome: NOT_SENT, mayBeDone: false }) : answer;
  }

  /** What an answer told of what was asked for; nothing where nothing was. */
  settle(outcome: string): void {
    if (this.#isAsked) this.note(outcome);
  }

  note(outcome: string): void {
    this.#around.io.audit(this.#name, { ...this.#detail, outcome });
  }
}
