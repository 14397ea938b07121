/** What Slack, Teams and webhook destinations must fulfil beyond the schema: address, signing secrets, headers, body. Pure; quotes no secret. */

import { type TemplateFault, fieldsWithoutElse, templateFaults } from '../destinations/webhook/template.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type {
  PrivacyConfig,
  SlackConfig,
  TeamsConfig,
  WebhookDestinationConfig,
} from '../domain/tenant-config.ts';
import { decodeSecret } from '../ingest/webhook-secrets.ts';
import { declarationFaults } from './check-egress.ts';
import { checkMessageUrl, readableUrl } from './check-message-url.ts';
import { type CheckedDestination, type DestinationContext, pathIn } from './destination-context.ts';
import { reducedBy } from './check-device.ts';
import { KEPT_SECRET } from './kept-secret.ts';

/** What a header's value may be: printable ASCII with spaces inside. Source: RFC 9110 5.5. */
const HEADER_VALUE_PATTERN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** What the relay sets itself, or what belongs to the connection alone. Source: RFC 9110 7.6.1, and Cloudflare's own headers. */
const RESERVED_HEADERS =
  /^(?:host|content-.*|accept-encoding|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|proxy-.*|webhook-.*|idempotency-key|x-attempt-id|user-agent|cf-.*)$/i;

/** Slack's or Teams'. */
export function checkChat(
  destination: SlackConfig | TeamsConfig,
  context: DestinationContext,
): CheckedDestination {
  const url = checkMessageUrl(destination.url, destination, context);
  const undeclared = declarationFaults(readableUrl(url), destination, context);
  return url.ok
    ? { destination: { ...destination, url: url.value }, faults: undeclared }
    : { destination, faults: [url.error, ...undeclared] };
}

export function checkWebhookDestination(
  destination: WebhookDestinationConfig,
  context: DestinationContext,
): CheckedDestination {
  const { body } = destination;
  const url = checkMessageUrl(destination.url, destination, context);
  const secrets = destination.secrets?.map((secret) => secret.trim());
  const headers = Object.fromEntries(
    Object.entries(destination.headers).map(([name, value]) => [name, value.trim()]),
  );
  return {
    destination: {
      ...destination,
      url: url.ok ? url.value : destination.url,
      ...(secrets && { secrets }),
      headers,
    },
    faults: [
      ...(url.ok ? [] : [url.error]),
      ...declarationFaults(readableUrl(url), destination, context),
      ...(secrets ?? []).flatMap((secret, index) => signingFaults(secret, index, context)),
      ...headerFaults(headers, context),
      ...(body ? bodyFaults(body, destination, context) : []),
    ],
  };
}

function bodyFaults(
  body: Readonly<Record<string, unknown>>,
  destination: WebhookDestinationConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  const faults = templateFaults(body);
  const all = faults.length > 0 ? faults : droppedFaults(body, destination, context);
  return all.map(({ path, message }) => ({ path: pathIn(context, 'body', ...path), message }));
}

/** What people would wait for in vain: it is in no message. */
function droppedFaults(
  body: Readonly<Record<string, unknown>>,
  destination: WebhookDestinationConfig,
  context: DestinationContext,
): readonly TemplateFault[] {
  return fieldsWithoutElse(body).flatMap(({ path, name }) => {
    const reduced = reducedBy(SETTING_OF_FIELD[name], destination, context);
    if (reduced?.level !== 'drop') return [];
    const { setting } = reduced;
    const message = `names {{${name}}}, which would always be empty as ${setting} is drop: take it out, say after |else= what to write, or set ${setting} to pseudonymise or keep`;
    return [{ path, message }];
  });
}

const SETTING_OF_FIELD: Readonly<Record<string, keyof PrivacyConfig>> = {
  'user.id': 'user_id',
  'user.email': 'user_email',
  device: 'device',
  'device.id': 'device',
  'device.hostname': 'device',
  'event.url_host': 'url',
};

function signingFaults(secret: string, index: number, context: DestinationContext): ConfigFault[] {
  if (secret === KEPT_SECRET || decodeSecret(secret, 'base64').ok) return [];
  const message =
    'must be whsec_ and 24 random bytes or more in base64, as Standard Webhooks has it: make one with "openssl rand -base64 32" and whsec_ in front';
  return [{ path: pathIn(context, 'secrets', index), message }];
}

function headerFaults(
  headers: Readonly<Record<string, string>>,
  context: DestinationContext,
): readonly ConfigFault[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]): ConfigFault[] => {
    const path = pathIn(context, 'headers', name);
    const isDouble = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    const message = isDouble ? 'is there already, in another spelling: keep one' : headerFault(name, value);
    return message === undefined ? [] : [{ path, message }];
  });
}

function headerFault(name: string, value: string): string | undefined {
  if (RESERVED_HEADERS.test(name))
    return `can't be set: ${showKey(name.toLowerCase())} is of the connection, or the relay sets it itself`;
  if (HEADER_VALUE_PATTERN.test(value)) return undefined;
  return 'must be one line of printable characters: copy it again, without line breaks';
}
