/** What is accepted of Slack, Teams and webhook destinations but worth a word to the person who saved them. Pure; quotes no secret. */

import { formatPath } from '../domain/config-faults.ts';
import type { MessageDestinationConfig, TenantConfig } from '../domain/tenant-config.ts';
import { decodeSecret, isShortSecret, SECRET_BYTES_ADVISED } from '../ingest/webhook-secrets.ts';
import { isKnownTeamsHost } from './check-message-url.ts';
import { KEPT_SECRET } from './kept-secret.ts';

export function messagesWarnings({ destinations, privacy, residency }: TenantConfig): string[] {
  return destinations.flatMap((destination, index) => {
    const path = formatPath(['destinations', index]);
    switch (destination.type) {
      case 'slack':
      case 'teams':
      case 'webhook':
        return [
          ...unknownTeamsHost(destination, path),
          ...unsigned(destination, path),
          ...shortSigningSecrets(destination, path),
          ...(residency === 'eu' ? personsTold(destination, path, privacy) : []),
        ];
      default:
        return [];
    }
  });
}

function unknownTeamsHost({ type, url }: MessageDestinationConfig, path: string): string[] {
  if (type !== 'teams' || url === KEPT_SECRET || isKnownTeamsHost(url)) return [];
  return [
    `${path}.url is at a host that the relay does not know Teams workflows to be at (logic.azure.com, environment.api.powerplatform.com): if it is no workflow of Teams, use type: webhook.`,
  ];
}

function unsigned(destination: MessageDestinationConfig, path: string): string[] {
  if (destination.type !== 'webhook') return [];
  if (destination.secrets !== undefined || Object.keys(destination.headers).length > 0) return [];
  return [
    `${path} has neither secrets nor headers: unless its address is a secret itself, whoever receives its messages can't tell who sent them.`,
  ];
}

function shortSigningSecrets(destination: MessageDestinationConfig, path: string): string[] {
  if (destination.type !== 'webhook') return [];
  return (destination.secrets ?? []).flatMap((secret, index) => {
    const key = secret === KEPT_SECRET ? undefined : decodeSecret(secret, 'base64');
    if (!key?.ok || !isShortSecret(key.value)) return [];
    return [
      `${path}.secrets[${index}] is shorter than ${SECRET_BYTES_ADVISED} bytes: it works, but a longer one is harder to guess.`,
    ];
  });
}

/** What is in a chat is beyond the relay's retention and erasure. */
function personsTold(
  destination: MessageDestinationConfig,
  path: string,
  tenant: TenantConfig['privacy'],
): string[] {
  const told = (['user_id', 'user_email'] as const).filter(
    (field) => tenant[field] === 'keep' && (destination.privacy[field] ?? 'keep') === 'keep',
  );
  if (told.length === 0) return [];
  const cure = told.map((field) => `${path}.privacy.${field}`).join(' and ');
  return [
    `${path} (${destination.type}) is told who the users are (${told.join(', ')}), and the tenant's residency is eu: messages stay there after the relay's retention and erasure have removed the events. Set ${cure} to pseudonymise, unless everybody who reads there may know.`,
  ];
}
