/**
 * The Durable Object of one tenant: the façade that Worker, queue and alarm call.
 * An object without a config refuses everything and writes nothing, so a forged or unknown tenant leaves no trace.
 * The constructor never throws: what is wrong with the storage is a fault that is reported and tried again.
 * As long as its contract: one short method per call, and no logic of its own. Calls are methods of this one class, or workerd has no such call.
 */

import { DurableObject } from 'cloudflare:workers';

import type { ChannelMemory } from '../destinations/destination.ts';
import type { EventsRequest, ExplainRequest, UserKeyRequest } from '../domain/event-view.ts';
import type { EraseAnswer, ErasuresAnswer, SubjectRequest } from '../domain/rights.ts';
import type { Notice } from '../domain/notice.ts';
import type { AuditEntry } from '../domain/audit.ts';
import type { DeadLetterPage, DeadLetterView, LaneView } from '../domain/lane-view.ts';
import type { ObjectHealth } from '../domain/object-health.ts';
import type { ArriveAnswer, ArriveRequest, LeaveAnswer, LeaveRequest, MoveView } from '../domain/move.ts';
import type {
  AcceptAnswer,
  AcceptRequest,
  AcceptSealedAnswer,
  AcceptSealedRequest,
  ConfigureAnswer,
  ConfigureRequest,
  DrainAnswer,
  DrainRequest,
  EndPausesAnswer,
  EndPausesRequest,
  EventsAnswer,
  ExplainAnswer,
  MakeRoomAnswer,
  MakeRoomRequest,
  NoteWebhookRequest,
  PauseRequest,
  RedriveAnswer,
  RedriveRequest,
  RemoveAnswer,
  RemoveRequest,
  ResumeAnswer,
  ResumeRequest,
  StoredConfig,
  TenantRelayRpc,
  UserKeyAnswer,
  VersionConflict,
} from '../domain/rpc.ts';
import type {
  LiftContainmentAnswer,
  LiftContainmentRequest,
  TestDestinationAnswer,
  TestDestinationRequest,
} from '../domain/destination-requests.ts';
import type {
  ExportAnswer,
  ExportRequest,
  HoldsAnswer,
  LiftHoldAnswer,
  LiftHoldRequest,
  PlaceHoldAnswer,
  PlaceHoldRequest,
  RetentionAnswer,
} from '../domain/rights.ts';
import type {
  BacktestAnswer,
  DetectionAnswer,
  DetectionRequest,
  DetectionsAnswer,
  JudgeAnswer,
  RuleAnswer,
  RuleChangesAnswer,
  RulesAnswer,
  TestRulesAnswer,
  WindowsAnswer,
} from '../domain/rules-rpc.ts';
import type {
  BacktestRequest,
  DetectionsRequest,
  JudgeRequest,
  TestRulesRequest,
  WindowsRequest,
} from '../domain/rule-views.ts';
import type { ResealNamesAnswer, ResealNamesRequest, RevealAnswer, RevealRequest } from '../domain/rights.ts';
import type { UnavailableReason } from '../domain/unavailable.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { createSealer } from '../lib/seal.ts';
import { Semaphore } from '../lib/semaphore.ts';
import { type Env, settingsOf } from '../settings.ts';
import type { HourOfActivity } from './activity.ts';
import { Alarm } from './alarm.ts';
import { Audit } from './audit.ts';
import { channelMemory } from './channel-memory.ts';
import { ConfigStore } from './config-store.ts';
import { DestinationTests } from './destination-tests.ts';
import { Database } from '../lib/database.ts';
import { platformIo } from './io.ts';
import { writeFirstLanes } from './lane-set.ts';
import { laneStoreOver } from './lane-store.ts';
import { TIMEOUTS, type Timeouts } from './lane-parts.ts';
import { MoveStore } from './move-state.ts';
import { Moves } from './moves.ts';
import { Publisher } from './publisher.ts';
import { RELAY_SIZES, type RelaySizes } from './relay-parts.ts';
import { Relay } from './relay.ts';
import { Removal } from './removal.ts';
import { RULES_LAYER } from './rules-layer.ts';
import { CREATED_AT, isCreated, migrate, readMeta, writeMeta } from './schema.ts';
import { writeFirstRules } from './tenant-rules.ts';
import { Vacancy } from './vacancy.ts';
import { WATCH_MS } from './watchdog.ts';

const PAGE_ENTRIES_MAX = 500;

/** What is answered when no relay can do what is asked. */
type Refusal =
  { readonly kind: 'unknown_tenant' } | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

type Expected = Pick<ConfigureRequest, 'expectedVersion' | 'expectedCreatedAtMs'>;

export class TenantRelay extends DurableObject<Env> implements TenantRelayRpc {
  /** Time, chance, network: tests turn them. */
  readonly io = platformIo();
  sizes: RelaySizes = RELAY_SIZES;
  timeouts: Timeouts = TIMEOUTS;
  readonly #db: Database;
  readonly #alarm: Alarm;
  readonly #configs: ConfigStore;
  readonly #removal: Removal;
  readonly #vacancy: Vacancy;
  readonly #moves: Moves;
  /** These two outlive a tenant: what an earlier one has under way must not come after a later one's. */
  readonly #outside = new Semaphore(1);
  readonly #publisher: Publisher;
  /** Undefined: never configured, removed, or faulty. */
  #relay: Relay | undefined;
  #isFaulty = false;
  #tests: DestinationTests | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#db = new Database(ctx.storage);
    this.#alarm = new Alarm(this.#db);
    this.#configs = new ConfigStore(this.#db);
    this.#removal = new Removal(this.#db);
    this.#publisher = new Publisher({
      kv: () => this.env.RELAY_KV,
      configs: this.#configs,
      removal: this.#removal,
      connections: this.#outside,
      nowMs: () => this.io.nowMs(),
      askAgain: () => void this.#alarm.armBy(this.io.nowMs()).catch(() => undefined),
    });
    const store = new MoveStore(this.#db);
    this.#vacancy = new Vacancy({
      db: this.#db,
      alarm: this.#alarm,
      removal: this.#removal,
      publisher: this.#publisher,
      nowMs: () => this.io.nowMs(),
      isTaken: () => this.#relay !== undefined || this.#moves.isLeaving,
      moves: store,
    });
    this.#moves = this.#makeMoves(store);
    // Only storage is awaited here: nothing that may hang holds requests back.
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load().catch(() => undefined);
      this.load();
      if (this.#relay || this.#vacancy.isKeeping || this.#isFaulty)
        await this.#alarm.armBy(this.io.nowMs() + WATCH_MS).catch(() => undefined);
    });
  }

  /** Rows written since the object started: what the tenant costs. */
  get rowsWritten(): number {
    return this.#db.rowsWritten;
  }

  async accept(request: AcceptRequest): Promise<AcceptAnswer> {
    return this.#ask(request.v, 'accept.failed', async (relay) => relay.intake.accept(request));
  }

  async acceptSealed(request: AcceptSealedRequest): Promise<AcceptSealedAnswer> {
    if (this.#moves.isDeparted) return { kind: 'unavailable', reason: 'moved' };
    return this.#ask(request.v, 'accept.failed', async (relay) => relay.intake.acceptSealed(request));
  }

  /** Saves a config unless another writer was first. The first one creates the tables. */
  async configure(request: ConfigureRequest): Promise<ConfigureAnswer> {
    if (request.v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    const away = this.#moves.refusal;
    if (away) return { kind: 'unavailable', reason: away };
    const conflict = this.#conflict(request);
    if (conflict) return conflict;
    const refused = this.#relay ? undefined : this.#vacancy.refusal(request);
    if (refused) return refused;
    try {
      const cleared = this.#relay ? undefined : this.#vacancy.clear();
      if (this.#relay) this.#relay.reconfiguration.configure(request);
      else this.#relay = this.#create(request);
      const saved = this.#configs.current?.version ?? 0;
      const [isPublished] = await Promise.all([this.#relay.putToWork(), cleared]);
      return { kind: 'saved', version: saved, isPublished };
    } catch (error) {
      logEvent('error', 'config.saving_failed', { tenant: request.config.id, ...causeFields(error) });
      // A relay that runs goes on with the config that it has: the transaction left nothing behind.
      if (!this.#relay) this.load();
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  /** As a saved config does, where one changes nothing. */
  async endPauses(request: EndPausesRequest): Promise<EndPausesAnswer> {
    return this.#ask(request.v, 'pauses.ending_failed', async (relay) => {
      const conflict = this.#conflict(request);
      if (conflict) return conflict;
      return {
        kind: 'ended',
        version: request.expectedVersion,
        isPublished: await relay.endPauses(request.actor),
      };
    });
  }

  /** Forgets the tenant at once and for good; what that leaves behind goes step by step, from the alarm if need be. */
  async remove(request: RemoveRequest): Promise<RemoveAnswer> {
    return this.#ask(request.v, 'removal.failed', async (relay) => {
      const conflict = this.#conflict(request);
      if (conflict) return conflict;
      const held = relay.records.holds.ids;
      if (held.length > 0) return { kind: 'held', holds: held };
      const rest = relay.rest();
      if (rest.length > 0 && !request.discard) return { kind: 'undelivered', rest };
      const [tenant, nowMs] = [this.#tenant, this.io.nowMs()];
      this.#db.transaction(() => {
        this.#removal.begin(tenant, nowMs);
        this.#configs.forget();
      });
      const armed = this.#alarm.armBy(nowMs + WATCH_MS);
      relay.stop();
      this.#relay = undefined;
      this.#configs.load();
      this.#removal.load();
      await armed;
      await this.#vacancy.goOnRemoving().catch((error: unknown) => {
        logEvent('warn', 'removal.deferred', { tenant, ...causeFields(error) });
      });
      return { kind: 'removed', rest, isUnpublished: this.#removal.unpublished === null };
    });
  }

  /** Before a tenant of this object's id is made in another place. Writes nothing unless it is to hold a claim. */
  async makeRoom(request: MakeRoomRequest): Promise<MakeRoomAnswer> {
    if (request.v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    try {
      return await this.#vacancy.makeRoom(request);
    } catch (error) {
      logEvent('error', 'claim.failed', causeFields(error));
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  async moveState(): Promise<MoveView> {
    return this.#moves.view;
  }

  /** A step of the tenant's way from here to another place. */
  async leave(request: LeaveRequest): Promise<LeaveAnswer> {
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    return this.#step(request.v, 'move.failed', async () => this.#moves.leave(request));
  }

  /** A step of a tenant's way here. */
  async arrive(request: ArriveRequest): Promise<ArriveAnswer> {
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    return this.#step(request.v, 'arrival.failed', async () => this.#moves.arrive(request));
  }

  /** Null: there is no such tenant. Throws while the object can't load: that is no answer to the question. */
  async readConfig(): Promise<StoredConfig | null> {
    if (this.#isFaulty) throw new Error('Cannot read the config as the storage must be readable: it is not');
    return this.#configs.current;
  }

  /** Starts a lane that is due and answers at once. An early, stale or doubled wake-up changes nothing. */
  async drain(request: DrainRequest): Promise<DrainAnswer> {
    if (request.v !== 1) return { kind: 'unavailable' };
    const relay = this.#relay;
    if (!relay) return { kind: this.#isFaulty ? 'unavailable' : 'unknown_tenant' };
    const nowMs = this.io.nowMs();
    const due = relay.lanes.all.filter(
      (lane) => (request.lane === '*' || request.lane === lane.name) && lane.isDue(nowMs),
    );
    for (const lane of due) lane.start();
    if (due.length > 0) await this.#alarm.armBy(nowMs + WATCH_MS);
    return { kind: due.length > 0 ? 'started' : 'nothing_due' };
  }

  async lanes(): Promise<LaneView[]> {
    return this.#readable?.lanes.views(this.io.nowMs()) ?? [];
  }

  /** Newest first. */
  async deadLetters(page: DeadLetterPage): Promise<DeadLetterView[]> {
    return this.#readable?.laneStore.letters.page({ ...page, limit: boundedLimit(page.limit) }) ?? [];
  }

  async deadLetter(id: number): Promise<DeadLetterView | null> {
    return this.#readable?.laneStore.letters.get(id) ?? null;
  }

  /** Sends dead letters again, each alone, with the same idempotency id. */
  async redrive(request: RedriveRequest): Promise<RedriveAnswer> {
    return this.#ask(request.v, 'redrive.failed', async (relay) => relay.redrive(request));
  }

  /** Stops a destination; its lanes keep their place. */
  async pause(request: PauseRequest): Promise<ResumeAnswer> {
    return this.#ask(request.v, 'pause.failed', async (relay) => {
      if (!relay.reconfiguration.pause(request)) return { kind: 'unknown_destination' };
      return this.#saved(relay, 0);
    });
  }

  /** Starts a destination and tries what it holds at once, blocked or not. */
  async resume(request: ResumeRequest): Promise<ResumeAnswer> {
    return this.#ask(request.v, 'resume.failed', async (relay) => {
      const discarded = relay.reconfiguration.resume(request);
      return discarded === undefined ? { kind: 'unknown_destination' } : this.#saved(relay, discarded);
    });
  }

  /** The findings log's notices, newest first. */
  async notices(page: { readonly before?: number; readonly limit: number }): Promise<Notice[]> {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    return this.#readable?.findings.page(before, boundedLimit(page.limit)) ?? [];
  }

  /** Who did what, newest first. */
  async auditEntries(page: { readonly before?: number; readonly limit: number }): Promise<AuditEntry[]> {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    return this.#readable?.audit.page(before, boundedLimit(page.limit)) ?? [];
  }

  /** A page of the stored events, without their people unless they are asked for. */
  async events(request: EventsRequest): Promise<EventsAnswer> {
    return this.#ask(request.v, 'events.failed', async (relay) => relay.queries.events.events(request));
  }

  /** The events of an id, and what every lane did with them. */
  async explainEvent(request: ExplainRequest): Promise<ExplainAnswer> {
    return this.#ask(request.v, 'events.failed', async (relay) => relay.queries.events.explain(request));
  }

  /** What an analyst found a detection to be. */
  async judge(request: JudgeRequest): Promise<JudgeAnswer> {
    return this.#ask(request.v, 'judging.failed', async (relay) => relay.verdicts.judge(request));
  }

  async userKey(request: UserKeyRequest): Promise<UserKeyAnswer> {
    return this.#ask(request.v, 'events.failed', async (relay) => {
      return { kind: 'key', key: await relay.queries.events.userKey(request) };
    });
  }

  /** The name behind a key, from the sealed map; audited. */
  async reveal(request: RevealRequest): Promise<RevealAnswer> {
    return this.#ask(request.v, 'pseudonym_map.failed', async (relay) => relay.pseudonymMap.reveal(request));
  }

  async resealNames(request: ResealNamesRequest): Promise<ResealNamesAnswer> {
    return this.#ask(request.v, 'pseudonym_map.failed', async (relay) => relay.pseudonymMap.reseal(request));
  }

  /** The tenant's rules, with what has become of each. */
  async rules(): Promise<RulesAnswer> {
    return this.#ask(1, 'rules.failed', async (relay) => relay.queries.rules.rules());
  }

  async rule(reference: string): Promise<RuleAnswer> {
    return this.#ask(1, 'rules.failed', async (relay) => relay.queries.rules.rule(reference));
  }

  /** How the rules changed, newest first. */
  async ruleChanges(page: { readonly before?: number; readonly limit: number }): Promise<RuleChangesAnswer> {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    return this.#ask(1, 'rules.failed', async (relay) =>
      relay.queries.rules.changes(before, boundedLimit(page.limit)),
    );
  }

  /** What rules make of one event. Nothing is counted. */
  async testRules(request: TestRulesRequest): Promise<TestRulesAnswer> {
    return this.#ask(request.v, 'rules.failed', async (relay) => relay.queries.rules.test(request));
  }

  /** One step of a run of rules over what is stored. */
  async backtest(request: BacktestRequest): Promise<BacktestAnswer> {
    return this.#ask(request.v, 'backtest.failed', async (relay) => relay.queries.backtests.step(request));
  }

  async detections(request: DetectionsRequest): Promise<DetectionsAnswer> {
    return this.#ask(request.v, 'detections.failed', async (relay) =>
      relay.queries.detections.detections(request),
    );
  }

  /** One detection, and what became of what it asked for. */
  async detection(request: DetectionRequest): Promise<DetectionAnswer> {
    return this.#ask(request.v, 'detections.failed', async (relay) =>
      relay.queries.detections.detection(request),
    );
  }

  /** What the rules count now. */
  async windows(request: WindowsRequest): Promise<WindowsAnswer> {
    return this.#ask(request.v, 'windows.failed', async (relay) => relay.queries.windows.windows(request));
  }

  /** Erases a person from what is stored. */
  async erase(request: SubjectRequest): Promise<EraseAnswer> {
    return this.#ask(request.v, 'erasure.failed', async (relay) => relay.erasures.erase(request));
  }

  async erasures(): Promise<ErasuresAnswer> {
    return this.#ask(1, 'erasure.failed', async (relay) => relay.erasures.list());
  }

  /** A page of all that is stored of a person. */
  async exportSubject(request: ExportRequest): Promise<ExportAnswer> {
    return this.#ask(request.v, 'export.failed', async (relay) => relay.records.exports.page(request));
  }

  async holds(): Promise<HoldsAnswer> {
    return this.#ask(1, 'holds.failed', async (relay) => relay.records.holds.list());
  }

  async placeHold(request: PlaceHoldRequest): Promise<PlaceHoldAnswer> {
    return this.#ask(request.v, 'holds.failed', async (relay) => relay.records.holds.place(request));
  }

  async liftHold(request: LiftHoldRequest): Promise<LiftHoldAnswer> {
    return this.#ask(request.v, 'holds.failed', async (relay) => relay.records.holds.lift(request));
  }

  /** How long each kind is kept, and the oldest of it. */
  async retention(): Promise<RetentionAnswer> {
    return this.#ask(1, 'retention.report_failed', async (relay) => relay.records.retention());
  }

  /** Hourly roll-ups from a time on. */
  async activity(fromMs: number): Promise<HourOfActivity[]> {
    return this.#relay?.activity.hours(fromMs) ?? [];
  }

  /** Sends a test event; with a candidate config, an object that was never configured does so too, and stays without a trace. */
  async testDestination(request: TestDestinationRequest): Promise<TestDestinationAnswer> {
    if (request.v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    const stored = this.#configs.current?.config;
    const { actor, destination, config = stored } = request;
    const away = this.#moves.refusal;
    if (away) return { kind: 'unavailable', reason: away };
    if (!config) return { kind: 'unknown_tenant' };
    try {
      const { io } = this;
      this.#tests ??= new DestinationTests({
        settings: settingsOf(this.env),
        io,
        timeouts: () => this.timeouts,
      });
      const { connections, accounts } = this.#relay ?? {};
      // Before anything is sent: a crash does not lose it, and no later tenant of this id gets it.
      const noteBegun = (): void => {
        if (!request.config)
          this.#relay?.audit.append('destination.tested', actor, { destination }, io.nowMs());
      };
      // What a lane of now remembers says nothing about a candidate.
      const memoryOf = (lane: string): ChannelMemory => channelMemory(this.#db, lane, () => io.nowMs());
      const others = stored?.destinations ?? [];
      const input = { config, destination, connections, accounts, stored: others, noteBegun };
      return await this.#tests.run(request.config ? input : { ...input, memoryOf });
    } catch (error) {
      logEvent('error', 'destination_test.failed', { tenant: config.id, ...causeFields(error) });
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  /** Lets an isolated host back into the network, whatever the state of the destination's lanes. */
  async liftContainment(request: LiftContainmentRequest): Promise<LiftContainmentAnswer> {
    return this.#ask(request.v, 'containment_lift.failed', async (relay) =>
      relay.hostActions.liftContainment(request),
    );
  }

  /** An authentic webhook of which nothing was forwarded. */
  async noteWebhook(request: NoteWebhookRequest): Promise<void> {
    if (request.v === 1) this.#relay?.intake.noteWebhook(request);
  }

  /** Null: there is no such tenant. Throws while the object can't load, as `readConfig` does. */
  async health(): Promise<ObjectHealth | null> {
    if (this.#isFaulty) throw new Error('Cannot tell the health as the storage must be readable: it is not');
    const relay = this.#readable;
    if (!relay) return null;
    const sealedMap = await relay.pseudonymMap.health();
    return { ...relay.health(this.ctx.id.jurisdiction), ...(sealedMap && { sealedMap }) };
  }

  /** Re-arms first, then works: whatever fails below, the next alarm is set. */
  override async alarm(): Promise<void> {
    this.#alarm.noteGone();
    await this.#alarm.armBy(this.io.nowMs() + WATCH_MS);
    try {
      if (this.#isFaulty) this.load();
      await this.#relay?.watch();
      await this.#moves.tidy();
      await this.#vacancy.tidy();
      // Asked and set in one turn: what an event that comes in meanwhile needs is not overwritten.
      if (this.#isFaulty) return;
      const keeper = this.#relay ?? (this.#moves.isKeeping ? this.#moves : this.#vacancy);
      await this.#alarm.set(keeper.nextAlarmAtMs());
    } catch (error) {
      logEvent('error', 'alarm.failed', { tenant: this.#tenant, ...causeFields(error) });
    }
  }

  /** Reads the storage anew. A fault is kept for the next try. */
  load(): void {
    try {
      this.#relay = undefined;
      this.#isFaulty = false;
      this.#vacancy.load();
      if (!isCreated(this.#db)) return;
      migrate(this.#db, this.io.nowMs());
      this.#configs.load();
      if (this.#configs.current && !this.#moves.isLeaving) this.#relay = this.#makeRelay();
    } catch (error) {
      this.#isFaulty = true;
      logEvent('error', 'object.loading_failed', causeFields(error));
    }
  }

  /** The first config: tables, config row, audit entry and lanes at once, or nothing. */
  #create({ config, ...by }: ConfigureRequest): Relay {
    const nowMs = this.io.nowMs();
    this.#db.transaction(() => {
      migrate(this.#db, nowMs);
      writeMeta(this.#db, CREATED_AT, nowMs);
      const version = this.#configs.write(config, nowMs);
      new Audit(this.#db).noteSaved(by, version, nowMs);
      writeFirstRules(this.#db, RULES_LAYER, config, { version, actor: by.actor, nowMs });
      writeFirstLanes(laneStoreOver(this.#db), config, (readMeta(this.#db, 'next_seq') ?? 1) - 1);
    });
    this.#configs.load();
    return this.#makeRelay();
  }

  /** Has the relay do something, if there is one; whatever goes wrong there is an answer. */
  async #ask<A>(
    v: number,
    event: `${string}.${string}`,
    work: (relay: Relay) => Promise<A>,
  ): Promise<A | Refusal> {
    if (v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    const away = this.#moves.refusal;
    if (away) return { kind: 'unavailable', reason: away };
    const relay = this.#relay;
    if (!relay)
      return this.#isFaulty ? { kind: 'unavailable', reason: 'object_fault' } : { kind: 'unknown_tenant' };
    return this.#step<A | Refusal>(v, event, async () => {
      const answer = await work(relay);
      // It came to rest meanwhile: that is no end.
      return this.#moves.isLeaving && this.#relay !== relay
        ? { kind: 'unavailable', reason: 'moving' }
        : answer;
    });
  }

  /** Whatever goes wrong is an answer. */
  async #step<A>(
    v: number,
    event: `${string}.${string}`,
    work: () => Promise<A>,
  ): Promise<A | Extract<Refusal, { readonly kind: 'unavailable' }>> {
    if (v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    try {
      return await work();
    } catch (error) {
      logEvent('error', event, { tenant: this.#tenant, ...causeFields(error) });
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  /** Whether what the writer read is another version, or another tenant of this id. */
  #conflict({ expectedVersion, expectedCreatedAtMs }: Expected): VersionConflict | undefined {
    const { version = null, createdAtMs = 0 } = this.#configs.current ?? {};
    const isSame = expectedCreatedAtMs === undefined || expectedCreatedAtMs === createdAtMs;
    return expectedVersion === version && isSame ? undefined : { kind: 'version_conflict', version };
  }

  async #saved(relay: Relay, discarded: number): Promise<ResumeAnswer> {
    const isPublished = await relay.putToWork();
    return { kind: 'saved', version: this.#configs.current?.version ?? 0, isPublished, discarded };
  }

  #makeMoves(store: MoveStore): Moves {
    const stopRelay = (): void => {
      this.#relay?.stop();
      this.#relay = undefined;
    };
    return new Moves({
      db: this.#db,
      store,
      alarm: this.#alarm,
      configs: this.#configs,
      publisher: this.#publisher,
      kv: () => this.env.RELAY_KV,
      sealer: () => createSealer(settingsOf(this.env).masterKeys),
      settings: () => settingsOf(this.env),
      nowMs: () => this.io.nowMs(),
      newId: () => this.io.newId(),
      place: sha256Hex(this.ctx.id.toString()).slice(0, 16),
      relay: () => this.#relay,
      hasTenant: () => this.#relay !== undefined,
      stopRelay,
      startRelay: async () => {
        if (!this.#relay) this.load();
        return (await this.#relay?.putToWork()) ?? false;
      },
      conflict: (expected) => this.#conflict(expected),
      hasRoom: async () =>
        !this.#vacancy.refusal({}) && (await this.#vacancy.makeRoom({ v: 1, claims: false })).kind === 'made',
      clear: async () => this.#vacancy.clear(),
    });
  }

  #makeRelay(): Relay {
    const settings = settingsOf(this.env);
    return new Relay({
      db: this.#db,
      alarm: this.#alarm,
      configs: this.#configs,
      env: this.env,
      settings,
      sealer: createSealer(settings.masterKeys),
      io: this.io,
      sizes: this.sizes,
      timeouts: () => this.timeouts,
      publisher: this.#publisher,
      outside: this.#outside,
    });
  }

  /** Nothing would be an answer: while the tenant moves there is none. */
  get #readable(): Relay | undefined {
    if (this.#moves.isLeaving) throw new Error('Cannot read of the tenant as it must be at work: it moves');
    return this.#relay;
  }

  get #tenant(): string {
    return this.#configs.current?.config.id ?? '';
  }
}

function boundedLimit(limit: number): number {
  return Math.min(Math.max(1, limit), PAGE_ENTRIES_MAX);
}
