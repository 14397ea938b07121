import type { SlackConfig } from '../../domain/tenant-config.ts';
import { outcomeOf } from '../outcome.ts';
import type { MessageProduct } from '../messages/product.ts';

export function slackProduct({ url }: SlackConfig): MessageProduct {
  return {
    request: async ({ title }) =>
      Promise.resolve({ method: 'POST', url, headers: {}, body: JSON.stringify({ text: title }) }),
    outcome: outcomeOf,
  };
}
