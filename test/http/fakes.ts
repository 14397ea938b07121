/* oxlint-disable typescript/no-unsafe-type-assertion -- fakes have only the part of a binding that is used */
/** The bindings of a Worker in memory, with one tenant object per residency and name that remembers what it was told. */

import type {
  EventView,
  EventsRequest,
  ExplainRequest,
  UserKeyRequest,
} from '../../src/domain/event-view.ts';
import type { EraseAnswer, ErasureView, ErasuresAnswer, SubjectRequest } from '../../src/domain/rights.ts';
import type { Notice } from '../../src/domain/notice.ts';
import type { AuditEntry } from '../../src/domain/audit.ts';
import type { DeadLetterPage, DeadLetterView, LaneView } from '../../src/domain/lane-view.ts';
import type {
  ArriveAnswer,
  ArriveRequest,
  LeaveAnswer,
  LeaveRequest,
  MoveView,
} from '../../src/domain/move.ts';
import type { ObjectHealth } from '../../src/domain/object-health.ts';
import type {
  AcceptAnswer,
  AcceptRequest,
  AcceptSealedAnswer,
  AcceptSealedRequest,
  ConfigureAnswer,
  ConfigureRequest,
  EndPausesAnswer,
  EndPausesRequest,
  EventsAnswer,
  ExplainAnswer,
  LaneRest,
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
} from '../../src/domain/rpc.ts';
import type {
  LiftContainmentAnswer,
  LiftContainmentRequest,
  TestDestinationAnswer,
  TestDestinationRequest,
} from '../../src/domain/destination-requests.ts';
import type { Actor } from '../../src/domain/principal.ts';
import type {
  BacktestRequest,
  DetectionsRequest,
  JudgeRequest,
  TestRulesRequest,
  WindowsRequest,
} from '../../src/domain/rule-views.ts';
import type {
  ResealNamesAnswer,
  ResealNamesRequest,
  RevealAnswer,
  RevealRequest,
} from '../../src/domain/rights.ts';
import type { DetectionRequest } from '../../src/domain/rules-rpc.ts';
import type { ExportRequest, LiftHoldRequest, PlaceHoldRequest } from '../../src/domain/rights.ts';
import type { Env, RegistryNamespace, RelayNamespace } from '../../src/settings.ts';
import { ingestKey, publishIngestConfig } from '../../src/tenants/ingest-config.ts';
import { FakeKv } from '../tenants/fake-kv.ts';
import { type RuleAnswers, ruleAnswers } from './rule-answers.ts';
import { FakeLimit, FakeRegistry } from './fake-registry.ts';
import { type RecordAnswers, recordAnswers } from './record-answers.ts';

export const ADMIN_TOKEN = 'test-admin-token-0123456789abcdef';
export const MASTER_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

/** Of the first tenant in an object; the next ones follow by the millisecond. */
export const CREATED_AT_MS = Date.UTC(2026, 10, 22);

type AskedRequest =
  | RedriveRequest
  | PauseRequest
  | ResumeRequest
  | EventsRequest
  | ExplainRequest
  | UserKeyRequest
  | RevealRequest
  | ResealNamesRequest
  | TestRulesRequest
  | BacktestRequest
  | DetectionsRequest
  | DetectionRequest
  | JudgeRequest
  | WindowsRequest
  | SubjectRequest
  | ExportRequest
  | PlaceHoldRequest
  | LiftHoldRequest;

export const SHOWN_EVENT: EventView = {
  seq: 41,
  id: 'evt_41',
  type: 'interaction.high_risk',
  occurredAt: '2026-11-22T00:00:00.000Z',
  receivedAt: '2026-11-22T00:00:01.000Z',
  tenant: 'acme',
  user: { key: 'p_0123456789abcdefghijkl' },
  classifications: [],
  classificationCount: 0,
  faults: [],
  source: 'noxys',
};

export const SHOWN_ERASURE: ErasureView = {
  id: 7,
  begunAt: '2026-11-22T00:00:00.000Z',
  doneAt: '2026-11-22T00:00:01.000Z',
  lateUntil: '2026-11-29T00:00:00.000Z',
  keys: ['p_0123456789abcdefghijkl'],
  removed: {
    events: 3,
    detections: 1,
    deadLetters: 1,
    followUps: 0,
    windows: 2,
    watches: 0,
    pseudonyms: 0,
    devices: 1,
    texts: 0,
  },
  undelivered: { 'edr/events': 1 },
  outside: {
    destinations: [{ destination: 'edr', type: 'harfanglab', entries: 2 }],
    recoverableUntil: '2026-12-22T00:00:01.000Z',
  },
  late: 0,
  remaining: [],
  alsoSeen: [],
};

/** Accepts everything, keeps the config, publishes it at once. */
export class FakeRelay implements TenantRelayRpc {
  readonly #kv: FakeKv;
  /** How many there were so far. */
  #tenants = 0;
  stored: StoredConfig | null = null;
  readonly requests: AcceptRequest[] = [];
  readonly pages: unknown[] = [];
  accepts: () => Promise<AcceptAnswer> = async () => ({ kind: 'accepted', accepted: 1, duplicates: 0 });
  readonly configured: Omit<ConfigureRequest, 'actor'>[] = [];
  configures: (() => Promise<ConfigureAnswer>) | undefined;
  isPublishing = true;
  readonly sealed: AcceptSealedRequest[] = [];
  acceptsSealed: () => Promise<AcceptSealedAnswer> = async () => ({
    kind: 'accepted',
    accepted: 1,
    duplicates: 0,
  });
  /** What operators asked for, in order; who asked each time, in `actors`. */
  readonly asked: Omit<AskedRequest, 'actor'>[] = [];
  readonly actors: (Actor | undefined)[] = [];
  redrives: RedriveAnswer = { kind: 'redriven', count: 1, left: 0 };
  lists: EventsAnswer = { kind: 'events', events: [SHOWN_EVENT], lastSeq: 41 };
  explains: ExplainAnswer = {
    kind: 'explained',
    events: [
      {
        event: SHOWN_EVENT,
        lanes: [{ lane: 'edr/events', outcome: 'delivered', why: 'The destination took it.' }],
      },
    ],
    isComplete: true,
  };
  keys: UserKeyAnswer = { kind: 'key', key: 'p_0123456789abcdefghijkl' };
  reveals: RevealAnswer = { kind: 'revealed', name: { id: 'u-1' } };
  /** One for each step, the last one for all that follow. */
  resealsNames: ResealNamesAnswer[] = [{ kind: 'resealed', resealed: 0, unopened: 0 }];
  resumes: ResumeAnswer = { kind: 'saved', version: 2, isPublished: true, discarded: 0 };

  readonly tested: Omit<TestDestinationRequest, 'actor'>[] = [];
  tests: TestDestinationAnswer = {
    kind: 'tested',
    tests: [
      { lane: 'edr/events', outcome: 'delivered', status: 202, durationMs: 12, eventId: 'relay-test-1' },
    ],
  };
  readonly noted: NoteWebhookRequest[] = [];
  notes: () => Promise<void> = async () => undefined;
  /** Changes what a healthy object says. */
  ails: Partial<ObjectHealth> = {};
  /** How often it was asked for its config, and for its health. */
  readonly reads = { config: 0, health: 0 };

  constructor(kv: FakeKv) {
    this.#kv = kv;
  }

  async accept(request: AcceptRequest): Promise<AcceptAnswer> {
    this.requests.push(request);
    return this.accepts();
  }

  async configure(request: ConfigureRequest): Promise<ConfigureAnswer> {
    const { actor, ...configured } = request;
    const { config, expectedVersion, expectedCreatedAtMs } = configured;
    this.actors.push(actor);
    this.configured.push(configured);
    if (this.configures) return this.configures();
    const before = this.stored?.version ?? null;
    if (before !== expectedVersion || this.#isAnother(expectedCreatedAtMs))
      return { kind: 'version_conflict', version: before };
    const version = (before ?? 0) + 1;
    const createdAtMs = this.stored?.createdAtMs ?? CREATED_AT_MS + this.#tenants++;
    this.stored = { version, savedAt: '2026-11-22T00:00:00.000Z', createdAtMs, config };
    if (this.isPublishing) await publishIngestConfig(this.#kv, this.stored);
    return { kind: 'saved', version, isPublished: this.isPublishing };
  }

  /** Whether the tenant is another than who asks has read. */
  #isAnother(expectedCreatedAtMs = this.stored?.createdAtMs): boolean {
    return expectedCreatedAtMs !== this.stored?.createdAtMs;
  }

  configReads = 0;

  async readConfig(): Promise<StoredConfig | null> {
    this.reads.config++;
    this.configReads++;
    return this.stored;
  }

  readonly endedPauses: Omit<EndPausesRequest, 'actor'>[] = [];

  async endPauses({ actor, ...request }: EndPausesRequest): Promise<EndPausesAnswer> {
    this.actors.push(actor);
    this.endedPauses.push(request);
    const version = this.stored?.version ?? null;
    if (version === null) return { kind: 'unknown_tenant' };
    if (version !== request.expectedVersion || this.#isAnother(request.expectedCreatedAtMs))
      return { kind: 'version_conflict', version };
    return { kind: 'ended', version, isPublished: this.isPublishing };
  }

  /** What the tenant has not delivered. */
  rest: LaneRest[] = [];
  /** Legal holds that keep the tenant. */
  heldBy: number[] = [];
  readonly removals: Omit<RemoveRequest, 'actor'>[] = [];

  async remove({ actor, ...request }: RemoveRequest): Promise<RemoveAnswer> {
    this.actors.push(actor);
    this.removals.push(request);
    const version = this.stored?.version ?? null;
    if (!this.stored) return { kind: 'unknown_tenant' };
    if (version !== request.expectedVersion || this.#isAnother(request.expectedCreatedAtMs))
      return { kind: 'version_conflict', version };
    if (this.heldBy.length > 0) return { kind: 'held', holds: this.heldBy };
    const { rest } = this;
    if (rest.length > 0 && !request.discard) return { kind: 'undelivered', rest };
    if (this.isPublishing) await this.#kv.delete(ingestKey(this.stored.config.id));
    this.stored = null;
    return { kind: 'removed', rest, isUnpublished: this.isPublishing };
  }

  readonly roomAsked: MakeRoomRequest[] = [];
  makesRoom: () => Promise<MakeRoomAnswer> = async () => ({ kind: this.stored ? 'taken' : 'made' });

  async makeRoom(request: MakeRoomRequest): Promise<MakeRoomAnswer> {
    this.roomAsked.push(request);
    return this.makesRoom();
  }

  async drain() {
    return { kind: 'nothing_due' } as const;
  }

  async lanes(): Promise<LaneView[]> {
    return [
      {
        lane: 'edr/events',
        state: 'idle',
        undelivered: 0,
        delivered: 3,
        deadLettered: 0,
        expired: 0,
        parked: 0,
        discarded: 0,
        erased: 0,
        tries: 0,
      },
    ];
  }

  async deadLetters(page: DeadLetterPage): Promise<DeadLetterView[]> {
    this.pages.push(page);
    return Array.from({ length: Math.min(page.limit, 2) }, (_, i) => ({
      id: 10 - i,
      lane: 'edr/events',
      eventId: `evt_${i}`,
      eventType: 'interaction.high_risk',
      reason: 'rejected',
      status: 400,
      excerpt: 'bad request',
      attempts: 1,
      at: '2026-11-22T00:00:00.000Z',
    }));
  }

  async acceptSealed(request: AcceptSealedRequest): Promise<AcceptSealedAnswer> {
    this.sealed.push(request);
    return this.acceptsSealed();
  }

  async deadLetter(id: number): Promise<DeadLetterView | null> {
    const letters = await this.deadLetters({ limit: 2 });
    return letters.find((letter) => letter.id === id) ?? null;
  }

  async redrive(request: RedriveRequest): Promise<RedriveAnswer> {
    this.#note(request);
    return this.redrives;
  }

  async pause(request: PauseRequest): Promise<ResumeAnswer> {
    this.#note(request);
    return this.resumes;
  }

  async resume(request: ResumeRequest): Promise<ResumeAnswer> {
    this.#note(request);
    return this.resumes;
  }

  #note({ actor, ...request }: AskedRequest): void {
    this.actors.push(actor);
    this.asked.push(request);
  }

  async notices(page: { readonly before?: number; readonly limit: number }): Promise<Notice[]> {
    this.pages.push(page);
    return [
      {
        id: 7,
        kind: 'lane_blocked',
        at: '2026-11-22T00:00:00.000Z',
        lane: 'edr/events',
        since: '2026-11-22T00:00:00.000Z',
        text: 'edr/events is blocked.',
      },
    ];
  }

  async auditEntries(page: { readonly before?: number; readonly limit: number }): Promise<AuditEntry[]> {
    this.pages.push(page);
    return [
      {
        id: 3,
        at: '2026-11-22T00:00:00.000Z',
        by: 'bootstrap',
        action: 'config.saved',
        requestId: 'req-1',
        detail: { version: 1 },
      },
    ];
  }

  async events(request: EventsRequest): Promise<EventsAnswer> {
    this.#note(request);
    return this.lists;
  }

  async explainEvent(request: ExplainRequest): Promise<ExplainAnswer> {
    this.#note(request);
    return this.explains;
  }

  async userKey(request: UserKeyRequest): Promise<UserKeyAnswer> {
    this.#note(request);
    return this.keys;
  }

  async reveal(request: RevealRequest): Promise<RevealAnswer> {
    this.#note(request);
    return this.reveals;
  }

  async resealNames(request: ResealNamesRequest): Promise<ResealNamesAnswer> {
    this.#note(request);
    const [answer = { kind: 'resealed', resealed: 0, unopened: 0 }, ...more] = this.resealsNames;
    if (more.length > 0) this.resealsNames = more;
    return answer;
  }

  /** What it answers of rules, detections and windows. */
  readonly ruleAnswers: RuleAnswers = ruleAnswers();
  readonly rulesAsked: string[] = [];

  async rules() {
    return this.ruleAnswers.rules;
  }

  async rule(rule: string) {
    this.rulesAsked.push(rule);
    return this.ruleAnswers.rule;
  }

  async ruleChanges(page: { readonly before?: number; readonly limit: number }) {
    this.pages.push(page);
    return this.ruleAnswers.changes;
  }

  async testRules(request: TestRulesRequest) {
    this.#note(request);
    return this.ruleAnswers.test;
  }

  async backtest(request: BacktestRequest) {
    this.#note(request);
    return this.ruleAnswers.backtest;
  }

  async detections(request: DetectionsRequest) {
    this.#note(request);
    return this.ruleAnswers.detections;
  }

  async detection(request: DetectionRequest) {
    this.#note(request);
    return this.ruleAnswers.detection;
  }

  async judge(request: JudgeRequest) {
    this.#note(request);
    return this.ruleAnswers.judged;
  }

  async windows(request: WindowsRequest) {
    this.#note(request);
    return this.ruleAnswers.windows;
  }

  /** What it answers of a person's export, of legal holds and of retention. */
  readonly recordAnswers: RecordAnswers = recordAnswers();

  async exportSubject(request: ExportRequest) {
    this.#note(request);
    return this.recordAnswers.export;
  }

  async holds() {
    return this.recordAnswers.holds;
  }

  async placeHold(request: PlaceHoldRequest) {
    this.#note(request);
    return this.recordAnswers.placed;
  }

  async liftHold(request: LiftHoldRequest) {
    this.#note(request);
    return this.recordAnswers.lifted;
  }

  async retention() {
    return this.recordAnswers.retention;
  }

  async testDestination({ actor, ...tested }: TestDestinationRequest): Promise<TestDestinationAnswer> {
    this.actors.push(actor);
    this.tested.push(tested);
    return this.tests;
  }

  readonly lifts: Omit<LiftContainmentRequest, 'actor'>[] = [];
  liftsAs: LiftContainmentAnswer = {
    kind: 'lifted',
    deviceId: '0123456789abcdef0123456789abcdef',
    detail: 'Falcon lets the host back.',
  };

  async liftContainment({ actor, ...request }: LiftContainmentRequest): Promise<LiftContainmentAnswer> {
    this.actors.push(actor);
    this.lifts.push(request);
    return this.liftsAs;
  }

  erases: EraseAnswer = { kind: 'erasing', erasure: SHOWN_ERASURE };
  erasuresKept: ErasuresAnswer = { kind: 'erasures', erasures: [SHOWN_ERASURE] };

  async erase(request: SubjectRequest): Promise<EraseAnswer> {
    this.#note(request);
    return this.erases;
  }

  async erasures(): Promise<ErasuresAnswer> {
    return this.erasuresKept;
  }

  readonly steps: (Omit<LeaveRequest, 'actor'> | Omit<ArriveRequest, 'actor'>)[] = [];
  moves: MoveView | undefined;
  leaves: LeaveAnswer = { kind: 'done', view: { side: 'none', hasTenant: true } };
  arrives: ArriveAnswer = { kind: 'welcome' };

  async moveState(): Promise<MoveView> {
    return this.moves ?? { side: 'none', hasTenant: this.stored !== null };
  }

  async leave({ actor, ...request }: LeaveRequest): Promise<LeaveAnswer> {
    this.actors.push(actor);
    this.steps.push(request);
    return this.leaves;
  }

  async arrive({ actor, ...request }: ArriveRequest): Promise<ArriveAnswer> {
    this.actors.push(actor);
    this.steps.push(request);
    return this.arrives;
  }

  async noteWebhook(request: NoteWebhookRequest): Promise<void> {
    this.noted.push(request);
    return this.notes();
  }

  async health(): Promise<ObjectHealth | null> {
    this.reads.health++;
    if (!this.stored) return null;
    const { version } = this.stored;
    return {
      jurisdiction: 'eu',
      version,
      publishedVersion: version,
      lanes: await this.lanes(),
      lastWebhook: { at: '2026-11-22T00:00:00.000Z', type: 'interaction.high_risk', accepted: true },
      eventsAccepted: 3,
      deadLetters: 0,
      storageBytes: 4096,
      ...this.ails,
    };
  }
}

/** Takes `bytes` as Cloudflare's queue does, and refuses what it refuses. Source: Cloudflare Queues limits, read 2026-11. */
export class FakeQueue {
  /** The messages of each call that was made, whatever became of it. */
  readonly calls: Uint8Array[][] = [];
  sends: () => Promise<void> = async () => undefined;
  backlog: { backlogCount: number; backlogBytes: number; oldestMessageTimestamp?: Date } = {
    backlogCount: 0,
    backlogBytes: 0,
  };

  async metrics() {
    return this.backlog;
  }

  get messages(): Uint8Array[] {
    return this.calls.flat();
  }

  async send(body: Uint8Array, options?: { contentType?: string }): Promise<void> {
    return this.sendBatch([{ body, ...options }]);
  }

  async sendBatch(messages: readonly { body: Uint8Array; contentType?: string }[]): Promise<void> {
    const sizes = messages.map(({ body }) => body.byteLength);
    this.calls.push(messages.map(({ body }) => body));
    if (messages.some(({ contentType }) => contentType !== 'bytes')) throw new Error('not sent as bytes');
    if (messages.length > 100) throw new Error('Too many messages in batch');
    if (sizes.some((size) => size > 128_000 - 100)) throw new Error('Message too large');
    if (sizes.reduce((sum, size) => sum + size + 100, 0) > 256_000) throw new Error('Batch too large');
    await this.sends();
  }
}

export interface World {
  readonly env: Env;
  readonly kv: FakeKv;
  readonly overflow: FakeQueue;
  /** The one that knows the minted tokens. */
  readonly registry: FakeRegistry;
  readonly limit: FakeLimit;
  /** Every object that was asked for, by `{place}/{name}`. */
  readonly relays: ReadonlyMap<string, FakeRelay>;
  /** What a new object is told before it is used. */
  prepare: (relay: FakeRelay) => void;
}

/** A production deployment for all residencies, unless the variables say otherwise. */
export function fakeWorld(
  variables: Partial<Record<`RELAY_${string}` | `ACCESS_${string}`, string>> = {},
): World {
  const kv = new FakeKv();
  const overflow = new FakeQueue();
  const registry = new FakeRegistry();
  const limit = new FakeLimit();
  const relays = new Map<string, FakeRelay>();
  const world: World = {
    kv,
    overflow,
    registry,
    limit,
    relays,
    prepare: () => undefined,
    env: undefined as never,
  };
  const namespaceIn = (place: string): RelayNamespace => ({
    jurisdiction: (jurisdiction) => namespaceIn(jurisdiction),
    getByName: (name) => {
      const key = `${place}/${name}`;
      const known = relays.get(key);
      if (known) return known;
      const relay = new FakeRelay(kv);
      world.prepare(relay);
      relays.set(key, relay);
      return relay;
    },
  });
  const registryIn = (place: string): RegistryNamespace => ({
    jurisdiction: (jurisdiction) => registryIn(jurisdiction),
    getByName: () => {
      registry.places.push(place);
      return registry;
    },
  });
  const env = {
    TENANT_RELAY: namespaceIn('base'),
    RELAY_KV: kv as unknown as KVNamespace,
    WAKEUPS: new FakeQueue() as unknown as Queue,
    OVERFLOW: overflow as unknown as Queue,
    TOKENS: registryIn('base'),
    ADMIN_LIMIT: limit,
    RELAY_ENV: 'production',
    RELAY_RESIDENCY: 'global',
    RELAY_EGRESS_ALLOW: 'harfanglab.acme.fr',
    RELAY_MASTER_KEY: MASTER_KEY,
    RELAY_ADMIN_TOKEN: ADMIN_TOKEN,
    ...variables,
  };
  return Object.assign(world, { env });
}
