/**
 * The product's Worker with faults around it: `accept` that throws or hangs, wake-ups that get lost, come twice or late,
 * objects that are aborted. Private paths below `/chaos/` set the dials. Built for the fault bench alone, never deployed.
 */

import { objectName } from '../../src/residency.ts';
import product, { TenantRelay as ProductRelay } from '../../src/worker.ts';
import type { AcceptAnswer, AcceptRequest } from '../../src/domain/rpc.ts';
import { pick, seededRandom } from '../simulators/random.ts';
import { arrivalKeys } from './arrival-keys.ts';
import {
  ACCEPT_FAULTS,
  FIRST_KEY_HEADER,
  START_HEADER,
  type Dials,
  LOG_PAGE_EVENTS,
  type LoggedEvent,
  OVERFLOW_HEADER,
  WAKEUP_FAULTS,
  type WakeupFault,
  type WorkerFigures,
} from './dials.ts';

export { TokenRegistry } from '../../src/worker.ts';

/** Longer than the Worker waits for `accept`. */
const HANG_MS = 4_000;
const DELAY_SECONDS = 3;

type Counted<T> = { -readonly [K in keyof T]: T[K] extends number ? number : Counted<T[K]> };

/** The isolate holds the Worker and all objects: they share these. */
let dials: Dials = { seed: 1, acceptShare: 0, acceptExempt: [], wakeupShare: 0 };
let random = seededRandom(1);
const figures: Counted<WorkerFigures> = {
  accept: { throw_before: 0, throw_after: 0, hang_before: 0, hang_after: 0 },
  wakeups: { dropped: 0, doubled: 0, delayed: 0, passed: 0 },
  overflowSent: 0,
  overflowDone: 0,
  objectStarts: 0,
};

export class TenantRelay extends ProductRelay {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    figures.objectStarts++;
    const { io } = this;
    const send = io.fetch;
    io.fetch = async (input, init) => send(input, stamped(init));
  }

  override async accept(request: AcceptRequest): Promise<AcceptAnswer> {
    const tenant = request.events[0]?.tenant ?? '';
    if (dials.acceptExempt.includes(tenant) || random() >= dials.acceptShare) return super.accept(request);
    const fault = pick(random, ACCEPT_FAULTS);
    figures.accept[fault]++;
    if (fault === 'hang_before') await scheduler.wait(HANG_MS);
    if (fault === 'throw_before') throw new Error('chaos: thrown before anything was stored');
    const answer = await super.accept(request);
    if (fault === 'throw_after') throw new Error('chaos: thrown after the events were stored');
    if (fault === 'hang_after') await scheduler.wait(HANG_MS);
    return answer;
  }

  /** As an eviction in the midst of work: memory and what is under way are gone. */
  async abortNow(): Promise<void> {
    this.ctx.abort('chaos');
  }

  /** The newest seq; 0 when the log is empty. */
  async head(): Promise<number> {
    return Math.max(
      0,
      ...this.#eventTables().map((table) => {
        const { seq } = this.ctx.storage.sql
          .exec<{ seq: number | null }>(`SELECT MAX(seq) AS seq FROM ${table}`)
          .one();
        return seq ?? 0;
      }),
    );
  }

  /** The log after a seq, in order, a page of it. */
  async logAfter(seq: number): Promise<LoggedEvent[]> {
    return this.#eventTables()
      .flatMap((table) =>
        this.ctx.storage.sql
          .exec<{
            seq: number;
            type: string;
            id: string;
          }>(
            `SELECT seq, json_extract(body, '$.type') AS type, json_extract(body, '$.id') AS id FROM ${table} WHERE seq > ? ORDER BY seq LIMIT ?`,
            seq,
            LOG_PAGE_EVENTS,
          )
          .toArray(),
      )
      .toSorted((a, b) => a.seq - b.seq)
      .slice(0, LOG_PAGE_EVENTS)
      .map(({ seq: own, type, id }) => ({ seq: own, type, key: `${type}:${id}` }));
  }

  #eventTables(): string[] {
    return this.ctx.storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name GLOB 'events_[0-9]*'")
      .toArray()
      .map(({ name }) => name);
  }
}

let bootedAtMs = 0;
let requests = 0;

/** The request with its place among all requests: arrivals cross on the way, so that their order says little. */
function stamped(init: RequestInit = {}): RequestInit {
  bootedAtMs ||= Date.now();
  const headers = new Headers(init.headers);
  headers.set(START_HEADER, `${String(bootedAtMs).padStart(15, '0')}-${String(++requests).padStart(9, '0')}`);
  const [firstKey = ''] = arrivalKeys(
    headers.get('idempotency-key'),
    typeof init.body === 'string' ? (init.body.split('\n', 1)[0] ?? '') : '',
  );
  headers.set(FIRST_KEY_HEADER, firstKey);
  return { ...init, headers };
}

export default {
  fetch: async (request, env, ctx) => {
    const url = new URL(request.url);
    if (url.pathname.startsWith('/chaos/')) return answerBench(request, url, env);
    const sentBefore = figures.overflowSent;
    const answer = await product.fetch(request, counting(env), ctx);
    if (figures.overflowSent === sentBefore) return answer;
    const marked = new Response(answer.body, answer);
    marked.headers.set(OVERFLOW_HEADER, 'perhaps');
    return marked;
  },
  queue: async (batch, env) =>
    batch.queue.includes('overflow') ? takeOverflow(batch, env) : takeWakeups(batch, env),
  scheduled: (controller, env) => product.scheduled(controller, counting(env)),
} satisfies ExportedHandler<Cloudflare.Env>;

async function answerBench(request: Request, url: URL, env: Cloudflare.Env): Promise<Response> {
  const tenant = url.searchParams.get('tenant') ?? '';
  const stub = env.TENANT_RELAY.getByName(objectName(tenant)) as unknown as Pick<
    TenantRelay,
    'abortNow' | 'head' | 'logAfter'
  >;
  switch (url.pathname) {
    case '/chaos/dials':
      dials = await request.json<Dials>();
      random = seededRandom(dials.seed);
      return Response.json(dials);
    case '/chaos/figures':
      return Response.json(figures);
    case '/chaos/abort':
      // The call breaks off with the object.
      await stub.abortNow().catch(() => undefined);
      return Response.json({});
    case '/chaos/head':
      return Response.json(await stub.head());
    case '/chaos/log':
      return Response.json(await stub.logAfter(Number(url.searchParams.get('after'))));
    case '/chaos/wakeup':
      await env.WAKEUPS.send({ v: 1, tenant, residency: 'global', lane: '*' });
      return Response.json({});
    default:
      return new Response(null, { status: 404 });
  }
}

const countingEnvs = new WeakMap<object, Cloudflare.Env>();

/** The environment with an OVERFLOW that counts what is sent; always the same one, as the product keeps what it built per environment. */
function counting(env: Cloudflare.Env): Cloudflare.Env {
  const known = countingEnvs.get(env);
  if (known) return known;
  const { OVERFLOW } = env;
  const count = async <T>(messages: number, sending: () => Promise<T>): Promise<T> => {
    figures.overflowSent += messages;
    try {
      return await sending();
    } catch (error) {
      figures.overflowSent -= messages;
      throw error;
    }
  };
  const counted = {
    ...env,
    OVERFLOW: {
      metrics: async () => OVERFLOW.metrics(),
      send: async (message: unknown, options?: QueueSendOptions) =>
        count(1, async () => OVERFLOW.send(message, options)),
      sendBatch: async (messages: Iterable<MessageSendRequest>, options?: QueueSendBatchOptions) => {
        const list = [...messages];
        return count(list.length, async () => OVERFLOW.sendBatch(list, options));
      },
    },
  };
  countingEnvs.set(env, counted);
  return counted;
}

/** Passes the messages on and counts those that are done with. A message neither acknowledged nor retried is acknowledged by the platform. */
async function takeOverflow(batch: MessageBatch, env: Cloudflare.Env): Promise<void> {
  const retried = new Set<string>();
  const messages = batch.messages.map((message) => ({
    id: message.id,
    timestamp: message.timestamp,
    body: message.body,
    attempts: message.attempts,
    ack: () => message.ack(),
    retry: (options?: QueueRetryOptions) => {
      retried.add(message.id);
      message.retry(options);
    },
  }));
  await product.queue(subset(batch, messages), counting(env));
  figures.overflowDone += messages.length - retried.size;
}

async function takeWakeups(batch: MessageBatch, env: Cloudflare.Env): Promise<void> {
  const passed: Message[] = [];
  for (const message of batch.messages) {
    const fault = drawWakeupFault();
    figures.wakeups[fault ?? 'passed']++;
    if (fault === 'doubled') await env.WAKEUPS.send(message.body);
    if (fault === 'delayed') await env.WAKEUPS.send(message.body, { delaySeconds: DELAY_SECONDS });
    if (fault === 'dropped' || fault === 'delayed') message.ack();
    else passed.push(message);
  }
  if (passed.length > 0) await product.queue(subset(batch, passed), counting(env));
}

function drawWakeupFault(): WakeupFault | undefined {
  const drawn = random() / Math.max(dials.wakeupShare, Number.EPSILON);
  return WAKEUP_FAULTS[Math.floor(drawn)];
}

function subset(batch: MessageBatch, messages: readonly Message[]): MessageBatch {
  return {
    queue: batch.queue,
    metadata: batch.metadata,
    messages,
    ackAll: () => messages.forEach((message) => message.ack()),
    retryAll: (options) => messages.forEach((message) => message.retry(options)),
  };
}
