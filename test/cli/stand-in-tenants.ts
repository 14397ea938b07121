/** The stand-in's tenants: kept, compared, written under preconditions, deleted. */

import type { PlanChange } from '../../cli/api-types.ts';
import type { TenantConfig } from '../../src/domain/tenant-config.ts';
import { mapSecrets } from '../../src/domain/config-secrets.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { warningsOf } from '../../src/tenants/warnings.ts';
import type { Asked, Route, Stored } from './stand-in-types.ts';
import { answer, jsonOf, problem } from './stand-in-types.ts';

const SETTINGS = { env: 'production', residency: 'global', egressAllow: ['edr.example.com'] } as const;
const NOT_FOUND = () => problem(404, 'tenant_not_found', 'No tenant has this id.');

/** The document of a request, kept secrets filled in, or the refusal. */
async function configOf(asked: Asked, id: string): Promise<Result<TenantConfig, Response>> {
  const checked = validateTenantConfig(jsonOf(asked), SETTINGS);
  if (!checked.ok) {
    const faults = checked.error;
    return failure(problem(422, 'config_invalid', `The config has ${faults.length} faults.`, { faults }));
  }
  const stored = asked.state.tenants.get(id)?.config;
  const { config } = { config: checked.value };
  if (stored && stored.residency !== config.residency) {
    return failure(problem(409, 'residency_change', `The tenant lives in ${stored.residency}.`));
  }
  const kept = stored ? [...stored.webhook.secrets] : [];
  const clear = await mapSecrets(config, (secret, _purpose, path) => {
    if (secret !== KEPT_SECRET) return secret;
    return path.startsWith('webhook.secrets')
      ? (kept.shift() ?? '')
      : (JSON.parse(leavesOf(stored)[path] ?? '""') as string);
  });
  return success(clear);
}

export async function fingerprinted(config: TenantConfig): Promise<TenantConfig> {
  return mapSecrets(config, (secret) => `#${sha256Hex(secret).slice(0, 8)}`);
}

function leavesOf(value: unknown, path = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null)
    return value === undefined ? {} : { [path]: JSON.stringify(value) };
  const inner = Object.entries(value).map(([key, one]: [string, unknown]) =>
    leavesOf(one, Array.isArray(value) ? `${path}[${key}]` : `${path}${path === '' ? '' : '.'}${key}`),
  );
  return Object.assign({}, ...inner) as Record<string, string>;
}

async function changesOf(stored: Stored | undefined, config: TenantConfig): Promise<PlanChange[]> {
  const before = stored ? leavesOf(await fingerprinted(stored.config)) : {};
  const after = leavesOf(await fingerprinted(config));
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((path) => {
    const [from, to] = [before[path], after[path]];
    if (from === to) return [];
    return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  });
}

async function plan(asked: Asked): Promise<Response> {
  const [id = ''] = asked.parts;
  const config = await configOf(asked, id);
  if (!config.ok) return config.error;
  const stored = asked.state.tenants.get(id);
  const changes = await changesOf(stored, config.value);
  const change = stored === undefined ? 'create' : changes.length === 0 ? 'none' : 'update';
  const warnings =
    change === 'none'
      ? []
      : warningsOf(config.value, { isIngestChanged: false, isLocal: false, stored: null, nowMs: Date.now() });
  return answer({ change, version: stored?.version ?? null, changes, warnings });
}

/** Source: RFC 9110 13.1. */
function isAllowed({ headers }: Asked, stored: Stored | undefined): boolean {
  const match = headers.get('if-match');
  if (match !== null && match !== `"${stored?.version}"`) return false;
  return headers.get('if-none-match') !== '*' || stored === undefined;
}

async function put(asked: Asked): Promise<Response> {
  const [id = ''] = asked.parts;
  const { state } = asked;
  const stored = state.tenants.get(id);
  if (!isAllowed(asked, stored))
    return problem(412, 'precondition_failed', 'The tenant is at another version.');
  const config = await configOf(asked, id);
  if (!config.ok) return config.error;
  const isSame = stored !== undefined && (await changesOf(stored, config.value)).length === 0;
  const version = isSame ? stored.version : (stored?.version ?? 0) + 1;
  state.tenants.set(id, { version, savedAt: new Date(state.nowMs).toISOString(), config: config.value });
  const shown = await mapSecrets(config.value, () => KEPT_SECRET);
  const body = { id, version, changed: !isSame, published: true, warnings: [], config: shown };
  return answer(body, { etag: `"${version}"` }, stored ? 200 : 201);
}

async function show({ state, parts: [id = ''] }: Asked): Promise<Response> {
  const stored = state.tenants.get(id);
  if (!stored) return NOT_FOUND();
  const { version, savedAt } = stored;
  const config = await mapSecrets(stored.config, () => KEPT_SECRET);
  const secrets: unknown[] = [];
  await mapSecrets(await fingerprinted(stored.config), (fingerprint, _purpose, path) => {
    secrets.push({ path, fingerprint, setAt: savedAt });
    return fingerprint;
  });
  return answer({ id, version, savedAt, config, secrets }, { etag: `"${version}"` });
}

function remove(asked: Asked): Response {
  const [id = ''] = asked.parts;
  const { tenants, undelivered } = asked.state;
  const stored = tenants.get(id);
  if (!stored) return NOT_FOUND();
  if (!isAllowed(asked, stored))
    return problem(412, 'precondition_failed', 'The tenant is at another version.');
  const waiting = undelivered.get(id) ?? 0;
  if (waiting > 0 && asked.url.searchParams.get('undelivered') !== 'discard') {
    return problem(
      409,
      'tenant_has_undelivered',
      `Not delivered yet: up to ${waiting}; dead letters: 0: deliver them, or give them up with ?undelivered=discard.`,
      {
        undelivered: waiting,
        deadLetters: 0,
      },
    );
  }
  tenants.delete(id);
  return answer({ id, undelivered: waiting, deadLetters: 0 });
}

function list({ state, url }: Asked): Response {
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const cursor = url.searchParams.get('cursor') ?? '';
  const prefix = url.searchParams.get('prefix') ?? '';
  if (limit < 1 || limit > 200) return problem(400, 'parameter_invalid', 'limit must be from 1 to 200.');
  const ids = [...state.tenants.keys()].toSorted().filter((id) => id > cursor && id.startsWith(prefix));
  const page = ids.slice(0, limit);
  const tenants = page.flatMap((id) => {
    const stored = state.tenants.get(id);
    return stored
      ? [{ id, residency: stored.config.residency, version: stored.version, savedAt: stored.savedAt }]
      : [];
  });
  return answer({ tenants, ...(ids.length > limit ? { nextCursor: page.at(-1) } : {}) });
}

export const tenantRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/api\/v1\/tenants$/, handle: list },
  { method: 'POST', path: /^\/api\/v1\/tenants\/([^/]+)\/plan$/, handle: plan },
  { method: 'GET', path: /^\/api\/v1\/tenants\/([^/]+)$/, handle: show },
  { method: 'PUT', path: /^\/api\/v1\/tenants\/([^/]+)$/, handle: put },
  { method: 'DELETE', path: /^\/api\/v1\/tenants\/([^/]+)$/, handle: remove },
];
