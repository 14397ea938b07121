/**
 * The Durable Object of one tenant: the façade that Worker, queue and alarm call.
 * An object without a config refuses everything and writes nothing, so a forged or unknown tenant leaves no trace.
 * As long as its contract: one short method per call, and no logic of its own. Calls are methods of this one class, or workerd has no such call.
 */

import { DurableObject } from 'cloudflare:workers';

import type { EventsRequest, ExplainRequest, UserKeyRequest } from '../domain/event-view.ts';
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
} from '../domain/rpc.ts';
import type {
  LiftContainmentAnswer,
  LiftContainmentRequest,
  TestDestinationAnswer,
  TestDestinationRequest,
} from '../domain/destination-requests.ts';
import type {
  EraseAnswer,
  ErasuresAnswer,
  ExportAnswer,
  ExportRequest,
  HoldsAnswer,
  LiftHoldAnswer,
  LiftHoldRequest,
  PlaceHoldAnswer,
  PlaceHoldRequest,
  ResealNamesAnswer,
  ResealNamesRequest,
  RetentionAnswer,
  RevealAnswer,
  RevealRequest,
  SubjectRequest,
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
import { type Env, settingsOf } from '../settings.ts';
import type { HourOfActivity } from './activity.ts';
import { platformIo } from './io.ts';
import { TIMEOUTS, type Timeouts } from './lane-parts.ts';
import { ObjectTests } from './object-tests.ts';
import { RELAY_SIZES, type RelaySizes } from './relay-parts.ts';
import type { Relay } from './relay.ts';
import { TenantObject } from './tenant-object.ts';
import { WATCH_MS } from './watchdog.ts';

const PAGE_ENTRIES_MAX = 500;

export class TenantRelay extends DurableObject<Env> implements TenantRelayRpc {
  /** Time, chance, network: tests turn them. */
  readonly io = platformIo();
  sizes: RelaySizes = RELAY_SIZES;
  timeouts: Timeouts = TIMEOUTS;
  readonly #object: TenantObject;
  readonly #tests: ObjectTests;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#object = new TenantObject({
      storage: ctx.storage,
      id: ctx.id.toString(),
      env: () => this.env,
      io: this.io,
      sizes: () => this.sizes,
      timeouts: () => this.timeouts,
    });
    this.#tests = new ObjectTests({
      object: this.#object,
      io: this.io,
      settings: () => settingsOf(this.env),
      timeouts: () => this.timeouts,
    });
    void ctx.blockConcurrencyWhile(async () => this.#object.start());
  }

  /** Rows written since the object started: what the tenant costs. */
  get rowsWritten(): number {
    return this.#object.db.rowsWritten;
  }

  async accept(request: AcceptRequest): Promise<AcceptAnswer> {
    return this.#object.ask(request.v, 'accept.failed', async (relay) => relay.intake.accept(request));
  }

  async acceptSealed(request: AcceptSealedRequest): Promise<AcceptSealedAnswer> {
    if (this.#object.moves.isDeparted) return { kind: 'unavailable', reason: 'moved' };
    return this.#object.ask(request.v, 'accept.failed', async (relay) => relay.intake.acceptSealed(request));
  }

  /** Saves a config unless another writer was first. The first one creates the tables. */
  async configure(request: ConfigureRequest): Promise<ConfigureAnswer> {
    return this.#object.configure(request);
  }

  /** As a saved config does, where one changes nothing. */
  async endPauses(request: EndPausesRequest): Promise<EndPausesAnswer> {
    return this.#object.ask(request.v, 'pauses.ending_failed', async (relay) => {
      const conflict = this.#object.conflict(request);
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
    return this.#object.remove(request);
  }

  /** Before a tenant of this object's id is made in another place. Writes nothing unless it is to hold a claim. */
  async makeRoom(request: MakeRoomRequest): Promise<MakeRoomAnswer> {
    return this.#object.attempt(request.v, 'claim.failed', async () =>
      this.#object.vacancy.makeRoom(request),
    );
  }

  async moveState(): Promise<MoveView> {
    return this.#object.moves.view;
  }

  /** A step of the tenant's way from here to another place. */
  async leave(request: LeaveRequest): Promise<LeaveAnswer> {
    return this.#object.attempt(request.v, 'move.failed', async () => this.#object.moves.leave(request));
  }

  /** A step of a tenant's way here. */
  async arrive(request: ArriveRequest): Promise<ArriveAnswer> {
    return this.#object.attempt(request.v, 'arrival.failed', async () => this.#object.moves.arrive(request));
  }

  /** Null: there is no such tenant. Throws while the object can't load: that is no answer to the question. */
  async readConfig(): Promise<StoredConfig | null> {
    if (this.#object.isFaulty)
      throw new Error('Cannot read the config as the storage must be readable: it is not');
    return this.#object.configs.current;
  }

  /** Starts a lane that is due and answers at once. An early, stale or doubled wake-up changes nothing. */
  async drain(request: DrainRequest): Promise<DrainAnswer> {
    if (request.v !== 1) return { kind: 'unavailable' };
    const relay = this.#object.relay;
    if (!relay) return { kind: this.#object.isFaulty ? 'unavailable' : 'unknown_tenant' };
    const nowMs = this.io.nowMs();
    if (!relay.lanes.startDue(request.lane, nowMs)) return { kind: 'nothing_due' };
    await this.#object.alarm.armBy(nowMs + WATCH_MS);
    return { kind: 'started' };
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
    return this.#object.ask(request.v, 'redrive.failed', async (relay) => relay.redrive(request));
  }

  /** Stops a destination; its lanes keep their place. */
  async pause(request: PauseRequest): Promise<ResumeAnswer> {
    return this.#object.ask(request.v, 'pause.failed', async (relay) => {
      if (!relay.reconfiguration.pause(request)) return { kind: 'unknown_destination' };
      return this.#saved(relay, 0);
    });
  }

  /** Starts a destination and tries what it holds at once, blocked or not. */
  async resume(request: ResumeRequest): Promise<ResumeAnswer> {
    return this.#object.ask(request.v, 'resume.failed', async (relay) => {
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
    return this.#object.ask(request.v, 'events.failed', async (relay) =>
      relay.queries.events.events(request),
    );
  }

  /** The events of an id, and what every lane did with them. */
  async explainEvent(request: ExplainRequest): Promise<ExplainAnswer> {
    return this.#object.ask(request.v, 'events.failed', async (relay) =>
      relay.queries.events.explain(request),
    );
  }

  /** What an analyst found a detection to be. */
  async judge(request: JudgeRequest): Promise<JudgeAnswer> {
    return this.#object.ask(request.v, 'judging.failed', async (relay) => relay.verdicts.judge(request));
  }

  async userKey(request: UserKeyRequest): Promise<UserKeyAnswer> {
    return this.#object.ask(request.v, 'events.failed', async (relay) =>
      relay.queries.events.userKey(request),
    );
  }

  /** The name behind a key, from the sealed map; audited. */
  async reveal(request: RevealRequest): Promise<RevealAnswer> {
    return this.#object.ask(request.v, 'pseudonym_map.failed', async (relay) =>
      relay.pseudonymMap.reveal(request),
    );
  }

  async resealNames(request: ResealNamesRequest): Promise<ResealNamesAnswer> {
    return this.#object.ask(request.v, 'pseudonym_map.failed', async (relay) => {
      const names = await relay.pseudonymMap.reseal(request);
      // Of erasures there are few: all with the first step.
      if (names.kind !== 'resealed' || request.after !== undefined) return names;
      const { resealed, unopened } = await relay.erasures.reseal(request.actor);
      return { ...names, resealed: names.resealed + resealed, unopened: names.unopened + unopened };
    });
  }

  /** The tenant's rules, with what has become of each. */
  async rules(): Promise<RulesAnswer> {
    return this.#object.ask(1, 'rules.failed', async (relay) => relay.queries.rules.rules());
  }

  async rule(reference: string): Promise<RuleAnswer> {
    return this.#object.ask(1, 'rules.failed', async (relay) => relay.queries.rules.rule(reference));
  }

  /** How the rules changed, newest first. */
  async ruleChanges(page: { readonly before?: number; readonly limit: number }): Promise<RuleChangesAnswer> {
    const before = page.before ?? Number.MAX_SAFE_INTEGER;
    return this.#object.ask(1, 'rules.failed', async (relay) =>
      relay.queries.rules.changes(before, boundedLimit(page.limit)),
    );
  }

  /** What rules make of one event. Nothing is counted. */
  async testRules(request: TestRulesRequest): Promise<TestRulesAnswer> {
    return this.#object.ask(request.v, 'rules.failed', async (relay) => relay.queries.rules.test(request));
  }

  /** One step of a run of rules over what is stored. */
  async backtest(request: BacktestRequest): Promise<BacktestAnswer> {
    return this.#object.ask(request.v, 'backtest.failed', async (relay) =>
      relay.queries.backtests.step(request),
    );
  }

  async detections(request: DetectionsRequest): Promise<DetectionsAnswer> {
    return this.#object.ask(request.v, 'detections.failed', async (relay) =>
      relay.queries.detections.detections(request),
    );
  }

  /** One detection, and what became of what it asked for. */
  async detection(request: DetectionRequest): Promise<DetectionAnswer> {
    return this.#object.ask(request.v, 'detections.failed', async (relay) =>
      relay.queries.detections.detection(request),
    );
  }

  /** What the rules count now. */
  async windows(request: WindowsRequest): Promise<WindowsAnswer> {
    return this.#object.ask(request.v, 'windows.failed', async (relay) =>
      relay.queries.windows.windows(request),
    );
  }

  /** Erases a person from what is stored. */
  async erase(request: SubjectRequest): Promise<EraseAnswer> {
    return this.#object.ask(request.v, 'erasure.failed', async (relay) => relay.erasures.erase(request));
  }

  async erasures(): Promise<ErasuresAnswer> {
    return this.#object.ask(1, 'erasure.failed', async (relay) => relay.erasures.list());
  }

  /** A page of all that is stored of a person. */
  async exportSubject(request: ExportRequest): Promise<ExportAnswer> {
    return this.#object.ask(request.v, 'export.failed', async (relay) => relay.records.exports.page(request));
  }

  async holds(): Promise<HoldsAnswer> {
    return this.#object.ask(1, 'holds.failed', async (relay) => relay.records.holds.list());
  }

  async placeHold(request: PlaceHoldRequest): Promise<PlaceHoldAnswer> {
    return this.#object.ask(request.v, 'holds.failed', async (relay) => relay.records.holds.place(request));
  }

  async liftHold(request: LiftHoldRequest): Promise<LiftHoldAnswer> {
    return this.#object.ask(request.v, 'holds.failed', async (relay) => relay.records.holds.lift(request));
  }

  /** How long each kind is kept, and the oldest of it. */
  async retention(): Promise<RetentionAnswer> {
    return this.#object.ask(1, 'retention.report_failed', async (relay) => relay.records.retention());
  }

  /** Hourly roll-ups from a time on. */
  async activity(fromMs: number): Promise<HourOfActivity[]> {
    return this.#object.relay?.activity.hours(fromMs) ?? [];
  }

  /** Sends a test event; with a candidate config, an object that was never configured does so too, and stays without a trace. */
  async testDestination(request: TestDestinationRequest): Promise<TestDestinationAnswer> {
    return this.#tests.run(request);
  }

  /** Lets an isolated host back into the network, whatever the state of the destination's lanes. */
  async liftContainment(request: LiftContainmentRequest): Promise<LiftContainmentAnswer> {
    return this.#object.ask(request.v, 'containment_lift.failed', async (relay) =>
      relay.hostActions.liftContainment(request),
    );
  }

  /** An authentic webhook of which nothing was forwarded. */
  async noteWebhook(request: NoteWebhookRequest): Promise<void> {
    if (request.v === 1) this.#object.relay?.intake.noteWebhook(request);
  }

  /** Null: there is no such tenant. Throws while the object can't load, as `readConfig` does. */
  async health(): Promise<ObjectHealth | null> {
    if (this.#object.isFaulty)
      throw new Error('Cannot tell the health as the storage must be readable: it is not');
    const relay = this.#readable;
    if (!relay) return null;
    const sealedMap = await relay.pseudonymMap.health();
    return { ...relay.health(this.ctx.id.jurisdiction), ...(sealedMap && { sealedMap }) };
  }

  override async alarm(): Promise<void> {
    return this.#object.watch();
  }

  /** Reads the storage anew. A fault is kept for the next try. */
  load(): void {
    this.#object.load();
  }

  async #saved(relay: Relay, discarded: number): Promise<ResumeAnswer> {
    const isPublished = await relay.putToWork();
    return { kind: 'saved', version: this.#object.configs.current?.version ?? 0, isPublished, discarded };
  }

  /** Nothing would be an answer: while the tenant moves there is none. */
  get #readable(): Relay | undefined {
    if (this.#object.moves.isLeaving)
      throw new Error('Cannot read of the tenant as it must be at work: it moves');
    return this.#object.relay;
  }
}

function boundedLimit(limit: number): number {
  return Math.min(Math.max(1, limit), PAGE_ENTRIES_MAX);
}
