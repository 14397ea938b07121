/**
 * A client of the HarfangLab simulator for the simulator's own tests: calls it over real HTTP with the right token.
 * It checks nothing, retries nothing and follows no redirect.
 */

import { HarfangLabSimulator, type HarfangLabOptions } from './harfanglab.ts';
import { isJsonObject, parseJson } from './request.ts';

const TOKEN = 'hl-test-token';

export interface CallerOptions {
  readonly query?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON; absent: no body and no content type. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ManagerAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object, empty when there was none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The `results` of a list, or the bare list. */
  readonly results: readonly Readonly<Record<string, unknown>>[];
}

/** A simulator that is listening, its clock, and calls of it. */
export class HarfangLabCaller {
  readonly simulator: HarfangLabSimulator;
  /** The simulator's clock. */
  nowMs = Date.parse('2026-11-22T09:00:00Z');

  private constructor(options: Partial<HarfangLabOptions>) {
    this.simulator = new HarfangLabSimulator({ token: TOKEN, nowMs: () => this.nowMs, ...options });
  }

  static async start(options: Partial<HarfangLabOptions> = {}): Promise<HarfangLabCaller> {
    const caller = new HarfangLabCaller(options);
    await caller.simulator.start();
    return caller;
  }

  async call(
    method: string,
    path: string,
    { query = {}, body, headers }: CallerOptions = {},
  ): Promise<ManagerAnswer> {
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${this.simulator.url}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Token ${TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return read(response);
  }
}

async function read(response: Response): Promise<ManagerAnswer> {
  const text = await response.text();
  const parsed = parseJson(text)?.value;
  const body = isJsonObject(parsed) ? parsed : {};
  const listed: unknown = Array.isArray(parsed) ? parsed : body['results'];
  const results = (Array.isArray(listed) ? listed : []).filter(isJsonObject);
  return { status: response.status, headers: response.headers, text, body, results };
}
