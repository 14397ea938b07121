/** What the keys of Slack, Teams and webhook destinations mean, for the readers of the config's JSON Schema. Pure. */

/** Of all three. */
const SHARED: Readonly<Record<string, string>> = {
  actions: 'What the relay may do there: notify, which is also the default.',
  messages: 'What is told, and how much of it.',
  'messages.at_once_at_or_above':
    'Detections of this severity and above are told at once; those below are in the digests alone.',
  'messages.events_at_or_above':
    "Noxys' events of this severity and above are told, too. Absent: detections only.",
  'messages.notices': 'Whether it is told what the operator must know of the relay itself.',
  'messages.digests': "Whether it gets the tenant's daily and weekly digest.",
  'messages.quiet_minutes':
    'The same about the same user is told once in this time; the digest counts the others.',
  'messages.per_hour_max':
    'Messages about detections and events in an hour: above it one message says so, and the digest counts.',
};

/** Of Slack and Teams. */
const TRANSFER: Readonly<Record<string, string>> = {
  transfer_basis:
    "On what ground an EU tenant's messages leave the EU. Without it nothing is sent; with it no user, no device and no free text is.",
  'transfer_basis.mechanism': 'Of chapter V of the GDPR.',
  'transfer_basis.reference': 'Where that is written down, such as a contract and its annex.',
};

/** By path. */
export const MESSAGES_DESCRIPTIONS: Readonly<Record<string, string>> = {
  slack: 'A Slack channel, through an incoming webhook.',
  ...sharedBy('slack'),
  ...under('slack', TRANSFER),
  'slack.url':
    'Of an incoming webhook, https://hooks.slack.com/services/…; `<set>` keeps the stored one. Who knows it may post.',
  teams: 'A Teams channel or chat, through a workflow.',
  ...sharedBy('teams'),
  ...under('teams', TRANSFER),
  'teams.url':
    'Of a workflow made from the template "Send webhook alerts to a channel"; `<set>` keeps the stored one. Who knows it may post.',
  webhook: 'Any system that takes a JSON POST, such as a ticket system.',
  ...sharedBy('webhook'),
  'webhook.url': 'Where messages are posted; `<set>` keeps the stored one.',
  'webhook.country':
    "Where whatever receives processes data: ISO 3166-1, two capital letters, such as FR. An EU tenant's must be in the EU or the EEA.",
  'webhook.secrets':
    'Signing secrets of Standard Webhooks (whsec_ and base64), newest first: a message carries a signature by each. Absent: not signed.',
  'webhook.headers': 'Headers of your own, such as Authorization; `<set>` keeps a stored value.',
  'webhook.body':
    'The JSON that is sent instead of the whole message, its texts with {{fields}} of the message.',
};

function sharedBy(type: string): Readonly<Record<string, string>> {
  return under(type, SHARED);
}

function under(type: string, texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${type}.${key}`, text]));
}
