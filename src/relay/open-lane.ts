/**
 * Makes a lane ready to send: opens the destination's secrets, compiles its filters, binds the guarded HTTP function
 * to the hosts that the tenant's residency allows.
 */

import { atSharedRate, channelOf } from '../destinations/channels.ts';
import { compileWhere } from '../rules/where.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import { mapDestinationSecrets } from '../domain/config-secrets.ts';
import type { DestinationConfig, SealedTenantConfig } from '../domain/tenant-config.ts';
import { isTransfer, withTransferPrivacy } from '../domain/transfer.ts';
import { TAKES_EVENTS, isFromNoxys, isTaken } from '../domain/wanted.ts';
import { decodeBase64 } from '../lib/bytes.ts';
import { type HttpAnswer, type SendRequest, guardedHttp } from '../lib/http.ts';
import { type Result, failure, success } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import { echoRemover } from '../lib/secret-echoes.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import { reduceFurther, stricterPrivacy } from '../ingest/minimise.ts';
import { allowsHost, whyNotAllowed } from '../residency.ts';
import type { Settings } from '../settings.ts';
import { mappedHosts, userKeys } from './entry-records.ts';
import type { Filter } from './lane-history.ts';
import type { Opened } from './lane-parts.ts';
import { transferWords, withoutFreeText } from './without-free-text.ts';

export interface OpenLaneInput {
  readonly settings: Settings;
  readonly sealer: Sealer;
  readonly config: SealedTenantConfig;
  readonly destination: DestinationConfig;
  /** What the lane wants. */
  readonly filter: Filter;
  /** The channel's part of the lane's name. */
  readonly kind: string;
  readonly fetch: typeof fetch;
  readonly connections: Semaphore;
}

type Blocked = Extract<Outcome, { kind: 'blocked' }>;

/** The lane, or why nothing can be sent until an operator acts. */
export async function openLane(input: OpenLaneInput): Promise<Opened> {
  const { config, kind, filter, settings } = input;
  const destination = withTransferPrivacy(input.destination, config.residency);
  const opened = await openDestination({ ...input, destination });
  if (!opened.ok) return opened;
  const { readable, pseudonymKey, send } = opened.value;
  const { platforms, id: tenant, language, digest } = config;
  const { publicUrl } = settings;
  const transfer = isTransfer(destination, config.residency) ? transferWords(config.rules) : undefined;
  const context = {
    tenant,
    platforms,
    publicUrl,
    language,
    timeZone: digest.time_zone,
    ...(transfer && { transfer }),
  };
  // What the tenant reduces, no channel looks up elsewhere.
  const privacy = stricterPrivacy(config.privacy, destination.privacy);
  const channel = channelOf({ ...readable, privacy }, kind, context);
  if (!channel) return notConfigured(`the destination has no channel ${kind}`);
  return success({
    channel,
    wants: wantsOf(filter),
    reduce: (event) => {
      const reduced = reduceFurther(event, destination.privacy, config.privacy, pseudonymKey);
      return transfer ? withoutFreeText(reduced, transfer) : reduced;
    },
    mappedHost: mappedHosts(config, destination),
    userKey: userKeys(pseudonymKey, config.privacy),
    send,
  });
}

/** A destination whose secrets are open, and what may be sent to it with. */
export interface OpenDestination {
  readonly readable: DestinationConfig;
  readonly pseudonymKey: Uint8Array;
  readonly send: SendRequest;
}

/** Opens the secrets alone, whatever channels there are. */
export async function openDestination(
  input: Omit<OpenLaneInput, 'filter' | 'kind'>,
): Promise<Result<OpenDestination, Blocked>> {
  const { config, destination, sealer, settings } = input;
  const unopened: string[] = [];
  const secrets: string[] = [];
  const open = async (jwe: string, purpose: string, what: string): Promise<string> => {
    const opened = await sealer.open(jwe, { tenant: config.id, purpose });
    if (opened.ok) {
      secrets.push(opened.value);
      return opened.value;
    }
    unopened.push(`${what} (${opened.error.kind})`);
    return '';
  };
  const atRate = atSharedRate(destination, config.destinations);
  const readable = await mapDestinationSecrets(atRate, destination.name, (jwe, purpose, path) =>
    open(jwe, purpose, path),
  );
  const pseudonymKey = decodeBase64(await open(config.pseudonym_key, 'pseudonym', 'pseudonym_key'));
  if (unopened.length > 0 || !pseudonymKey)
    return notConfigured(`sealed values do not open: ${unopened.join(', ')}`);
  const http = guardedHttp({
    fetch: input.fetch,
    allows: allowsHost(settings, config.residency, destination),
    why: whyNotAllowed(settings, config.residency, destination),
    connections: input.connections,
  });
  return success({ readable, pseudonymKey, send: withoutEchoes(secrets, http) });
}

/**
 * Whether a lane wants an entry of the log: its channel takes it, and its destination's own filter, which is about Noxys' events alone,
 * lets it through. A filter that does not compile (a newer version wrote it) lets all through.
 */
export function wantsOf({
  events,
  where: selection,
  takes = TAKES_EVENTS,
}: Filter): (event: CanonicalEvent) => boolean {
  const types = events && new Set(events);
  const where = selection && compileWhere(selection);
  return (event) =>
    isTaken(takes, event) &&
    (!isFromNoxys(event) || ((!types || types.has(event.type)) && (!where?.ok || where.value(event))));
}

/** A destination may quote the token that it was sent: it must not get from an answer into a dead letter. */
function withoutEchoes(secrets: readonly string[], send: SendRequest): SendRequest {
  const withoutSecrets = echoRemover(secrets);
  return async (request) => {
    const answer = await send(request);
    // Nothing is kept of the usual answer.
    if (!answer.ok || isSuccess(answer.value)) return answer;
    return success({ ...answer.value, body: withoutSecrets(answer.value.body) });
  };
}

function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

function notConfigured(detail: string): Result<never, Blocked> {
  return failure({ kind: 'blocked', reason: 'not_configured', detail });
}
