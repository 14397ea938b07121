/**
 * What operators ask of the stored events: a page of them, one with what every lane did with it, a user's key.
 * What names a person, or looks for one, is audited before the answer leaves.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type {
  EventFilter,
  EventPage,
  EventView,
  EventsRequest,
  ExplainRequest,
  UserKeyRequest,
} from '../domain/event-view.ts';
import { EVENTS_PER_PAGE_MAX } from '../domain/event-view.ts';
import { loggedIds } from '../domain/logged-ids.ts';
import type { AuditDetail } from '../domain/audit.ts';
import type { Explained, ExplainedEvent } from '../domain/explanation.ts';
import type { UserKeyAnswer } from '../domain/rpc.ts';
import type { Busy } from '../domain/unavailable.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { isControl } from '../domain/wanted.ts';
import { readId } from '../ingest/field-values.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Audit } from './audit.ts';
import { eventView } from './event-view.ts';
import { explainLanes } from './explain-lanes.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneStore } from './lane-store.ts';
import type { EventLog } from './log.ts';
import { type Direction, type ScanBudget, type Scanned, type Search, scanLog } from './log-scan.ts';
import { type PersonKeys, openPersonKeys } from './person-keys.ts';

/** Of one answer: each comes with every lane. */
const EXPLAINED_MAX = 20;
/** It was removed, or moved away, while its keys were opened: its tables are gone, or another's. */
const NO_SUCH_TENANT = { kind: 'unknown_tenant' } as const;

export interface EventQueryParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly config: () => SealedTenantConfig;
  readonly budget: ScanBudget;
  readonly nowMs: () => number;
  readonly isRemoved: () => boolean;
}

export class EventQueries {
  readonly #parts: EventQueryParts;

  constructor(parts: EventQueryParts) {
    this.#parts = parts;
  }

  /** One page. Everything after the keys are open is one turn of the object. */
  async events(
    request: EventsRequest,
  ): Promise<(EventPage & { readonly kind: 'events' }) | Busy | typeof NO_SUCH_TENANT> {
    const { db, log, audit, nowMs, isRemoved } = this.#parts;
    const { user, filter, after, before = Number.MAX_SAFE_INTEGER, showsPersons } = request;
    // A tail that has seen everything costs nothing.
    if (after !== undefined && after >= log.head && !user)
      return { kind: 'events', events: [], lastSeq: log.head };
    const keys = await this.#openKeys();
    if (isRemoved()) return NO_SUCH_TENANT;
    const key = user && ('key' in user ? user.key : keys.ofName(user));
    const direction: Direction = after === undefined ? { before, sinceMs: filter.sinceMs } : { after };
    const scanned = this.#scan(direction, boundedLimit(request.limit), {
      texts: textsOf(filter),
      pick: (entry) =>
        !isControl(entry.event) && passes(entry.event, filter) && isOfUser(entry.event, key, keys)
          ? eventView(entry, keys, showsPersons)
          : undefined,
    });
    if ('kind' in scanned) return scanned;
    const asked = { ...detailOf(request), ...(key !== undefined && { key }), count: scanned.found.length };
    db.transaction(() => {
      if (key !== undefined) audit.append('user.searched', request.actor, asked, nowMs());
      if (showsPersons && scanned.found.length > 0)
        audit.append('persons.shown', request.actor, asked, nowMs());
    });
    return { kind: 'events', ...pageOf(scanned, after !== undefined, log.head) };
  }

  /** The events of an id, each with what every lane did with it. */
  async explain(
    request: ExplainRequest,
  ): Promise<(Explained & { readonly kind: 'explained' }) | Busy | typeof NO_SUCH_TENANT> {
    const { audit, nowMs, isRemoved } = this.#parts;
    const { type, before = Number.MAX_SAFE_INTEGER, showsPersons, actor } = request;
    const id = readId(request.id).value ?? request.id;
    const keys = await this.#openKeys();
    if (isRemoved()) return NO_SUCH_TENANT;
    // Within the de-duplication period an id is there once per type.
    const limit = type === undefined ? EXPLAINED_MAX : 1;
    const scanned = this.#scan({ before }, limit, {
      texts: [id, type].flatMap((text) => (text === undefined ? [] : JSON.stringify(text))),
      pick: (entry) =>
        !isControl(entry.event) && entry.event.id === id && (type === undefined || entry.event.type === type)
          ? { entry, view: eventView(entry, keys, showsPersons) }
          : undefined,
    });
    if ('kind' in scanned) return scanned;
    const { lastSeq } = scanned;
    const events = scanned.found.map(({ entry, view }) => ({
      event: view,
      lanes: explainLanes(this.#parts, entry, showsPersons),
    }));
    if (showsPersons && events.length > 0) {
      audit.append('persons.shown', actor, detailOfShown(events), nowMs());
    }
    const isComplete = scanned.isComplete || (type !== undefined && events.length > 0);
    return {
      kind: 'explained',
      events,
      isComplete,
      ...(!isComplete && lastSeq !== null && { nextBefore: lastSeq }),
    };
  }

  #scan<T extends object>(direction: Direction, limit: number, search: Search<T>): Scanned<T> | Busy {
    const { db, log, budget } = this.#parts;
    return budget.turn(() => scanLog(db, log, direction, limit, search));
  }

  /** By which a user is known to those who may not see names. */
  async userKey({ user, actor }: UserKeyRequest): Promise<UserKeyAnswer> {
    const { audit, nowMs, isRemoved } = this.#parts;
    const key = (await this.#openKeys()).ofName(user);
    if (isRemoved()) return NO_SUCH_TENANT;
    audit.append('user.key_shown', actor, { key }, nowMs());
    return { kind: 'key', key };
  }

  async #openKeys(): Promise<PersonKeys> {
    return openPersonKeys(this.#parts.sealer, this.#parts.config());
  }
}

function pageOf(
  { found, lastSeq, isComplete }: Scanned<EventView>,
  isForward: boolean,
  head: number,
): EventPage {
  if (isForward) return { events: found, lastSeq: isComplete || lastSeq === null ? head : lastSeq };
  return {
    events: found,
    ...(!isComplete && lastSeq !== null && { nextBefore: lastSeq }),
    lastSeq: head,
  };
}

function boundedLimit(limit: number): number {
  return Math.min(Math.max(1, limit), EVENTS_PER_PAGE_MAX);
}

/** As the log writes the values that a filter wants. */
function textsOf({ type, platform, level, decision }: EventFilter): string[] {
  const values = [type, platform?.toLowerCase(), level, decision];
  return values.flatMap((value) => (value === undefined ? [] : JSON.stringify(value)));
}

function passes(event: CanonicalEvent, filter: EventFilter): boolean {
  const { type, platform, level, decision, sinceMs = -Infinity, untilMs = Infinity } = filter;
  const occurredAtMs = Date.parse(event.occurredAt);
  return (
    (type === undefined || event.type === type) &&
    (platform === undefined || event.platform?.id === platform.toLowerCase()) &&
    (level === undefined || event.severity === level) &&
    (decision === undefined || event.policy?.decision === decision) &&
    occurredAtMs >= sinceMs &&
    occurredAtMs < untilMs
  );
}

function isOfUser({ user }: CanonicalEvent, key: string | undefined, keys: PersonKeys): boolean {
  return key === undefined || (user !== undefined && keys.isOf(key, user));
}

/** The newest of them; its id, unless somebody may have chosen it: it could name a person. */
function detailOfShown(events: readonly ExplainedEvent[]): AuditDetail {
  const [event] = events.map((explained) => explained.event);
  const [eventId] = event ? loggedIds([event]) : [];
  return {
    ...(event && { seq: event.seq }),
    ...(eventId !== undefined && { eventId }),
    count: events.length,
  };
}

/** What was asked for, without the user: the audit names nobody. */
function detailOf({ filter, before, after }: EventsRequest): AuditDetail {
  const { sinceMs, untilMs, ...rest } = filter;
  return {
    ...rest,
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
}
