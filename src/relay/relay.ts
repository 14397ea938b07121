/**
 * One tenant's relay once it is configured: log, lanes, roll-ups and upkeep wired together over the object's storage.
 * The object (tenant-object.ts) makes it when a config exists, and holds what must also work without one.
 * As long as a tenant's relay has parts: each is made once, here, and most of the rest is a line that hands on to one of them.
 */

import type { AuditAction, AuditDetail } from '../domain/audit.ts';
import type { Actor } from '../domain/principal.ts';
import type { ObjectHealth } from '../domain/object-health.ts';
import type { LaneRest, RedriveAnswer, RedriveRequest, StoredConfig } from '../domain/rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { Semaphore } from '../lib/semaphore.ts';
import { Activity } from './activity.ts';
import { announceIndicators, nextAnnouncementAtMs } from './announcements.ts';
import { ApiAccounts } from './api-accounts.ts';
import { Audit } from './audit.ts';
import { Detector } from './detector.ts';
import { endPauses } from './end-pauses.ts';
import { ErasureMarks } from './erasure-marks.ts';
import { ErasureStore } from './erasure-store.ts';
import { Erasures } from './erasures.ts';
import { keepLate } from './digests-kept.ts';
import { Findings } from './findings.ts';
import { LegalHolds } from './legal-holds.ts';
import { openPersonKeys } from './person-keys.ts';
import { type Records, recordsOver } from './records.ts';
import { RetentionNotes } from './retention-notes.ts';
import { objectHealth } from './health.ts';
import { HostActions } from './host-actions.ts';
import { Intake } from './intake.ts';
import { CONNECTIONS_MAX, LaneSet, PROBES_MAX } from './lane-set.ts';
import { laneRests } from './lane-rests.ts';
import { LastWebhook, newestOfNoxys } from './last-webhook.ts';
import { type LaneStore, laneStoreOver } from './lane-store.ts';
import type { Lane } from './lane.ts';
import type { LaneState } from './lane-state.ts';
import { EventLog } from './log.ts';
import { ScanBudget } from './log-scan.ts';
import type { Occurrence } from './notices.ts';
import { makeLane } from './make-lane.ts';
import { OwnEntries } from './own-entries.ts';
import { Reconfiguration } from './reconfiguration.ts';
import { PseudonymMap } from './pseudonym-map.ts';
import { PseudonymStore } from './pseudonym-store.ts';
import { type Queries, queriesOver } from './queries.ts';
import { redrive } from './redrive.ts';
import type { RelayParts } from './relay-parts.ts';
import { openRuleStores } from './rule-stores.ts';
import { API_USED_AT, readMeta, writeMeta } from './schema.ts';
import type { TenantRules } from './tenant-rules.ts';
import { Upkeep } from './upkeep.ts';
import { UserDays } from './user-days.ts';
import { Verdicts } from './verdicts.ts';
import { WATCH_MS, nextAlarmAtMs } from './watchdog.ts';

/** Who did what a rule asked for. */
const RELAY: Actor = { by: 'relay', requestId: '' };
/** A publication of the config that failed is tried again this soon. KV takes one write per second and key. */
const PUBLISH_RETRY_MS = 10_000;
/** A relay that was told to come to rest, and then to nothing more, goes on after this. */
const REST_MS = 60_000;

export class Relay {
  readonly #parts: RelayParts;
  /** For lanes. KV and the queue have one of their own, the platform's sixth: a destination that hangs can't hold them up. */
  readonly connections = new Semaphore(CONNECTIONS_MAX);
  readonly #probeSlots = new Semaphore(PROBES_MAX);
  readonly accounts: ApiAccounts;
  readonly #log: EventLog;
  readonly #laneStore: LaneStore;
  readonly #userDays: UserDays;
  readonly lanes: LaneSet;
  readonly activity: Activity;
  readonly findings: Findings;
  readonly audit: Audit;
  readonly queries: Queries;
  readonly records: Records;
  readonly #holds: LegalHolds;
  readonly #lastWebhook: LastWebhook;
  readonly #upkeep: Upkeep;
  readonly intake: Intake;
  readonly reconfiguration: Reconfiguration;
  readonly hostActions: HostActions;
  readonly rules: TenantRules;
  readonly verdicts: Verdicts;
  readonly erasures: Erasures;
  readonly pseudonymMap: PseudonymMap;
  /** The last config, once the tenant is removed. */
  #removed: StoredConfig | undefined;
  /** A lane's slice was used up, and no alarm has begun since. */
  #isSliceAsked = false;
  #restsUntilMs = 0;

  /** Reads everything from storage; throws when it can't. */
  constructor(parts: RelayParts) {
    const { db, io, sizes } = parts;
    this.#parts = parts;
    this.accounts = new ApiAccounts({
      tenant: this.#config.id,
      kv: parts.env.RELAY_KV,
      sealer: parts.sealer,
      io,
      outside: parts.outside,
      lastUse: {
        read: () => readMeta(db, API_USED_AT),
        write: (atMs) => {
          if (!this.#removed) writeMeta(db, API_USED_AT, atMs);
        },
      },
    });
    this.#log = new EventLog(db, sizes);
    this.#userDays = new UserDays({ db, log: this.#log, io, isRemoved: () => this.#removed !== undefined });
    this.#laneStore = laneStoreOver(db);
    this.lanes = new LaneSet(this.#laneStore, (name, state) => this.#makeLane(name, state));
    this.#log.load(this.lanes.load(this.#config));
    db.transaction(() => this.lanes.addMissing(this.#config, this.#log.head));
    this.activity = new Activity(db, this.#log, (tally) => keepLate(db, tally));
    this.activity.load(io.nowMs());
    const config = (): SealedTenantConfig => this.#config;
    const entries = new OwnEntries({ db, log: this.#log, alarm: parts.alarm, lanes: this.lanes, config });
    this.findings = new Findings({ db, tenant: () => this.#config.id, entries });
    this.findings.load();
    this.audit = new Audit(db);
    this.#lastWebhook = new LastWebhook(db);
    this.#lastWebhook.load(newestOfNoxys(this.#log));
    const notify = (occurrence: Occurrence): void => this.#notify(occurrence);
    const stores = openRuleStores({ db, config, notify });
    this.rules = stores.rules;
    this.#holds = new LegalHolds(
      db,
      () => this.#config.id,
      async () => openPersonKeys(parts.sealer, this.#config),
    );
    this.#holds.load();
    const notes = new RetentionNotes(db, this.audit);
    const shared = {
      ...parts,
      ...stores,
      accounts: this.accounts,
      connections: this.connections,
      log: this.#log,
      lanes: this.lanes,
      laneStore: this.#laneStore,
      activity: this.activity,
      audit: this.audit,
      holds: this.#holds,
      notes,
      lastWebhook: this.#lastWebhook,
      config,
      pseudonyms: new PseudonymStore(db, config),
      isRemoved: () => this.#removed !== undefined,
      notify,
    };
    const nowMs = (): number => io.nowMs();
    const budget = new ScanBudget(nowMs);
    this.queries = queriesOver({ ...shared, budget });
    this.records = recordsOver({ ...shared, budget, nowMs, periodMs: sizes.periodMs });
    const store = new ErasureStore(db);
    const marks = new ErasureMarks(store);
    marks.load();
    const detector = new Detector({ ...shared, tenant: () => this.#config.id });
    this.intake = new Intake({ ...shared, detector, marks, spaceBytesFull: sizes.spaceBytesFull });
    this.verdicts = new Verdicts({ ...shared, entries, nowMs: () => io.nowMs() });
    this.reconfiguration = new Reconfiguration({
      ...shared,
      intake: this.intake,
      beforeChange: () => this.#upkeep.makeDigests(io.nowMs()),
    });
    this.erasures = new Erasures({
      ...shared,
      store,
      marks,
      forget: () => this.#forgetPeople(),
      saveConfig: (saved, { state }) =>
        this.reconfiguration.configure({
          v: 1,
          config: saved,
          expectedVersion: this.#stored.version,
          actor: state.actor,
          changedPaths: ['device_map'],
        }),
      publish: () => void this.putToWork().catch(() => undefined),
    });
    this.pseudonymMap = new PseudonymMap({ ...shared, nowMs: () => io.nowMs() });
    this.hostActions = new HostActions(shared);
    this.#upkeep = new Upkeep({
      ...shared,
      findings: this.findings,
      entries,
      spaceBytesHigh: sizes.spaceBytesHigh,
    });
  }

  get laneStore(): LaneStore {
    return this.#laneStore;
  }

  get #stored(): StoredConfig {
    const stored = this.#removed ?? this.#parts.configs.current;
    if (!stored) throw new Error('Cannot run a relay as its tenant must have a config: it has none');
    return stored;
  }

  get #config(): SealedTenantConfig {
    return this.#stored.config;
  }

  health(jurisdiction: string | undefined): ObjectHealth {
    const { db, configs, io } = this.#parts;
    return objectHealth(
      {
        db,
        configs,
        log: this.#log,
        lanes: this.lanes,
        laneStore: this.#laneStore,
        lastWebhook: this.#lastWebhook,
        rules: this.queries.rules.health(),
      },
      { jurisdiction, nowMs: io.nowMs() },
    );
  }

  /** Never throws: a notice that can't be written must not stop what it is about. */
  #notify(occurrence: Occurrence): void {
    const { io, alarm } = this.#parts;
    if (this.#removed) return;
    try {
      this.findings.tell(occurrence, io.nowMs());
      const dueAtMs = this.findings.dueAtMs;
      if (dueAtMs !== null) void alarm.armBy(dueAtMs).catch(() => undefined);
    } catch (error) {
      const { kind, lane } = occurrence;
      logEvent('error', 'notice.failed', { tenant: this.#config.id, kind, lane, ...causeFields(error) });
    }
  }

  /** Of a tenant that is gone there is no audit any more. */
  #noteDone(action: AuditAction, detail: AuditDetail): void {
    if (!this.#removed) this.audit.append(action, RELAY, detail, this.#parts.io.nowMs());
  }

  /** Ends the pauses of all lanes, as a saved config does, and writes nothing where there is none. */
  async endPauses(actor: Actor | undefined): Promise<boolean> {
    const { db, io } = this.#parts;
    const nowMs = io.nowMs();
    if (endPauses({ db, lanes: this.lanes, store: this.#laneStore }, actor, nowMs))
      await this.#startLanes(nowMs);
    return this.#parts.publisher.publish();
  }

  /** What is in memory of anybody, beside what is stored. */
  #forgetPeople(): void {
    this.#userDays.forget();
    this.queries.backtests.forget();
    this.findings.load();
  }

  /** What each lane has not delivered, dead letters included. */
  rest(): LaneRest[] {
    return laneRests(this.lanes, this.#parts.io.nowMs());
  }

  /** The tenant is removed: nothing that is under way writes anything any more, and no lane starts again. */
  stop(): void {
    this.#removed = this.#stored;
    for (const lane of this.lanes.known) lane.stop();
  }

  /** No lane begins anything for a minute. Whether none is at anything any more. An erasure comes to its end first. */
  comeToRest(): boolean {
    if (this.erasures.isUnderWay) return false;
    const nowMs = this.#parts.io.nowMs();
    this.#restsUntilMs = nowMs + REST_MS;
    return !this.lanes.known.some((lane) => lane.isRunning(nowMs));
  }

  /** Writes what stands in memory alone: this relay is about to end, and another goes on with what is stored. */
  flush(): void {
    const nowMs = this.#parts.io.nowMs();
    this.activity.flushAll(nowMs);
    this.#log.storeSize();
    this.#lastWebhook.flush(nowMs);
    for (const lane of this.lanes.all) lane.writeRest(nowMs);
  }

  /** Meanwhile nothing may be taken either. */
  get isComingToRest(): boolean {
    const restMs = this.#restsUntilMs - this.#parts.io.nowMs();
    // Longer: the clock has gone back.
    return restMs > 0 && restMs <= REST_MS;
  }

  /** Sends dead letters again; their lanes start at once. */
  async redrive(request: RedriveRequest): Promise<RedriveAnswer> {
    const { db, io } = this.#parts;
    const parts = { db, lanes: this.lanes, store: this.#laneStore, audit: this.audit };
    const answer = redrive(parts, request, io.nowMs());
    if (answer.kind === 'redriven' && answer.count > 0) await this.#startLanes(io.nowMs());
    return answer;
  }

  async #startLanes(nowMs: number): Promise<void> {
    const armed = this.#parts.alarm.armBy(nowMs + WATCH_MS);
    this.lanes.startAll();
    await armed;
  }

  /** Puts the saved config to work; resolves to whether KV has it already. */
  async putToWork(): Promise<boolean> {
    const { db, io } = this.#parts;
    const nowMs = io.nowMs();
    announceIndicators({ db, log: this.#log }, this.#stored, nowMs);
    this.#upkeep.makeDigests(nowMs);
    await this.#startLanes(nowMs);
    await this.erasures.reseal();
    return this.#parts.publisher.publish();
  }

  /** What the alarm does: looks after everything, between two slices of a lane too, and starts what is due. */
  async watch(): Promise<void> {
    const { db, io } = this.#parts;
    const nowMs = io.nowMs();
    this.#isSliceAsked = false;
    await this.#holds.whileOpen(() => {
      if (!this.#removed) this.#upkeep.run(nowMs);
    });
    if (this.#removed) return;
    this.erasures.start();
    this.erasures.dropOld(nowMs);
    announceIndicators({ db, log: this.#log }, this.#stored, nowMs);
    this.lanes.startAll();
    await this.#parts.publisher.publish();
  }

  /** When the object must look after itself again; null when there is nothing to watch. */
  nextAlarmAtMs(): number | null {
    const { db, io, configs } = this.#parts;
    const nowMs = io.nowMs();
    for (const lane of this.lanes.all) lane.restore();
    return nextAlarmAtMs({
      nowMs,
      lanes: this.lanes.all.map((lane) => ({
        isEnabled: this.lanes.isEnabled(lane.name),
        undelivered: lane.undelivered,
        dueAtMs: lane.state.dueAtMs,
        followUpAtMs: lane.followUpSendableAtMs,
      })),
      tasksDueAtMs: [
        ...this.#upkeep.dueAtMs(nowMs),
        this.erasures.dueAtMs(nowMs),
        configs.isPublished ? null : nowMs + PUBLISH_RETRY_MS,
        nextAnnouncementAtMs(db, this.#stored, nowMs),
        this.#isSliceAsked ? nowMs : null,
      ],
    });
  }

  #makeLane(name: string, state: LaneState): Lane {
    const { io, alarm } = this.#parts;
    return makeLane(name, state, {
      ...this.#parts,
      accounts: this.accounts,
      log: this.#log,
      laneStore: this.#laneStore,
      lanes: this.lanes,
      userDays: this.#userDays,
      probeSlots: this.#probeSlots,
      connections: this.connections,
      config: () => this.#config,
      isHeld: () => this.isComingToRest || this.#upkeep.holds(name) || this.erasures.holdsLanes,
      isRemoved: () => this.#removed !== undefined,
      audit: (action, detail) => this.#noteDone(action, detail),
      notify: (occurrence) => this.#notify(occurrence),
      askForSlice: () => {
        this.#isSliceAsked = true;
        void alarm.armBy(io.nowMs()).catch(() => undefined);
      },
    });
  }
}
