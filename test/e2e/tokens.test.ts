/** Who may call the admin API of the built Worker: minted tokens, their registry on disk, and Cloudflare Access played on loopback. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AccessSimulator, CERTS_PATH } from '../simulators/access.ts';
import { type LocalRelay, startLocalRelay } from './local-relay.ts';

const ADMIN_TOKEN = randomBytes(24).toString('base64url');
const OLD_KEY = randomBytes(32).toString('base64url');
const NEW_KEY = randomBytes(32).toString('base64url');
const ROLES = 'admin=ops@mssp.eu; viewer/acme=*@acme.fr; metrics=service:abc.access';

interface Minted {
  readonly id: string;
  readonly token: string;
}

describe('callers of the admin API', () => {
  let folder: string;
  let certs: Server;
  let access: AccessSimulator;
  let relay: LocalRelay;
  let isCertsDown = false;
  const logs: string[] = [];
  const secrets = [ADMIN_TOKEN, OLD_KEY, NEW_KEY];

  const start = async (vars: Readonly<Record<string, string>>) => {
    const all = { RELAY_ADMIN_TOKEN: ADMIN_TOKEN, ...access.variables(ROLES), ...vars };
    relay = await startLocalRelay({ persistTo: folder, vars: all, onLog: (line) => void logs.push(line) });
  };
  const restart = async (vars: Readonly<Record<string, string>>) => {
    await relay.stop();
    await start(vars);
  };
  const call = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ) => {
    const response = await fetch(`${relay.url}/api/v1/${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const mint = async (body: unknown): Promise<Minted> => {
    const minted = await call('POST', 'tokens', bearer(ADMIN_TOKEN), body);
    expect(minted.status).toBe(201);
    const { id, token } = minted.body as unknown as Minted;
    secrets.push(token);
    return { id, token };
  };
  const assertion = async (changes?: Parameters<AccessSimulator['assertion']>[0]) => {
    const text = await access.assertion(changes);
    secrets.push(text);
    return { 'cf-access-jwt-assertion': text };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'noxys-relay-tokens-'));
    certs = createServer((request, response) => {
      const isCerts = request.url === CERTS_PATH && !isCertsDown;
      response.writeHead(isCerts ? 200 : 503).end(isCerts ? access.certs : '');
    });
    await new Promise<void>((resolve) => certs.listen(0, '127.0.0.1', resolve));
    const { port } = certs.address() as AddressInfo;
    access = await AccessSimulator.create(`http://127.0.0.1:${port}`, undefined, 'RS256');
    await start({ RELAY_MASTER_KEY: OLD_KEY });
    const tenant = {
      id: 'acme',
      residency: 'eu',
      webhook: { secrets: [`whsec_${randomBytes(32).toString('base64')}`] },
    };
    await call('PUT', 'tenants/acme', bearer(ADMIN_TOKEN), tenant);
  });
  afterAll(async () => {
    await relay.stop();
    await new Promise((resolve) => certs.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  it('who come through Access have the roles that ACCESS_ROLES gives them', async () => {
    expect(await call('GET', 'me', await assertion())).toMatchObject({
      status: 200,
      body: { id: 'access:ops@mssp.eu', grants: [{ role: 'admin', tenant: null }] },
    });
    const viewer = await assertion({ claims: { email: 'jean@acme.fr' } });
    expect((await call('GET', 'tenants/acme', viewer)).status).toBe(200);
    expect((await call('GET', 'tenants/other', viewer)).status).toBe(404);
    expect((await call('POST', 'tenants/acme/destinations/edr/pause', viewer)).status).toBe(403);
    const service = await assertion({ claims: { email: undefined, common_name: 'abc.access' } });
    expect((await call('GET', 'me', service)).body).toMatchObject({ id: 'access:abc.access' });
    expect((await call('GET', 'me', await assertion({ claims: { email: 'eve@mssp.eu' } }))).status).toBe(403);
  });

  it('who forge an assertion are refused', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [
      { aud: ['cd'.repeat(32)] },
      { iss: 'https://evil.cloudflareaccess.com' },
      { exp: now - 60 },
      { type: 'org' },
    ])
      expect((await call('GET', 'me', await assertion({ claims }))).status).toBe(401);
  });

  it('who was revoked gets 401 at the next request, also after a restart', async () => {
    const { id, token } = await mint({ name: 'ci', role: 'viewer', tenant: 'acme' });
    const kept = await mint({ name: 'kept', role: 'viewer', tenant: 'acme' });
    for (let i = 0; i < 3; i++)
      expect((await call('GET', 'tenants/acme/lanes', bearer(token))).status).toBe(200);
    expect((await call('DELETE', `tokens/${id}`, bearer(ADMIN_TOKEN))).status).toBe(200);
    expect((await call('GET', 'tenants/acme/lanes', bearer(token))).status).toBe(401);
    expect((await call('GET', 'tenants/acme/lanes', bearer(kept.token))).status).toBe(200);
    await restart({ RELAY_MASTER_KEY: OLD_KEY });
    expect((await call('GET', 'tenants/acme/lanes', bearer(token))).status).toBe(401);
    expect((await call('GET', 'tenants/acme/lanes', bearer(kept.token))).status).toBe(200);
  });

  it('keep their tokens through a rotation of the master key, until the old one is gone', async () => {
    const { token } = await mint({ name: 'before', role: 'viewer' });
    await restart({ RELAY_MASTER_KEY: NEW_KEY, RELAY_MASTER_KEY_PREVIOUS: OLD_KEY });
    expect((await call('GET', 'me', bearer(token))).status).toBe(200);
    const after = await mint({ name: 'after', role: 'viewer' });
    await restart({ RELAY_MASTER_KEY: NEW_KEY });
    expect((await call('GET', 'me', bearer(token))).status).toBe(401);
    expect((await call('GET', 'me', bearer(after.token))).status).toBe(200);
  });

  it("who come through Access get 503, not 401, while its keys can't be had; tokens go on", async () => {
    const { token } = await mint({ name: 'meanwhile', role: 'viewer' });
    isCertsDown = true;
    await restart({ RELAY_MASTER_KEY: NEW_KEY });
    expect((await call('GET', 'me', await assertion())).status).toBe(503);
    expect((await call('GET', 'me', bearer(token))).status).toBe(200);
  });

  it('are in the audit with what they did, and their secrets are in no log line', async () => {
    const audit = await call('GET', 'audit', bearer(ADMIN_TOKEN));
    const entries = audit.body['entries'] as { action: string; detail: { name?: string; tenant?: string } }[];
    expect(entries.map(({ action, detail }) => `${action} ${detail.name ?? detail.tenant}`)).toEqual([
      'token.minted meanwhile',
      'token.minted after',
      'token.minted before',
      'token.revoked ci',
      'token.minted kept',
      'token.minted ci',
      'tenant.created acme',
    ]);
    const written = [...logs, JSON.stringify(audit.body)].join('\n');
    expect(
      secrets.filter((secret) => written.includes(secret) || written.includes(signatureOf(secret))),
    ).toEqual([]);
    expect(logs.some((line) => line.includes('operator.refused'))).toBe(true);
  });
});

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function signatureOf(token: string): string {
  return token.split('.').at(-1) ?? token;
}
