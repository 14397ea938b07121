/** Asks for a destination that tells people: Slack, Teams, or any webhook. Its address is asked as the secret that it is. */

import { checkMessageUrl } from '../../src/tenants/check-message-url.ts';
import type { DestinationContext } from '../../src/tenants/destination-context.ts';
import { askEventsFrom, type EventsFrom } from './ask-events-from.ts';
import type { Prompts } from '../io.ts';
import { askSecret } from './ask-secret.ts';
import { newWebhookSecret } from './new-webhook-secret.ts';

export type MessageType = 'slack' | 'teams' | 'webhook';

/** The destination without its name and type. */
export interface MessageAnswers {
  readonly url: string;
  readonly secrets?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly messages?: EventsFrom;
}

const WHAT: Readonly<Record<MessageType, string>> = {
  slack: 'Address of the incoming webhook (https://hooks.slack.com/services/…)',
  teams: 'Address of the workflow (template "Send webhook alerts to a channel")',
  webhook: 'Address that messages are posted to',
};
/** The residency is the relay's to check, which knows its allow-list. */
const ANYWHERE: DestinationContext = {
  index: 0,
  residency: undefined,
  privacy: undefined,
  platforms: undefined,
  settings: { env: 'local', residency: 'global', egressAllow: [] },
};

/** `before`: what was answered, to be offered again. */
export async function askMessages(
  prompts: Prompts,
  type: MessageType,
  before: MessageAnswers | undefined,
): Promise<MessageAnswers> {
  const url = await askSecret(prompts, WHAT[type], before?.url, (value) => {
    const read = checkMessageUrl(value, { type }, ANYWHERE);
    return read.ok ? undefined : `It ${read.error.message}.`;
  });
  const proof = type === 'webhook' ? await askProof(prompts, before) : {};
  const messages = await askEventsFrom(prompts, {
    message: "Noxys' own events that are told at once, beside detections",
    // What `send-test-event` sends is high: the first try is to be seen.
    initial: before ? (before.messages?.events_at_or_above ?? 'none') : 'high',
  });
  return { url, ...proof, ...(messages && { messages }) };
}

/** How the receiver can tell who sent a message. */
async function askProof(
  prompts: Prompts,
  before: MessageAnswers | undefined,
): Promise<Pick<MessageAnswers, 'secrets' | 'headers'>> {
  const isSigned = await prompts.confirm({
    message: 'Sign the messages, as Standard Webhooks has it? The secret is made up and written to .env',
    initial: before === undefined || before.secrets !== undefined,
  });
  const authorization = before?.headers?.['Authorization'];
  const kept = authorization === undefined ? 'none' : 'the one you entered before';
  const entered = await prompts.secret({
    message: `Authorization header, such as Bearer … (empty: ${kept})`,
    validate: (value) =>
      /^[\x20-\x7e]*$/.test(value.trim()) ? undefined : 'It is one line of printable characters.',
  });
  const header = entered.trim() || authorization;
  return {
    ...(isSigned && { secrets: before?.secrets ?? [newWebhookSecret()] }),
    ...(header !== undefined && { headers: { Authorization: header } }),
  };
}
