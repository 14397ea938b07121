/** Two relays in memory, as far as a tenant's move asks them: each answers as the OpenAPI document says, and counts what it is asked. */

import { expectDescribed } from '../http/described.ts';
import { ORIGIN, TOKEN } from './fake-io.ts';

export const OTHER = 'https://eu.example.com';
export const OTHER_TOKEN = 'other-token-0123456789-abcdefgh';
const ID = '00000000-0000-4000-8000-000000000001';
const TOKENS: Readonly<Record<string, string>> = { [ORIGIN]: TOKEN, [OTHER]: OTHER_TOKEN };

interface Asked {
  readonly origin: string;
  readonly step: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export class MoveRelays {
  readonly asked: Asked[] = [];
  source: 'none' | 'leaving' | 'departed' | 'settled' = 'none';
  to = 'eu';
  came = 0;
  isActive = false;
  readonly pages: number;
  overflowing = 0;
  /** Answers in place of a step, once or for ever; may throw as `fetch` does. */
  intercept: (asked: Asked) => Response | undefined = () => undefined;

  constructor(pages = 3) {
    this.pages = pages;
  }

  steps(): string[] {
    return this.asked.map(({ step }) => step);
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { origin, pathname } = new URL(request.url);
    if (request.headers.get('authorization') !== `Bearer ${TOKENS[origin]}`)
      return problem(401, 'operator_refused', 'A valid bearer token is needed.');
    const text = await request.text();
    const body = text === '' ? {} : (JSON.parse(text) as Asked['body']);
    const step = `${request.method} ${pathname.replace('/api/v1/tenants/acme/', '')}`;
    this.asked.push({ origin, step, body });
    const answer = this.intercept({ origin, step, body }) ?? this.#answer(step, body);
    expectDescribed(request.method, pathname, answer.status, await answer.clone().json());
    return answer;
  };

  #answer(step: string, body: Asked['body']): Response {
    switch (step) {
      case 'POST move/offer':
        return json({ version: 4, sealed: 'offer', bytes: 1_500_000, overflowing: this.overflowing });
      case 'POST arrival/check':
        return json({ welcome: true });
      case 'POST move':
        this.source = 'leaving';
        this.to = String(body['to']);
        return json(this.#view());
      case 'POST move/pages':
        return json({
          n: body['n'],
          sealed: `page ${String(body['n'])}`,
          isLast: body['n'] === this.pages - 1,
        });
      case 'POST arrival/pages':
        this.came++;
        return json(this.#arrival());
      case 'POST move/finish':
        this.source = 'departed';
        return json(this.#view());
      case 'POST arrival/activate':
        this.isActive = true;
        return json({ version: 5, published: true });
      case 'POST move/settle':
        this.source = 'settled';
        return json(this.#view());
      case 'POST move/abandon':
        this.source = 'none';
        return json(this.#view());
      case 'POST arrival/abandon':
        this.came = 0;
        return json(this.#arrival());
      case 'GET move':
        return json({ ...this.#view(), residency: 'global' });
      default:
        return json(this.#arrival());
    }
  }

  #view(): object {
    const { source, to } = this;
    if (source === 'none') return { side: 'none', hasTenant: true };
    if (source === 'leaving') return { side: 'leaving', move: ID, to, until: '2026-11-23T00:00:00.000Z' };
    return { side: 'departed', move: ID, to, release: 'release', isSettled: source === 'settled' };
  }

  #arrival(): object {
    const { came } = this;
    if (came === 0) return { side: 'none', hasTenant: false };
    return { side: 'arriving', move: ID, pages: came, ...(came === this.pages && { proof: 'proof' }) };
  }
}

function json(body: object): Response {
  return Response.json(body);
}

export function problem(status: number, kind: string, detail: string, more: object = {}): Response {
  const type = `urn:noxys-relay:problem:${kind.replaceAll('_', '-')}`;
  return Response.json({ type, title: kind, status, detail, requestId: 'req-1', ...more }, { status });
}
