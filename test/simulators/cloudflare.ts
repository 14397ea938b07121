/**
 * Cloudflare's API v4 on loopback, as far as wrangler 4.155.0 asks it in a setup and a deployment: KV namespaces, queues, Workers
 * with their secrets, assets and triggers. One account, one token. It runs nothing and keeps every request.
 */

import { randomUUID } from 'node:crypto';

import { refusals, result } from './cloudflare-answers.ts';
import { KvNamespaces, Queues } from './cloudflare-resources.ts';
import { Workers } from './cloudflare-workers.ts';
import { SimulatorServer, type SimulatorServerOptions } from './http-server.ts';
import {
  isJsonObject,
  parseJson,
  type RecordedRequest,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';

/** Of this simulator alone. */
const TOKEN = 'simulated-cloudflare-token';

type Handler = (request: SimulatorRequest, ...parts: string[]) => SimulatorAnswer;

export class Cloudflare extends SimulatorServer {
  readonly accountId = 'a'.repeat(32);
  readonly namespaces = new KvNamespaces();
  readonly queues = new Queues();
  readonly workers = new Workers(this.namespaces, this.queues);
  /** Host names of custom domains, by Worker. */
  readonly domains = new Map<string, readonly string[]>();
  #isTokenValid = true;
  readonly #routes: readonly (readonly [method: string, pattern: RegExp, handler: Handler])[];

  constructor(options: SimulatorServerOptions = {}) {
    super(options);
    this.#routes = this.#makeRoutes();
  }

  /** What makes wrangler talk to this account. */
  get environment(): Readonly<Record<string, string>> {
    return {
      CLOUDFLARE_API_BASE_URL: this.url,
      CLOUDFLARE_API_TOKEN: TOKEN,
      CLOUDFLARE_ACCOUNT_ID: this.accountId,
    };
  }

  /** From now on nobody is logged in. */
  revokeToken(): void {
    this.#isTokenValid = false;
  }

  /** The requests that may change something. */
  get writes(): readonly RecordedRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  protected authorizationIsRight({ headers, path }: SimulatorRequest): boolean {
    const isAssetUpload = path.endsWith('/workers/assets/upload');
    return (
      this.#isTokenValid &&
      headers['authorization'] === `Bearer ${isAssetUpload ? 'simulated-upload' : TOKEN}`
    );
  }

  protected answer(request: SimulatorRequest): SimulatorAnswer {
    if (!this.authorizationIsRight(request)) return refusals.wrongToken();
    const account = `/accounts/${this.accountId}/`;
    const path = request.path.startsWith(account) ? request.path.slice(account.length) : undefined;
    for (const [method, pattern, handler] of this.#routes) {
      const match = path === undefined || method !== request.method ? null : pattern.exec(path);
      if (match) return handler(request, ...match.slice(1));
    }
    return refusals.unknownRoute(`${request.method} ${request.path}`);
  }

  #makeRoutes(): (readonly [string, RegExp, Handler])[] {
    const { namespaces, queues, workers } = this;
    const unchanged: Handler = (request) => result(parseJson(request.body.toString('utf8'))?.value ?? null);
    return [
      ['GET', /^storage\/kv\/namespaces$/, ({ query }) => namespaces.list(query)],
      ['POST', /^storage\/kv\/namespaces$/, (request) => namespaces.create(request)],
      ['GET', /^queues$/, ({ query }) => queues.list(query)],
      ['POST', /^queues$/, (request) => queues.create(request)],
      ['POST', /^queues\/(\w+)\/consumers$/, (request, id = '') => queues.setConsumer(id, request)],
      ['PUT', /^queues\/(\w+)\/consumers\/\w+$/, (request, id = '') => queues.setConsumer(id, request)],
      ['GET', /^workers\/services\/([\w-]+)$/, (_, name = '') => workers.service(name)],
      ['GET', /^workers\/scripts\/([\w-]+)\/settings$/, (_, name = '') => workers.settings(name)],
      ['GET', /^workers\/scripts\/([\w-]+)\/secrets$/, (_, name = '') => workers.listSecrets(name)],
      [
        'PATCH',
        /^workers\/scripts\/([\w-]+)\/secrets-bulk$/,
        (request, name = '') => workers.patchSecrets(name, request),
      ],
      ['PUT', /^workers\/scripts\/([\w-]+)$/, (request, name = '') => workers.upload(name, request)],
      ['GET', /^workers\/scripts\/[\w-]+\/deployments$/, () => result({ deployments: [] })],
      ['POST', /^workers\/scripts\/[\w-]+\/assets-upload-session$/, (request) => startAssets(request)],
      ['POST', /^workers\/assets\/upload$/, () => result({ jwt: 'simulated-complete' }, 201)],
      [
        'GET',
        /^workers\/workers\/[\w-]+$/,
        () => result({ subdomain: { enabled: false, previews_enabled: false } }),
      ],
      ['POST', /^workers\/scripts\/[\w-]+\/subdomain$/, unchanged],
      ['PUT', /^workers\/scripts\/[\w-]+\/schedules$/, unchanged],
      ['PATCH', /^workers\/scripts\/[\w-]+\/script-settings$/, unchanged],
      [
        'POST',
        /^workers\/scripts\/[\w-]+\/domains\/changeset$/,
        () => result({ added: [], removed: [], updated: [], conflicting: [] }),
      ],
      [
        'PUT',
        /^workers\/scripts\/([\w-]+)\/domains\/records$/,
        (request, name = '') => this.#setDomains(name, request),
      ],
    ];
  }

  #setDomains(name: string, request: SimulatorRequest): SimulatorAnswer {
    const value = parseJson(request.body.toString('utf8'))?.value;
    const origins =
      isJsonObject(value) && Array.isArray(value['origins']) ? (value['origins'] as unknown[]) : [];
    const hosts = origins.map((origin) => (isJsonObject(origin) ? String(origin['hostname']) : ''));
    this.domains.set(name, hosts);
    return result(hosts.map((hostname) => ({ id: randomUUID(), hostname, service: name })));
  }
}

/** Every file of the manifest is wanted, in one bucket. */
function startAssets(request: SimulatorRequest): SimulatorAnswer {
  const value = parseJson(request.body.toString('utf8'))?.value;
  const manifest = isJsonObject(value) && isJsonObject(value['manifest']) ? value['manifest'] : {};
  const hashes = Object.values(manifest).map((file) => (isJsonObject(file) ? String(file['hash']) : ''));
  return result({ jwt: 'simulated-upload', buckets: [hashes] }, 201);
}
