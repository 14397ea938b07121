/**
 * `POST /hooks/{tenant}`: a signed webhook becomes stored events, or is refused.
 * Nothing is parsed before its signature is verified, and nothing unverified reaches a tenant's object.
 * Every authentication failure, an unknown tenant included, gets the same bytes; the log alone knows the reason.
 * What the object can't take now waits in the overflow queue, sealed, where the tenant's residency allows it.
 */

import type { Context, Hono } from 'hono';

import { deduplicationMs } from '../domain/deduplication.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { SealedName } from '../domain/pseudonym-map.ts';
import type { AcceptAnswer, TenantRelayRpc } from '../domain/rpc.ts';
import { TENANT_ID_PATTERN } from '../domain/tenant-config.ts';
import type { UnavailableReason } from '../domain/unavailable.ts';
import { splitForwarded } from '../ingest/filter.ts';
import { minimise } from '../ingest/minimise.ts';
import type { RejectedElement } from '../ingest/parse.ts';
import { parseBody } from '../ingest/parse.ts';
import type { VerifiedRequest } from '../ingest/signature.ts';
import { verifySignature } from '../ingest/signature.ts';
import { withDeadline } from '../lib/deadline.ts';
import type { LogFields } from '../lib/log.ts';
import { causeFields } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import { failure, success, unreachable } from '../lib/result.ts';
import { mayOverflow, relayStub } from '../residency.ts';
import type { LoadedTenant } from '../tenants/ingest-cache.ts';
import { readBody } from './body.ts';
import type { AppEnv, AppOptions, Deployment } from './deployment.ts';
import { deploymentOf } from './deployment.ts';
import { sealNames } from './handed-names.ts';
import { setAside } from './overflow.ts';
import type { RequestFailure } from './request-failure.ts';
import { problemResponse } from './problem.ts';
import { WebhookLog } from './webhook-log.ts';
import { noteWebhook, shownType } from './webhook-notes.ts';

/** A hundred events of 2.5 KiB; Noxys' own are below 20 kB in all. */
const BODY_BYTES_MAX = 256 * 1024;
/** When the relay can't tell how long: soon, because the sender's next try may be minutes away. */
const RETRY_AFTER_SECONDS = 10;
const JSON_TYPE_PATTERN = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/;

/** Reasons for which events don't overflow. */
const STAYS_OUT: readonly UnavailableReason[] = ['space_exhausted', 'moving', 'moved'];

interface Received {
  readonly c: Context<AppEnv>;
  readonly deployment: Deployment;
  readonly options: AppOptions;
  readonly body: Uint8Array;
  readonly log: WebhookLog;
}

interface Accepted {
  readonly accepted: number;
  readonly duplicates: number;
  readonly filtered: number;
  readonly rejected: readonly RejectedElement[];
}

/** `POST /hooks/{tenant}`. */
export function mountHooks(app: Hono<AppEnv>, options: AppOptions): void {
  app.post('/hooks/:tenant', async (c) => {
    const log = new WebhookLog(c, options.nowMs);
    const answer = await receive(c, options, log);
    if (answer.ok) {
      log.accepted(answer.value);
      return c.json(answer.value, 202);
    }
    log.failed(answer.error);
    return problemResponse(answer.error, c.get('requestId'));
  });
}

async function receive(
  c: Context<AppEnv>,
  options: AppOptions,
  log: WebhookLog,
): Promise<Result<Accepted, RequestFailure>> {
  const unsupported = unsupportedOf(c.req.raw.headers);
  if (unsupported) return failure(unsupported);
  const body = await readBody(c.req.raw, BODY_BYTES_MAX);
  if (!body.ok) return body;
  const received = { c, options, deployment: deploymentOf(c.env, options.nowMs), body: body.value, log };
  const tenant = await loadTenant(received);
  if (!tenant.ok) return tenant;
  const verified = await verify(received, tenant.value);
  if (!verified.ok) return verified;
  return take(received, verified.value);
}

/** Before anything is read: what the body is said to be. A webhook without a content type is taken for JSON. */
function unsupportedOf(headers: Headers): RequestFailure | undefined {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding && encoding !== 'identity') return { kind: 'unsupported_encoding' };
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (!type || JSON_TYPE_PATTERN.test(type)) return undefined;
  return { kind: 'unsupported_media_type', accepted: 'application/json or application/*+json' };
}

async function loadTenant({
  c,
  deployment,
  log,
}: Received): Promise<Result<LoadedTenant | null, RequestFailure>> {
  const id = c.req.param('tenant') ?? '';
  if (!TENANT_ID_PATTERN.test(id)) return success(null);
  const loaded = await deployment.ingestConfigs.load(id);
  if (loaded.ok) return loaded;
  const { kind, ...facts } = loaded.error;
  return defer(log, { cause: kind, ...facts });
}

interface Verified {
  readonly tenant: LoadedTenant;
  readonly request: VerifiedRequest;
}

async function verify(
  { c, deployment, options, body, log }: Received,
  tenant: LoadedTenant | null,
): Promise<Result<Verified, RequestFailure>> {
  const { headers } = c.req.raw;
  const verifier = tenant?.verifier ?? (await deployment.unknownTenant());
  const verified = await verifySignature({ verifier, headers, body, nowMs: options.nowMs() });
  if (verified.ok && tenant) return success({ tenant, request: verified.value });
  const reason = verified.ok ? 'unknown_tenant' : verified.error.kind;
  const missing =
    !verified.ok && verified.error.kind === 'missing_header' ? verified.error.header : undefined;
  return refuse(log, { reason, missing });
}

function refuse(log: WebhookLog, facts: LogFields): Result<never, RequestFailure> {
  log.refused(facts);
  return failure({ kind: 'webhook_refused' });
}

async function take(
  received: Received,
  { tenant, request }: Verified,
): Promise<Result<Accepted, RequestFailure>> {
  const nowMs = received.options.nowMs();
  const parsed = parseBody(received.body, {
    tenant: tenant.tenant,
    receivedAtMs: nowMs,
    ...(request.timestampMs === undefined
      ? { oldestMs: nowMs - deduplicationMs(tenant.verifier.toleranceSeconds) }
      : { signedTimestampMs: request.timestampMs }),
    ...(request.webhookId === undefined ? {} : { webhookId: request.webhookId }),
  });
  if (!parsed.ok) {
    note(received, tenant, []);
    const { path, detail } = parsed.error;
    return failure({ kind: 'body_unusable', path, detail });
  }
  received.log.events = parsed.value.events;
  const { rejected } = parsed.value;
  const { forwarded, filtered } = splitForwarded(parsed.value.events, tenant.forward.events);
  if (forwarded.length === 0) {
    note(received, tenant, parsed.value.events);
    return success({ accepted: 0, duplicates: 0, filtered, rejected });
  }
  const events = forwarded.map((event) => minimise(event, tenant.privacy, tenant.pseudonymKey));
  const names =
    tenant.privacy.sealed_map === true
      ? await sealNames(received.deployment, tenant, forwarded, nowMs)
      : NO_NAMES;
  const stored = await store(received, tenant, { events, names });
  if (!stored.ok) return stored;
  return success({ ...stored.value, filtered, rejected });
}

/** Has the object learn of an authentic webhook that it does not get, after the answer. */
function note(
  { c, deployment, options }: Received,
  { tenant, residency }: LoadedTenant,
  events: readonly Pick<CanonicalEvent, 'type'>[],
): void {
  const atMs = options.nowMs();
  if (!deployment.webhookNotes.take(tenant, atMs)) return;
  const relayOf = () => {
    const stub = relayStub(c.env.TENANT_RELAY, deployment.settings, { tenant, residency });
    return stub.ok ? stub.value : undefined;
  };
  afterAnswer(c, noteWebhook(relayOf, { tenant, type: shownType(events), atMs }));
}

/** Lets work that never rejects go on when the answer is sent. */
function afterAnswer(c: Context<AppEnv>, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws where the request came without a context, which the platform always gives: the work runs on by itself.
  }
}

/** What the object gets. */
interface Sent {
  readonly events: readonly CanonicalEvent[];
  readonly names: readonly SealedName[];
}

const NO_NAMES: readonly SealedName[] = [];

type Stored = Pick<Accepted, 'accepted' | 'duplicates'>;

/** Durable when it succeeds. Never throws for what the object does. */
async function store(
  received: Received,
  tenant: LoadedTenant,
  sent: Sent,
): Promise<Result<Stored, RequestFailure>> {
  const { c, deployment, options, log } = received;
  const stub = relayStub(c.env.TENANT_RELAY, deployment.settings, tenant);
  if (!stub.ok) return defer(log, { cause: stub.error.kind });
  const relay = stub.value;
  const asked = await log.timeObject(async () => ask(relay, sent, options.acceptTimeoutMs));
  if (!asked.ok) return overflow(received, tenant, sent, asked.error);
  const { value: answer } = asked;
  if (answer.kind === 'accepted') deployment.handedNames.note(tenant, sent.names, options.nowMs());
  // A full object stays full: the queue would only hide it from the sender. What waits may not reach a tenant that moves.
  return answer.kind === 'unavailable' && !STAYS_OUT.includes(answer.reason)
    ? overflow(received, tenant, sent, { cause: answer.reason })
    : answerOf(log, answer);
}

async function ask(
  relay: TenantRelayRpc,
  { events, names }: Sent,
  timeoutMs: number,
): Promise<Result<AcceptAnswer, LogFields>> {
  const request = { v: 1, events, ...(names.length > 0 && { names }) } as const;
  try {
    const answer = await withDeadline(relay.accept(request), timeoutMs);
    return answer.ok ? answer : failure({ cause: answer.error.kind });
  } catch (error) {
    return failure(causeFields(error));
  }
}

/** Answers for the object: the events wait in the queue until it takes them. It counts the duplicates then. */
async function overflow(
  { c, deployment, options, log }: Received,
  { tenant, residency }: LoadedTenant,
  sent: Sent,
  why: LogFields,
): Promise<Result<Stored, RequestFailure>> {
  const { settings, sealer } = deployment;
  if (!mayOverflow(settings, residency)) return defer(log, { ...why, overflow: 'residency' });
  const { OVERFLOW: queue } = c.env;
  const { nowMs, overflowTimeoutMs: timeoutMs } = options;
  const aside = await setAside({ queue, sealer, tenant, nowMs: nowMs(), timeoutMs }, sent);
  if (!aside.ok) return defer(log, { ...why, overflow: aside.error });
  log.overflowed({ ...why, count: sent.events.length });
  return success({ accepted: sent.events.length, duplicates: 0 });
}

function answerOf(log: WebhookLog, answer: AcceptAnswer): Result<Stored, RequestFailure> {
  switch (answer.kind) {
    case 'accepted':
      return success({ accepted: answer.accepted, duplicates: answer.duplicates });
    case 'rate_limited':
      return failure({ kind: 'rate_limited', retryAfterSeconds: answer.retryAfterSeconds });
    case 'unknown_tenant':
      return refuse(log, { reason: 'unknown_to_object' });
    case 'unavailable':
      return defer(log, { cause: answer.reason });
    default:
      return unreachable(answer);
  }
}

const UNAVAILABLE = { kind: 'unavailable', retryAfterSeconds: RETRY_AFTER_SECONDS } as const;

function defer(log: WebhookLog, facts: LogFields): Result<never, RequestFailure> {
  log.deferred(facts);
  return failure(UNAVAILABLE);
}
