/**
 * Contract A of a HarfangLab manager: the events, incidents and alerts endpoints that the Noxys guide documents and no public
 * source confirms. Each can be left out. Records what it took in order of arrival; the contract has no read and no update.
 */

import { notAllowed, refusal, unauthorized, forbidden } from './harfanglab-answers.ts';
import { PERMISSIONS, type Permission } from './harfanglab-api.ts';
import { eventFieldErrors, incidentFieldErrors, type FieldErrors } from './harfanglab-event.ts';
import {
  isJsonObject,
  mediaType,
  parseJson,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

export interface GuideOptions {
  /** Default `/api/v1/events`, the guide's step 3. */
  readonly eventsPath?: string;
  /** Default `/api/v1/incidents`. */
  readonly incidentsPath?: string;
  /** Default `/api/v1/alerts`. */
  readonly alertsPath?: string;
  /** False: a manager without it, which answers 404 there. Default true. */
  readonly hasEventsEndpoint?: boolean;
  /** Default: as `hasEventsEndpoint`. */
  readonly hasIncidentsEndpoint?: boolean;
  /** Default: as `hasEventsEndpoint`. */
  readonly hasAlertsEndpoint?: boolean;
  /** Default 201. */
  readonly acceptedStatus?: 201 | 202;
  /**
   * Of incidents and alerts. True, the default: an `Idempotency-Key` is required, and a repeated one makes no second record and
   * answers what the first got. False: the header is ignored, every POST makes another. Events are recorded at every arrival either way.
   */
  readonly honoursIdempotencyKey?: boolean;
}

/** What was taken, as received. */
export interface HarfangLabEvent {
  readonly id: string;
  readonly receivedAtMs: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An incident or an alert. */
export interface HarfangLabIncident extends HarfangLabEvent {
  /** The `Idempotency-Key`, when one was sent. */
  readonly key?: string;
}

interface Gate {
  readonly isAuthorized: (request: SimulatorRequest) => boolean;
  readonly isPermitted: (permission: Permission) => boolean;
}

type Body = Readonly<Record<string, unknown>>;

interface Arrival {
  readonly key: string | undefined;
  readonly nowMs: number;
}

export class GuideEndpoints {
  readonly events: HarfangLabEvent[] = [];
  readonly incidents: HarfangLabIncident[] = [];
  readonly alerts: HarfangLabIncident[] = [];
  readonly #options: GuideOptions;
  readonly #gate: Gate;
  /** What each key of an event stands for. */
  readonly #eventKeys = new Map<string, string>();
  /** What each key of an incident or an alert stands for, and what it was answered. */
  readonly #answers = new Map<string, { readonly id: string; readonly answer: SimulatorAnswer }>();

  constructor(options: GuideOptions, gate: Gate) {
    this.#options = options;
    this.#gate = gate;
  }

  /** Undefined when the path is none of these endpoints. */
  answer(request: SimulatorRequest, nowMs: number): SimulatorAnswer | undefined {
    const arrival = { key: request.headers['idempotency-key'], nowMs };
    switch (this.#endpointOf(request.path)) {
      case 'events':
        return this.#take(request, PERMISSIONS.eventsWrite, eventFieldErrors, (body) =>
          this.#takeEvent(body, arrival),
        );
      case 'incidents':
        return this.#take(request, PERMISSIONS.incidentsWrite, this.#incidentErrors, (body) =>
          this.#takeIncident(this.incidents, 'incident', body, arrival),
        );
      case 'alerts':
        return this.#take(request, PERMISSIONS.alertsWrite, this.#incidentErrors, (body) =>
          this.#takeIncident(this.alerts, 'alert', body, arrival),
        );
      default:
        return undefined;
    }
  }

  #endpointOf(path: string): 'events' | 'incidents' | 'alerts' | undefined {
    const { hasEventsEndpoint: hasEvents = true, eventsPath = '/api/v1/events' } = this.#options;
    const { hasIncidentsEndpoint = hasEvents, incidentsPath = '/api/v1/incidents' } = this.#options;
    const { hasAlertsEndpoint = hasEvents, alertsPath = '/api/v1/alerts' } = this.#options;
    if (hasEvents && path === eventsPath) return 'events';
    if (hasIncidentsEndpoint && path === incidentsPath) return 'incidents';
    return hasAlertsEndpoint && path === alertsPath ? 'alerts' : undefined;
  }

  get #isKeyHonoured(): boolean {
    return this.#options.honoursIdempotencyKey ?? true;
  }

  readonly #incidentErrors = (body: unknown, key: string | undefined): FieldErrors =>
    incidentFieldErrors(body, key, this.#isKeyHonoured);

  /** The order is Django REST's: who, then which method, then which permission, then which media type, then what. */
  #take(
    request: SimulatorRequest,
    permission: Permission,
    errorsOf: (body: unknown, key: string | undefined) => FieldErrors,
    record: (body: Body) => SimulatorAnswer,
  ): SimulatorAnswer {
    if (!this.#gate.isAuthorized(request)) return unauthorized();
    if (request.method !== 'POST') return notAllowed(request.method);
    if (!this.#gate.isPermitted(permission)) return forbidden();
    if (mediaType(request) !== 'application/json') {
      return refusal(415, `Unsupported media type "${mediaType(request)}" in request.`);
    }
    if (request.isTooLarge) return refusal(413, 'Request body exceeded the limit.');
    const parsed = parseJson(request.body.toString('utf8'));
    if (parsed === undefined) return refusal(400, 'JSON parse error');
    const errors = errorsOf(parsed.value, request.headers['idempotency-key']);
    if (Object.keys(errors).length > 0 || !isJsonObject(parsed.value)) return { status: 400, body: errors };
    return record(parsed.value);
  }

  #takeEvent(body: Body, { key = '', nowMs }: Arrival): SimulatorAnswer {
    const id = String(body['id']);
    const identity = `${String(body['type'])} ${id}`;
    if ((this.#eventKeys.get(key) ?? identity) !== identity) return keyOfAnother('event');
    this.#eventKeys.set(key, identity);
    this.events.push({ id, receivedAtMs: nowMs, body });
    return this.#created(id);
  }

  #takeIncident(
    records: HarfangLabIncident[],
    noun: 'incident' | 'alert',
    body: Body,
    { key, nowMs }: Arrival,
  ): SimulatorAnswer {
    const id = String(body['id']);
    const slot = `${noun} ${key ?? ''}`;
    const earlier = this.#isKeyHonoured ? this.#answers.get(slot) : undefined;
    if (earlier !== undefined) return earlier.id === id ? earlier.answer : keyOfAnother(noun);
    records.push({ id, receivedAtMs: nowMs, body, ...(key === undefined ? {} : { key }) });
    const answer = this.#created(id);
    this.#answers.set(slot, { id, answer });
    return answer;
  }

  #created(id: string): SimulatorAnswer {
    return { status: this.#options.acceptedStatus ?? 201, body: { id, status: 'created' } };
  }
}

/** A key stands for one request for ever. Source: draft-ietf-httpapi-idempotency-key-header, section 2.6. */
function keyOfAnother(noun: string): SimulatorAnswer {
  return { status: 422, body: { 'Idempotency-Key': [`This key was used for another ${noun}.`] } };
}
