/**
 * Teams: an Adaptive Card through a workflow that starts "when a Teams webhook request is received". The connectors of Office 365, which
 * did this before, are retired. A workflow knows no idempotency: a card whose answer was not seen is posted again.
 * Source: learn.microsoft.com "Create incoming webhooks with Workflows for Microsoft Teams", connectors/teams "Microsoft Teams Webhook",
 * read 2026-11. Never tried on a live Teams.
 */

import type { TeamsConfig } from '../../domain/tenant-config.ts';
import { withoutEchoes } from '../answer-echoes.ts';
import type { MessageProduct } from '../messages/product.ts';
import { USER_AGENT } from '../user-agent.ts';
import { teamsMessage } from './card.ts';
import { teamsOutcome } from './outcome.ts';

/** The product of a destination whose address is open. */
export function teamsProduct({ url }: TeamsConfig): MessageProduct {
  const quiet = withoutEchoes([url]);
  return {
    request: async (message, { attemptId }) =>
      Promise.resolve({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', 'user-agent': USER_AGENT, 'x-attempt-id': attemptId },
        body: JSON.stringify(teamsMessage(message)),
      }),
    outcome: (result, nowMs) => teamsOutcome(quiet(result), nowMs),
  };
}
