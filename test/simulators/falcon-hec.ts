/**
 * Falcon Next-Gen SIEM's HEC ingest: the structured endpoint and the raw one. Checks authentication, media type, size and shape,
 * records each event with its id. A request is taken or refused as a whole.
 * Sources: developer.crowdstrike.com /ngsiem/data-ingestion/; falconpy _ngsiem/_hec.py; library.humio.com.
 */

import { falconError } from './falcon-answers.ts';
import { readEnvelopes, type HecEnvelope } from './hec-envelopes.ts';
import {
  isJsonObject,
  mediaType,
  repeatedIds,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

/** 32 MB before compression. Source: logscale-community-content NGS-FLC-BasicLinuxConfig.yaml, 2025-08; LogScale's default. */
export const HEC_BODY_BYTES_MAX = 33_554_432;
/** A larger event is truncated. Source: library.humio.com falcon-logscale-cloud/limits.html. */
const EVENT_BYTES_MAX = 1_048_576;

const STRUCTURED_TYPES = new Set(['application/json', 'text/plain']);
/** falconpy sends these as well, to the raw endpoint. */
const RAW_TYPES = new Set([...STRUCTURED_TYPES, 'text/csv', 'text/xml', 'application/x-yaml']);

export interface HecOptions {
  /** The connector's API key: not an OAuth token. */
  readonly hecKey: string;
  /** The key's repository, the only `index` that an envelope may name. Default `noxys`. */
  readonly repository?: string;
  /** For a well-formed bearer that is not the key; which of the two is not published. Default 401. */
  readonly wrongKeyStatus?: 401 | 403;
}

export interface HecEvent {
  readonly receivedAtMs: number;
  /** From `event.event.id` or `event.id`; absent when the event has neither. */
  readonly id?: string;
  readonly envelope: HecEnvelope;
  /** Over 1 MB: the vendor would have cut it. */
  readonly isTruncated: boolean;
  readonly endpoint: 'structured' | 'raw';
}

export interface HecBatch {
  readonly receivedAtMs: number;
  readonly bytes: number;
  /** The ids in the order of the body; events without one are left out. */
  readonly ids: readonly string[];
  readonly eventCount: number;
}

export class HecEndpoint {
  readonly #options: HecOptions;
  #keys: readonly string[];
  readonly events: HecEvent[] = [];
  readonly batches: HecBatch[] = [];

  constructor(options: HecOptions) {
    this.#options = options;
    this.#keys = [options.hecKey];
  }

  idsInOrder(): string[] {
    return this.events.flatMap(({ id }) => (id === undefined ? [] : [id]));
  }

  duplicates(): string[] {
    return repeatedIds(
      this.events.map(({ id, envelope }) => `${actionOf(envelope.event)} ${id ?? ''}`.trim()),
    );
  }

  /** The connector takes this key from now on, and the earlier one no more, or for a while as well. */
  rotateKey(key: string, { isOldTaken = false } = {}): void {
    this.#keys = isOldTaken ? [key, ...this.#keys] : [key];
  }

  /** `Authorization: Bearer {HEC key}`; not `Splunk`, not an OAuth token. */
  isAuthorized(request: SimulatorRequest): boolean {
    const key = bearer(request);
    return key !== undefined && this.#keys.includes(key);
  }

  collect(request: SimulatorRequest, endpoint: 'structured' | 'raw', nowMs: number): SimulatorAnswer {
    const key = bearer(request);
    if (!this.isAuthorized(request)) {
      const status = key === undefined ? 401 : (this.#options.wrongKeyStatus ?? 401);
      return refuse(status, 'access denied, invalid bearer token');
    }
    if (request.method !== 'POST') return refuse(405, 'method not allowed');
    const types = endpoint === 'raw' ? RAW_TYPES : STRUCTURED_TYPES;
    if (!types.has(mediaType(request))) return refuse(415, 'unsupported content type');
    if (request.isTooLarge || request.bytes > HEC_BODY_BYTES_MAX) return refuse(413, 'payload too large');
    const text = request.body.toString('utf8');
    const read =
      endpoint === 'raw' ? readLines(text) : readEnvelopes(text, this.#options.repository ?? 'noxys');
    if ('refusal' in read) return refuse(400, read.refusal);
    this.#record(read.envelopes, endpoint, request.bytes, nowMs);
    // The live body is not published; both known clients only parse it as JSON.
    return { status: 200, body: { text: 'Success', code: 0 } };
  }

  #record(
    envelopes: readonly HecEnvelope[],
    endpoint: HecEvent['endpoint'],
    bytes: number,
    nowMs: number,
  ): void {
    const received = envelopes.map((envelope): HecEvent => {
      const id = endpoint === 'raw' ? undefined : idOf(envelope.event);
      const isTruncated = eventBytes(envelope.event) > EVENT_BYTES_MAX;
      return { receivedAtMs: nowMs, ...(id === undefined ? {} : { id }), envelope, isTruncated, endpoint };
    });
    this.events.push(...received);
    const ids = received.flatMap(({ id }) => (id === undefined ? [] : [id]));
    this.batches.push({ receivedAtMs: nowMs, bytes, ids, eventCount: received.length });
  }
}

/** The raw endpoint takes each line as one event and looks into none. */
function readLines(text: string): { envelopes: HecEnvelope[] } | { refusal: string } {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? { refusal: 'no data' } : { envelopes: lines.map((event) => ({ event })) };
}

function idOf(event: HecEnvelope['event']): string | undefined {
  if (!isJsonObject(event)) return undefined;
  const nested = isJsonObject(event['event']) ? event['event']['id'] : undefined;
  return [nested, event['id']].find((id) => typeof id === 'string');
}

function eventBytes(event: HecEnvelope['event']): number {
  return Buffer.byteLength(typeof event === 'string' ? event : JSON.stringify(event));
}

function bearer(request: SimulatorRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
}

function refuse(status: number, message: string): SimulatorAnswer {
  return falconError(status, message, 'crowdstrike-third-party-gateway');
}

/** What tells two events of one id apart: ECS `event.action`. */
function actionOf(event: unknown): string {
  const inner = isJsonObject(event) && isJsonObject(event['event']) ? event['event']['action'] : undefined;
  return typeof inner === 'string' ? inner : '';
}
