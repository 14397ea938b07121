/**
 * Requests of the API that the Noxys guide documents: one POST for each thing, with a key that is the same in every attempt.
 * Never updates anything: the guide has no such call. Source: HarfangLab guide, steps 3 to 5, read 2026-11; no public code confirms it.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { Checked, DeliveryIo } from '../destination.ts';
import { isMarkup, outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';

/** By which an operator sets the path. */
export type GuideSetting = 'events_path' | 'incidents_path' | 'alerts_path';

/** Is there, and takes another method. */
const METHOD_NOT_ALLOWED = 405;

export interface GuidePost {
  readonly setting: GuideSetting;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface GuideAnswer {
  readonly outcome: Outcome;
  /** Undefined: none was seen. */
  readonly answer: HttpAnswer | undefined;
}

/** The event of a request that carries one. */
export function onlyOne(events: readonly CanonicalEvent[]): CanonicalEvent {
  const [event] = events;
  if (event && events.length === 1) return event;
  throw new Error(`Cannot deliver to HarfangLab as a request must carry one event: it has ${events.length}`);
}

/** Sends one thing. */
export async function postToGuide(
  config: HarfangLabConfig,
  io: DeliveryIo,
  { setting, key, body }: GuidePost,
): Promise<GuideAnswer> {
  const answered = await io.send({
    method: 'POST',
    url: `${config.base_url}${config[setting]}`,
    headers: {
      ...headersOf(config, io),
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
    timeoutMs: io.timeoutMs,
  });
  const outcome = outcomeOf(answered, io.nowMs());
  const answer = answered.ok ? answered.value : undefined;
  return { outcome: withCure(outcome, { config, setting, answer }), answer };
}

/** Whether the endpoint is there and takes the token, from a GET, which writes nothing: it is answered 405, or with something. */
export async function checkGuide(
  config: HarfangLabConfig,
  io: DeliveryIo,
  { setting, noun }: { readonly setting: GuideSetting; readonly noun: string },
): Promise<Checked> {
  const notes = [`The right to write ${noun} can't be tested without writing one.`];
  const answered = await io.send({
    method: 'GET',
    url: `${config.base_url}${config[setting]}`,
    headers: { ...headersOf(config, io), accept: 'application/json' },
    timeoutMs: io.timeoutMs,
  });
  const answer = answered.ok ? answered.value : undefined;
  if (answer?.status === METHOD_NOT_ALLOWED && !isMarkup(answer))
    return { outcome: { kind: 'delivered' }, notes };
  const outcome = withCure(outcomeOf(answered, io.nowMs()), { config, setting, answer });
  return { outcome, notes };
}

function headersOf({ token }: HarfangLabConfig, io: DeliveryIo): Record<string, string> {
  return { authorization: `Token ${token}`, 'user-agent': USER_AGENT, 'x-attempt-id': io.attemptId };
}

interface Asked {
  readonly config: HarfangLabConfig;
  readonly setting: GuideSetting;
  readonly answer: HttpAnswer | undefined;
}

/** What an operator can do about a path that is not there, in the detail. */
function withCure(outcome: Outcome, { config, setting, answer }: Asked): Outcome {
  if (outcome.kind !== 'blocked') return outcome;
  const path = config[setting];
  if (outcome.reason === 'no_such_endpoint') {
    const detail = `${outcome.detail}. This manager has no endpoint ${path} (no public source of HarfangLab confirms it): use mode: native, or set ${setting}`;
    return { ...outcome, detail };
  }
  const location = answer?.headers.get('location');
  const isSlashMissing = location && URL.parse(location, config.base_url)?.pathname === `${path}/`;
  if (outcome.reason !== 'redirected' || !isSlashMissing) return outcome;
  return { ...outcome, detail: `${outcome.detail}. It only adds a slash: set ${setting} to ${path}/` };
}
