import { createServer, type Server } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { ANSWER_BYTES_MAX, type HttpRequest, guardedHttp } from '../../src/lib/http.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
}

function request(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url, headers: { 'x-test': '1' }, body: 'hello', timeoutMs: 2_000, ...changes };
}

function guard(allows: (url: URL) => boolean = () => true, connections = new Semaphore(5)) {
  return guardedHttp({ fetch, allows, connections });
}

describe('the guarded request', () => {
  it('sends method, headers and body, and returns status, headers and body', async () => {
    const got: unknown[] = [];
    const url = await serve((req, res) => {
      let body = '';
      req.on('data', (chunk) => (body += String(chunk)));
      req.on('end', () => {
        got.push(req.method, req.headers['x-test'], body);
        res.writeHead(201, { 'x-answer': 'yes' }).end('done');
      });
    });
    const answer = await guard()(request(url));
    expect(got).toEqual(['POST', '1', 'hello']);
    expect(answer).toMatchObject({ ok: true, value: { status: 201, body: 'done' } });
    expect(answer.ok && answer.value.headers.get('x-answer')).toBe('yes');
  });

  it.each([301, 302, 303, 307, 308])('never follows a %i', async (status) => {
    let elsewhere = 0;
    const target = await serve((_req, res) => {
      elsewhere++;
      res.end();
    });
    const url = await serve((_req, res) => res.writeHead(status, { location: target }).end());
    expect(await guard()(request(url))).toMatchObject({ ok: true, value: { status } });
    expect(elsewhere).toBe(0);
  });

  it('asks nobody when the host is not allowed, or the address is none', async () => {
    let asked = 0;
    const url = await serve((_req, res) => {
      asked++;
      res.end();
    });
    const { host } = new URL(url);
    expect(await guard(() => false)(request(url))).toEqual({
      ok: false,
      error: { kind: 'host_not_allowed', host },
    });
    expect(await guard()(request('not an address'))).toEqual({
      ok: false,
      error: { kind: 'host_not_allowed', host: '' },
    });
    expect(asked).toBe(0);
  });

  it('says when it leaves: not before there is a connection for it', async () => {
    const connections = new Semaphore(1);
    const held = await connections.acquire();
    const url = await serve((_req, res) => res.end());
    let hasLeft = false;
    const answer = guard(undefined, connections)(request(url, { onSend: () => (hasLeft = true) }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasLeft).toBe(false);
    held();
    expect(await answer).toMatchObject({ ok: true });
    expect(hasLeft).toBe(true);
  });

  it('leaves no more when that throws, and gives its connection back', async () => {
    const connections = new Semaphore(1);
    let asked = 0;
    const url = await serve((_req, res) => {
      asked++;
      res.end();
    });
    const onSend = () => {
      throw new Error('given up');
    };
    await expect(guard(undefined, connections)(request(url, { onSend }))).rejects.toThrow('given up');
    expect(asked).toBe(0);
    expect(await guard(undefined, connections)(request(url))).toMatchObject({ ok: true });
  });

  it('gives up when no answer comes in time', async () => {
    const url = await serve(() => undefined);
    expect(await guard()(request(url, { timeoutMs: 50 }))).toEqual({
      ok: false,
      error: { kind: 'timeout', timeoutMs: 50 },
    });
  });

  it('keeps the status when the body never ends or breaks off: the answer was seen', async () => {
    const endless = await serve((_req, res) => {
      res.writeHead(202).write('begun');
    });
    expect(await guard()(request(endless, { timeoutMs: 100 }))).toMatchObject({
      ok: true,
      value: { status: 202, body: 'begun' },
    });
    const broken = await serve((_req, res) => {
      res.writeHead(202, { 'content-length': '100' });
      res.write('begun', () => res.destroy());
    });
    expect(await guard()(request(broken))).toMatchObject({ ok: true, value: { status: 202 } });
  });

  it('reads no more of an answer than it must', async () => {
    const url = await serve((_req, res) => {
      res.end('x'.repeat(10 * ANSWER_BYTES_MAX));
    });
    const answer = await guard()(request(url));
    expect(answer.ok && answer.value.body.length).toBe(ANSWER_BYTES_MAX);
  });

  it.each([10, 2 * ANSWER_BYTES_MAX])(
    'reads as much as the request says: %i bytes',
    async (answerBytesMax) => {
      const url = await serve((_req, res) => {
        res.end('x'.repeat(10 * ANSWER_BYTES_MAX));
      });
      const answer = await guard()(request(url, { answerBytesMax }));
      expect(answer.ok && answer.value.body.length).toBe(answerBytesMax);
    },
  );

  it('tells a refused connection and a dropped one as network failures', async () => {
    const dropped = await serve((req) => req.socket.destroy());
    expect(await guard()(request(dropped))).toMatchObject({ ok: false, error: { kind: 'network' } });
    expect(await guard()(request('http://127.0.0.1:1/'))).toMatchObject({
      ok: false,
      error: { kind: 'network' },
    });
  });

  it('says in words what the platform gives a reference for', async () => {
    const send = guardedHttp({
      fetch: async () => Promise.reject(new Error('internal error; reference = 0123456789abcdefghij')),
      allows: () => true,
      connections: new Semaphore(1),
    });
    const detail = 'edr.example.com: no connection: the name is unknown, or nothing answers there';
    expect(await send(request('https://edr.example.com/'))).toEqual({
      ok: false,
      error: { kind: 'network', detail },
    });
  });

  it('tells a failed TLS handshake apart', async () => {
    const send = guardedHttp({
      fetch: async () =>
        Promise.reject(new Error("TLS peer's certificate is not trusted; reason = self signed")),
      allows: () => true,
      connections: new Semaphore(1),
    });
    expect(await send(request('https://edr.example.com/'))).toMatchObject({
      ok: false,
      error: { kind: 'tls' },
    });
  });

  it.each([
    'peer disconnected without gracefully ending TLS session',
    'SSL connection unexpectedly closed',
    'TLS connection reset by peer',
  ])('takes a TLS session that broke for a broken connection: %s', async (message) => {
    const send = guardedHttp({
      fetch: async () => Promise.reject(new Error(message)),
      allows: () => true,
      connections: new Semaphore(1),
    });
    expect(await send(request('https://edr.example.com/'))).toMatchObject({ error: { kind: 'network' } });
  });

  it('holds a connection until the headers arrive, and gives it back whatever happens', async () => {
    const connections = new Semaphore(1);
    const slow = await serve((_req, res) => {
      setTimeout(() => res.end('late'), 30);
    });
    const send = guard(() => true, connections);
    const answers = await Promise.all([
      send(request(slow)),
      send(request(slow, { timeoutMs: 5 })),
      send(request('http://127.0.0.1:1/')),
      send(request(slow)),
    ]);
    expect(answers.map((answer) => (answer.ok ? answer.value.status : answer.error.kind))).toEqual([
      200,
      'timeout',
      'network',
      200,
    ]);
  });
});

describe('Semaphore', () => {
  it('lets so many through at once, the others in their order', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    const work = async (n: number): Promise<void> => {
      const release = await semaphore.acquire();
      order.push(n);
      most = Math.max(most, ++inside);
      await Promise.resolve();
      inside--;
      release();
      release();
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map(work));
    expect(order).toEqual([1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });
});
