/** The stand-in's further routes: lanes, notices, dead letters, secrets, health, tokens, audit. */

import type { DeploymentHealth, TenantHealth } from '../../cli/api-types.ts';
import { withNewSecret } from '../../src/tenants/rotate-secret.ts';
import { mapSecrets } from '../../src/domain/config-secrets.ts';
import { fingerprinted } from './stand-in-tenants.ts';
import type { Asked, Route } from './stand-in-types.ts';
import { answer, jsonOf, problem } from './stand-in-types.ts';

const TENANT = String.raw`^/api/v1/tenants/([^/]+)`;
const IN_90_DAYS_MS = 90 * 86_400_000;

function page<T extends { readonly id: number }>(
  name: string,
  entries: readonly T[],
  { url }: Asked,
): Response {
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const before = Number(url.searchParams.get('before') ?? Infinity);
  const found = entries.filter(({ id }) => id < before).slice(0, limit);
  const last = found.length === limit ? found.at(-1) : undefined;
  return answer({ [name]: found, ...(last ? { nextBefore: last.id } : {}) });
}

function test({ state, parts: [, name = ''] }: Asked): Response {
  const eventId = 'test-1';
  const made = { lane: `${name}/events`, outcome: 'delivered', status: 200, durationMs: 12, eventId };
  const { tested, tests } = state;
  return answer(tested.get(name) ?? { destination: name, tests: [{ ...made, ...tests.get(name) }] });
}

function liftContainment(asked: Asked): Response {
  const { device_id: deviceId, hostname } = jsonOf<{ device_id?: string; hostname?: string }>(asked);
  const found = asked.state.isolated.find((host) => host.id === deviceId || host.name === hostname);
  if (!found) return problem(409, 'containment_not_lifted', 'Nothing was changed: the host is not isolated.');
  return answer({ lifted: true, device_id: found.id, detail: 'Falcon lets the host back.' });
}

async function setSecret(asked: Asked): Promise<Response> {
  const stored = asked.state.tenants.get(asked.parts[0] ?? '');
  if (!stored) return problem(404, 'tenant_not_found', 'No tenant has this id.');
  const { path, value } = jsonOf<{ path: string; value: string }>(asked);
  const changed = await withNewSecret(stored, { path, value, previous: 'keep' });
  if (!changed.ok) return problem(422, 'config_invalid', 'It can not be set.', { faults: changed.error });
  stored.config = changed.value;
  stored.version++;
  const secrets: unknown[] = [];
  await mapSecrets(await fingerprinted(stored.config), (fingerprint, purpose, at) => {
    secrets.push({ path: at, purpose, fingerprint, setAt: stored.savedAt, opens: true, isPrimaryKey: true });
    return fingerprint;
  });
  return answer({ version: stored.version, published: true, warnings: [], secrets });
}

function tenantHealth({ state, parts: [id = ''] }: Asked): Response {
  const stored = state.tenants.get(id);
  if (!stored) return problem(404, 'tenant_not_found', 'No tenant has this id.');
  const time = new Date(state.nowMs).toISOString();
  const health: TenantHealth = {
    tenant: id,
    jurisdiction: stored.config.residency === 'eu' ? 'eu' : null,
    version: stored.version,
    publishedVersion: stored.version,
    configFaults: [],
    secrets: { total: 2, opens: 2, primary: 2 },
    lanes: state.lanes,
    lastWebhook: { at: time, type: 'interaction.high_risk', accepted: true },
    eventsAccepted: 1,
    deadLetters: 0,
    storageBytes: 4096,
    noticeChannels: ['mail'],
    time,
    ...state.health,
  };
  return answer(health);
}

function deploymentHealth({ state }: Asked): Response {
  const health: DeploymentHealth = {
    time: new Date(state.nowMs).toISOString(),
    env: 'production',
    residency: 'global',
    keyIds: { primary: 'k1' },
    access: false,
    egressAllow: [],
    queues: { wakeups: { backlog: 0 }, overflow: { backlog: 0 } },
    ...state.deployment,
  };
  return answer(health);
}

function createToken(asked: Asked): Response {
  const { name, role, tenant = null } = jsonOf<{ name: string; role: 'viewer'; tenant?: string }>(asked);
  const { tokens, nowMs } = asked.state;
  const id = `tok${tokens.length + 1}`;
  const expiresAt = new Date(nowMs + IN_90_DAYS_MS).toISOString();
  const createdAt = new Date(nowMs).toISOString();
  tokens.unshift({ id, name, role, tenant, createdAt, createdBy: 'bootstrap', expiresAt });
  return answer({ id, token: `minted.${id}.secret-part`, name, role, tenant, expiresAt }, {}, 201);
}

function revokeToken({ state, parts: [id] }: Asked): Response {
  const index = state.tokens.findIndex((token) => token.id === id);
  const token = state.tokens[index];
  if (!token) return problem(404, 'token_not_found', 'No token has this id.');
  const revokedAt = new Date(state.nowMs).toISOString();
  state.tokens[index] = { ...token, revokedAt };
  return answer({ id, revokedAt });
}

export const otherRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/readyz$/,
    handle: () => answer({ status: 'ready', checks: { settings: 'ok', kv: 'ok' } }),
  },
  {
    method: 'GET',
    path: /^\/api\/v1\/me$/,
    handle: () => answer({ id: 'bootstrap', grants: [{ role: 'admin', tenant: null }] }),
  },
  { method: 'GET', path: /^\/api\/v1\/health$/, handle: deploymentHealth },
  { method: 'GET', path: new RegExp(`${TENANT}/health$`), handle: tenantHealth },
  {
    method: 'GET',
    path: new RegExp(`${TENANT}/lanes$`),
    handle: ({ state }) => answer({ lanes: state.lanes }),
  },
  {
    method: 'GET',
    path: new RegExp(`${TENANT}/notices$`),
    handle: (a) => page('notices', a.state.notices, a),
  },
  { method: 'GET', path: new RegExp(`${TENANT}/audit$`), handle: (a) => page('entries', a.state.audit, a) },
  { method: 'GET', path: /^\/api\/v1\/audit$/, handle: (a) => page('entries', a.state.audit, a) },
  {
    method: 'GET',
    path: new RegExp(`${TENANT}/dead-letters$`),
    handle: (a) => page('deadLetters', a.state.deadLetters, a),
  },
  {
    method: 'GET',
    path: new RegExp(`${TENANT}/dead-letters/(\\d+)$`),
    handle: ({ state, parts }) => {
      const letter = state.deadLetters.find(({ id }) => String(id) === parts[1]);
      return letter ? answer(letter) : problem(404, 'dead_letter_not_found', 'No dead letter has this id.');
    },
  },
  {
    method: 'POST',
    path: new RegExp(`${TENANT}/dead-letters/(?:\\d+/)?redrive$`),
    handle: () => answer({ redriven: 1, left: 0 }, {}, 202),
  },
  {
    method: 'POST',
    path: new RegExp(`${TENANT}/destinations/([^/]+)/(?:pause|resume)$`),
    handle: () => answer({ version: 8, published: true, discarded: 3 }),
  },
  {
    method: 'POST',
    path: new RegExp(`${TENANT}/destinations/([^/]+)/lift-containment$`),
    handle: liftContainment,
  },
  { method: 'POST', path: new RegExp(`${TENANT}/destinations/([^/]+)/test$`), handle: test },
  { method: 'POST', path: new RegExp(`${TENANT}/secrets$`), handle: setSecret },
  {
    method: 'POST',
    path: new RegExp(`${TENANT}/reseal$`),
    handle: ({ state, parts: [id = ''] }) =>
      state.tenants.has(id)
        ? answer({ version: 1, ...(state.reseals.shift() ?? { resealed: 2, unopened: 0, isComplete: true }) })
        : problem(404, 'tenant_not_found', 'No tenant has this id.'),
  },
  { method: 'GET', path: /^\/api\/v1\/tokens$/, handle: ({ state }) => answer({ tokens: state.tokens }) },
  { method: 'POST', path: /^\/api\/v1\/tokens$/, handle: createToken },
  { method: 'DELETE', path: /^\/api\/v1\/tokens\/([^/]+)$/, handle: revokeToken },
];
