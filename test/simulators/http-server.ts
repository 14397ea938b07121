/**
 * What every vendor simulator stands on: an HTTP server on loopback that records each request, hides credentials in its
 * records, and can be told to fail. It knows no vendor: a subclass says what the vendor answers.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { FaultPlan, type ActiveFault, type Fault } from './faults.ts';
import {
  readBody,
  readHead,
  writeAnswer,
  type RecordedRequest,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

const HOST = '127.0.0.1';
/** Idle connections stay open longer than any client keeps them, so that the server never closes one just as it is used again. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000;
/** Bodies are kept up to this size unless the subclass says otherwise. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** A request whose fate is decided. */
export interface Exchange {
  /** Without its body when the connection was closed before that was read. */
  readonly request: SimulatorRequest;
  /** Completed as it is answered. */
  readonly record: RecordedRequest;
  /** The vendor has done what was asked, whether or not the client gets to know. */
  readonly isTaken: boolean;
}

export interface SimulatorServerOptions {
  /** 0, the default, takes a free one; kept over stop and start. */
  readonly port?: number;
  readonly bodyBytesMax?: number;
  readonly nowMs?: () => number;
  /** Told of each request before its answer goes out. */
  readonly onExchange?: (exchange: Exchange) => void;
}

type MutableRecord = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] };

export abstract class SimulatorServer {
  protected readonly nowMs: () => number;
  readonly #bodyBytesMax: number;
  readonly #onExchange: (exchange: Exchange) => void;
  readonly #faults = new FaultPlan();
  #port: number;
  #server: Server | undefined;
  #requests: MutableRecord[] = [];

  constructor(options: SimulatorServerOptions = {}) {
    this.#port = options.port ?? 0;
    this.#bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
    this.nowMs = options.nowMs ?? Date.now;
    this.#onExchange = options.onExchange ?? (() => undefined);
  }

  /** What the vendor answers; may record what it was given. Not asked for a request that a fault answers. */
  protected abstract answer(request: SimulatorRequest): SimulatorAnswer;

  /** Whether the Authorization header, which is present, is the right one for this path. */
  protected abstract authorizationIsRight(request: SimulatorRequest): boolean;

  /** Every request, in order of arrival; entries are completed as they are answered. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** Such as `http://127.0.0.1:40123`, without a trailing slash. Throws before the first start. */
  get url(): string {
    if (this.#port === 0) throw new Error('Cannot tell the URL as the simulator must be started: it is not');
    return `http://${HOST}:${this.#port}`;
  }

  /** Listens; after a stop, on the same port as before. */
  async start(): Promise<this> {
    const server = createServer((incoming, response) => void this.#serve(incoming, response));
    server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, HOST, resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#server = server;
    return this;
  }

  /** Stops listening and closes every connection, those of hung requests too. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  /** From now on, requests fail as described. */
  fail(fault: Fault): ActiveFault {
    return this.#faults.add(fault, this.nowMs());
  }

  /** Ends all faults; requests that hang already go on hanging. */
  heal(): void {
    this.#faults.clear();
  }

  /** Forgets the recorded requests. */
  forgetRequests(): void {
    this.#requests = [];
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const head = readHead(incoming, this.nowMs());
    const record = this.#record(head);
    const gone = new AbortController();
    let isDropped = false;
    response.on('close', () => {
      const isOurs = isDropped || this.#server === undefined;
      if (!response.writableFinished && !isOurs) record.abandoned = true;
      gone.abort();
    });
    const drop = () => {
      isDropped = true;
      incoming.socket.destroy();
    };
    if (this.#faults.take(head, 'before_reading', this.nowMs()) !== undefined) {
      record.isFaulted = true;
      this.#onExchange({ request: head, record, isTaken: false });
      drop();
      return;
    }
    const request = await readBody(head, incoming, this.#bodyBytesMax);
    if (request === undefined) return;
    record.bytes = request.bytes;
    const fault = this.#faults.take(request, 'after_reading', this.nowMs());
    record.isFaulted = fault !== undefined;
    if (fault?.hang === true) {
      this.#onExchange({ request, record, isTaken: false });
      return;
    }
    const answer = this.#answerUnder(fault, request);
    const isTaken = !isCanned(fault) && answer.status >= 200 && answer.status < 300;
    this.#onExchange({ request, record, isTaken });
    if (fault?.delayMs !== undefined)
      await sleep(fault.delayMs, undefined, { signal: gone.signal }).catch(() => {});
    if (fault?.drop !== undefined) drop();
    if (gone.signal.aborted || isDropped) return;
    record.status = answer.status;
    record.answeredAtMs = this.nowMs();
    writeAnswer(response, answer);
  }

  #record(head: SimulatorRequest): MutableRecord {
    const headers = { ...head.headers };
    if (headers['authorization'] !== undefined) {
      headers['authorization'] = this.authorizationIsRight(head) ? '[right]' : '[wrong]';
    }
    const { atMs, method, path } = head;
    const query = Object.fromEntries(head.query);
    const record: MutableRecord = { atMs, method, path, query, headers, bytes: 0, isFaulted: false };
    this.#requests.push(record);
    return record;
  }

  /** A canned answer stands in for the vendor's; a vendor whose answer is dropped or late has worked as usual. */
  #answerUnder(fault: Fault | undefined, request: SimulatorRequest): SimulatorAnswer {
    if (isCanned(fault)) {
      const { status, headers = {}, body, contentType = 'application/json' } = fault;
      return { status, headers, body, contentType };
    }
    try {
      return this.answer(request);
    } catch (error) {
      return { status: 500, body: { simulator: String(error) } };
    }
  }
}

/** Whether the fault's own answer stands in for the vendor's. */
function isCanned(fault: Fault | undefined): fault is Fault & { readonly status: number } {
  return fault?.status !== undefined && fault.drop === undefined;
}
