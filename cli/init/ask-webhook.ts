/** Asks for the webhook's secret and, where it is none of the usual kind, how it is read. */

import { decodeSecret } from '../../src/ingest/webhook-secrets.ts';
import type { Prompts } from '../io.ts';

/** The `webhook` of the document; without `secrets` when the person has none yet. */
export async function askWebhook(prompts: Prompts): Promise<Record<string, unknown>> {
  for (;;) {
    const secret = (
      await prompts.secret({
        message: 'The signing secret that Noxys shows for the webhook (empty: make one up for now)',
      })
    ).trim();
    if (secret === '') return {};
    if (decodeSecret(secret, 'base64').ok) return { secrets: [secret] };
    const reading = await prompts.select({
      message: 'It is not base64, as the secrets of Standard Webhooks are',
      options: [
        { value: 'again', label: 'Enter it again' },
        { value: 'text', label: 'It is a text', hint: 'secret_encoding: text' },
        { value: 'timestamped-hmac', label: 'Noxys signs with t=…,v1=…', hint: 'scheme: timestamped-hmac' },
        { value: 'hmac', label: 'Noxys signs the body alone', hint: 'scheme: hmac' },
      ],
    });
    if (reading === 'text') return { secrets: [secret], secret_encoding: reading };
    if (reading !== 'again') return { secrets: [secret], scheme: reading };
  }
}
