/** Requests that the relay does not take, whoever sends them: too large, encoded, of another type or method. */

import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeEvent } from './events.ts';
import { Stage, type TestTenant } from './stage.ts';

const BODY_BYTES_MAX = 256 * 1024;
const CHUNK_BYTES = 16 * 1024;

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly problem: Readonly<Record<string, unknown>>;
}

describe('a webhook that is too large or of the wrong kind', () => {
  let stage: Stage;
  let tenant: TestTenant;
  beforeAll(async () => {
    stage = await Stage.open();
    tenant = await stage.addTenant('acme');
  });
  afterAll(async () => stage.close());

  /** Sends the headers and `chunks` pieces of a body, and answers with what comes back, at whatever moment. */
  async function post(headers: Readonly<Record<string, string>>, chunks: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${stage.url}/hooks/${tenant.id}`, { method: 'POST', headers }, (answer) => {
        answer.setEncoding('utf8');
        let text = '';
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => {
          outgoing.destroy();
          const problem = JSON.parse(text) as Record<string, unknown>;
          resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'], problem });
        });
      });
      outgoing.once('error', reject);
      outgoing.flushHeaders();
      for (let i = 0; i < chunks; i++) outgoing.write('x'.repeat(CHUNK_BYTES));
      // Not ended: the answer may not wait for the rest.
    });
  }

  it('is refused at once when Content-Length is above 256 KiB, before its body was sent', async () => {
    const length = { 'content-length': `${BODY_BYTES_MAX + 1}`, 'content-type': 'application/json' };
    const answer = await post(length, 0);
    expect(answer).toMatchObject({ status: 413, type: 'application/problem+json', problem: { status: 413 } });
    expect(answer.problem['detail']).toContain(`${BODY_BYTES_MAX}`);
  });

  it('is refused above 256 KiB when it announces no length, before its end', async () => {
    const chunked = { 'transfer-encoding': 'chunked', 'content-type': 'application/json' };
    const answer = await post(chunked, BODY_BYTES_MAX / CHUNK_BYTES + 1);
    expect(answer).toMatchObject({ status: 413, type: 'application/problem+json', problem: { status: 413 } });
  });

  it('is taken up to 256 KiB', async () => {
    const { body } = makeEvent();
    const spare = BODY_BYTES_MAX - JSON.stringify({ ...body, padding: '' }).length;
    const largest = await tenant.sender.send({ ...body, padding: 'x'.repeat(spare) });
    expect(largest.body).toMatchObject({ accepted: 1 });
    const larger = await tenant.sender.send({ ...body, padding: 'x'.repeat(spare + 1) });
    expect(larger.status).toBe(413);
  });

  it.each([
    ['gzip', { headers: { 'content-encoding': 'gzip' } }],
    ['plain text', { contentType: 'text/plain' }],
    ['a form', { contentType: 'application/x-www-form-urlencoded' }],
  ])('is refused with 415 as %s', async (_, options) => {
    const answer = await tenant.sender.send(makeEvent().body, options);
    expect(answer.status).toBe(415);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      status: 415,
      title: expect.any(String),
      requestId: expect.any(String),
    });
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('is a problem with the method %s', async (method) => {
    const answer = await fetch(`${stage.url}/hooks/${tenant.id}`, { method });
    expect([404, 405]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: answer.status });
  });
});
