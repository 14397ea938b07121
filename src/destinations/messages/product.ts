/** What Slack, Teams and webhooks each do with a message. Types only. */

import type { Outcome } from '../../domain/outcome.ts';
import type { HttpAnswer, HttpFailure, HttpRequest } from '../../lib/http.ts';
import type { Result } from '../../lib/result.ts';
import type { Message } from './message.ts';

export interface MessageProduct {
  /** The request that tells it. The secrets of the destination are open. */
  request(
    message: Message,
    around: { readonly nowMs: number; readonly attemptId: string },
  ): Promise<Omit<HttpRequest, 'timeoutMs'>>;
  /** What came of it, with the product's own words for what went wrong. */
  outcome(result: Result<HttpAnswer, HttpFailure>, nowMs: number): Outcome;
}
