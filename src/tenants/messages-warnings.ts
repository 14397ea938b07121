/** What is accepted of Slack, Teams and webhook destinations but worth a word to the person who saved them. Pure; quotes no secret. */

import { channelPlans } from '../destinations/channels.ts';
import { formatPath } from '../domain/config-faults.ts';
import type { MessageDestinationConfig, TenantConfig } from '../domain/tenant-config.ts';
import { isTransfer } from '../domain/transfer.ts';
import { decodeSecret, isShortSecret, SECRET_BYTES_ADVISED } from '../ingest/webhook-secrets.ts';
import { isKnownTeamsHost } from './check-message-url.ts';
import { KEPT_SECRET } from './kept-secret.ts';

/** A week, the one before it, and the hours of the day at which they end. */
const WEEKLY_DAYS = 15;

export function messagesWarnings(config: TenantConfig): string[] {
  const { destinations, privacy, residency } = config;
  const ofDestinations = destinations.flatMap((destination, index) => {
    const path = formatPath(['destinations', index]);
    switch (destination.type) {
      case 'slack':
      case 'teams':
      case 'webhook':
        return [
          ...unknownTeamsHost(destination, path),
          ...unsigned(destination, path),
          ...shortSigningSecrets(destination, path),
          ...(residency === 'eu' && !isTransfer(destination, residency)
            ? personsTold(destination, path, privacy)
            : []),
        ];
      default:
        return [];
    }
  });
  return [...ofDestinations, ...weeklyWithoutCounts(config)];
}

/** Digests are made of the hourly counts. */
function weeklyWithoutCounts({ destinations, digest, retention }: TenantConfig): string[] {
  const { rollups: days } = retention;
  const isMade = destinations.some((destination) => destination.enabled && takesDigests(destination));
  if (!isMade || digest.weekly === 'off' || days >= WEEKLY_DAYS) return [];
  return [
    `retention.rollups keeps hourly counts for ${days === 1 ? '1 day' : `${days} days`}, and the weekly digest counts those of a week and of the one before it: what is older is missing there. Set retention.rollups to ${WEEKLY_DAYS} or more, or digest.weekly to off.`,
  ];
}

function takesDigests(destination: TenantConfig['destinations'][number]): boolean {
  return channelPlans(destination).some(({ takes }) => takes.digests);
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
