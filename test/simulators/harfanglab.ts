/**
 * A HarfangLab manager: the events endpoint that the Noxys guide documents (contract A), and the two calls of the real API that
 * prove a manager and a token (mode B). Refuses what the vendor refuses, records events in order of arrival.
 * Contract A is confirmed by no public HarfangLab source, so it can be left out.
 */

import { eventFieldErrors } from './harfanglab-event.ts';
import { SimulatorServer, type Exchange } from './http-server.ts';
import {
  isJsonObject,
  mediaType,
  parseJson,
  repeatedIds,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

/** Noxys guide for HarfangLab, step 3. */
const EVENTS_PATH = '/api/v1/events';
/** The vendor's own limit is not public; this is Django's default (DATA_UPLOAD_MAX_MEMORY_SIZE). */
const BODY_BYTES_MAX = 2_621_440;
/** The form in which Cortex XSOAR's integration (Hurukai.py) reads it. */
const VERSION = '2.29.7';

export interface HarfangLabOptions {
  /** The bare token, without `token_` and without `Token `. */
  readonly token: string;
  readonly eventsPath?: string;
  /** False: a manager without the /api/v1 endpoint, which has only the real API. Default true. */
  readonly hasEventsEndpoint?: boolean;
  /** How an unknown path is answered. Default `json`. */
  readonly notFoundAs?: 'json' | 'html';
  /** Default 201. */
  readonly acceptedStatus?: 201 | 202;
  readonly bodyBytesMax?: number;
  readonly port?: number;
  readonly nowMs?: () => number;
  readonly onExchange?: (exchange: Exchange) => void;
}

export interface HarfangLabEvent {
  readonly id: string;
  readonly receivedAtMs: number;
  /** The body as received. */
  readonly body: Readonly<Record<string, unknown>>;
}

export class HarfangLabSimulator extends SimulatorServer {
  readonly #options: HarfangLabOptions;
  readonly #eventsPath: string;
  readonly #events: HarfangLabEvent[] = [];
  readonly #keys = new Map<string, string>();
  #tokens: readonly string[];
  #hasLoginPage = false;

  constructor(options: HarfangLabOptions) {
    super({ ...options, bodyBytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX });
    this.#options = options;
    this.#tokens = [options.token];
    this.#eventsPath = options.eventsPath ?? EVENTS_PATH;
  }

  /** Every event recorded, repeated ones too. */
  get events(): readonly HarfangLabEvent[] {
    return this.#events;
  }

  /** The id of each arrival, repeated ones too. */
  idsInOrder(): string[] {
    return this.#events.map(({ id }) => id);
  }

  /** Events received more than once, as `{type} {id}`: one id may name a violation and an alert. */
  duplicates(): string[] {
    return repeatedIds(this.#events.map(({ id, body }) => `${String(body['type'])} ${id}`));
  }

  /** The manager takes this token from now on, and the earlier one no more, or for a while as well. */
  rotateToken(token: string, { isOldTaken = false } = {}): void {
    this.#tokens = isOldTaken ? [token, ...this.#tokens] : [token];
  }

  /** Puts a portal's login page in front of every path: 200 with HTML, nothing recorded. Source: certeu/droid harfanglab.py. */
  presentLoginPage(isShown = true): void {
    this.#hasLoginPage = isShown;
  }

  /** All public integrations send `Authorization: Token <raw key>`; docs.sekoia.io: without any `token_` prefix. */
  protected override authorizationIsRight(request: SimulatorRequest): boolean {
    const match = /^Token (\S+)$/i.exec(request.headers['authorization'] ?? '');
    return match?.[1] !== undefined && this.#tokens.includes(match[1]);
  }

  protected override answer(request: SimulatorRequest): SimulatorAnswer {
    if (this.#hasLoginPage) return loginPage();
    if (request.path === this.#eventsPath && this.#options.hasEventsEndpoint !== false) {
      return this.#takeEvent(request);
    }
    switch (request.path.replace(/\/$/, '')) {
      // Whether it rejects a bad token is unknown: it takes any. Source: Cortex XSOAR Hurukai.py.
      case '/api/version':
        return request.method === 'GET' ? { status: 200, body: { version: VERSION } } : notAllowed(request);
      // Source: SEKOIA-IO/automation-library HarfangLab/account_validator.py.
      case '/api/auth/users/me':
        if (!this.authorizationIsRight(request)) return unauthorized();
        return request.method === 'GET' ? { status: 200, body: { username: 'relay' } } : notAllowed(request);
      default:
        return this.#notFound();
    }
  }

  /** The order is Django REST's: who, then which method, then which media type, then what. */
  #takeEvent(request: SimulatorRequest): SimulatorAnswer {
    if (!this.authorizationIsRight(request)) return unauthorized();
    if (request.method !== 'POST') return notAllowed(request);
    if (mediaType(request) !== 'application/json') {
      const detail = `Unsupported media type "${mediaType(request)}" in request.`;
      return { status: 415, body: { detail } };
    }
    if (request.isTooLarge) return { status: 413, body: { detail: 'Request body exceeded the limit.' } };
    const parsed = parseJson(request.body.toString('utf8'));
    if (parsed === undefined) return { status: 400, body: { detail: 'JSON parse error' } };
    const errors = eventFieldErrors(parsed.value, request.headers['idempotency-key']);
    if (Object.keys(errors).length > 0 || !isJsonObject(parsed.value)) return { status: 400, body: errors };
    const id = String(parsed.value['id']);
    const identity = `${String(parsed.value['type'])} ${id}`;
    const key = request.headers['idempotency-key'] ?? '';
    // A key stands for one request for ever. Source: draft-ietf-httpapi-idempotency-key-header, section 2.6.
    if ((this.#keys.get(key) ?? identity) !== identity) {
      return { status: 422, body: { 'Idempotency-Key': ['This key was used for another event.'] } };
    }
    this.#keys.set(key, identity);
    this.#events.push({ id, receivedAtMs: this.nowMs(), body: parsed.value });
    return { status: this.#options.acceptedStatus ?? 201, body: { id, status: 'created' } };
  }

  #notFound(): SimulatorAnswer {
    if (this.#options.notFoundAs !== 'html') return { status: 404, body: { detail: 'Not found.' } };
    return { status: 404, body: '<!doctype html><title>Not Found</title>', contentType: 'text/html' };
  }
}

/** 401 `{"detail":"Invalid credentials"}`. Source: SEKOIA-IO/automation-library HarfangLab tests. */
function unauthorized(): SimulatorAnswer {
  return { status: 401, body: { detail: 'Invalid credentials' } };
}

function notAllowed(request: SimulatorRequest): SimulatorAnswer {
  return { status: 405, body: { detail: `Method "${request.method}" not allowed.` } };
}

function loginPage(): SimulatorAnswer {
  const body = '<!doctype html><title>Sign in</title><form method="post"><input name="username"></form>';
  return { status: 200, body, contentType: 'text/html; charset=utf-8' };
}
