/**
 * The Workers of a simulated Cloudflare account: drafts, secrets, uploads and what an upload binds. An upload is refused when it
 * names a namespace, a queue or an inherited secret that is not there, as `bindings_inherit=strict` makes it.
 */

import { randomUUID } from 'node:crypto';

import { refusals, result } from './cloudflare-answers.ts';
import { fieldsOf, type KvNamespaces, type Queues } from './cloudflare-resources.ts';
import { isJsonObject, parseJson, type SimulatorAnswer, type SimulatorRequest } from './request.ts';

/** A Durable Object class whose storage kind was given for good. */
export type Lifecycle = Readonly<Record<string, { readonly type?: string; readonly storage?: string }>>;

export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

interface UploadMetadata {
  readonly bindings?: readonly Binding[];
  readonly keep_bindings?: readonly string[];
  readonly exports?: Lifecycle;
  readonly [field: string]: unknown;
}

export interface Script {
  /** What the last upload bound, with what it inherited. */
  readonly bindings: readonly Binding[];
  /** The last upload's metadata; a draft's has no bindings. */
  readonly metadata: UploadMetadata;
  readonly secrets: ReadonlyMap<string, string>;
  readonly uploads: number;
}

export class Workers {
  readonly scripts = new Map<string, Script>();
  readonly #namespaces: KvNamespaces;
  readonly #queues: Queues;

  constructor(namespaces: KvNamespaces, queues: Queues) {
    this.#namespaces = namespaces;
    this.#queues = queues;
  }

  service(name: string): SimulatorAnswer {
    if (!this.scripts.has(name)) return refusals.serviceNotFound();
    const script = { tag: 'simulated', tags: [], last_deployed_from: 'wrangler' };
    return result({ id: name, default_environment: { environment: 'production', script } });
  }

  settings(name: string): SimulatorAnswer {
    const script = this.scripts.get(name);
    return script === undefined ? refusals.workerNotFound() : result({ bindings: script.bindings, tags: [] });
  }

  listSecrets(name: string): SimulatorAnswer {
    const script = this.scripts.get(name);
    if (script === undefined) return refusals.workerNotFound();
    return result([...script.secrets.keys()].map((secret) => ({ name: secret, type: 'secret_text' })));
  }

  /** JSON merge patch: null deletes. */
  patchSecrets(name: string, request: SimulatorRequest): SimulatorAnswer {
    const script = this.scripts.get(name);
    if (script === undefined) return refusals.workerNotFound();
    const read = fieldsOf(request, ['secrets']);
    if ('refused' in read) return read.refused;
    const secrets = new Map(script.secrets);
    for (const [key, entry] of Object.entries(read.fields['secrets'] ?? {})) {
      if (entry === null) secrets.delete(key);
      else if (isJsonObject(entry) && typeof entry['text'] === 'string') secrets.set(key, entry['text']);
      else return refusals.malformed(`the secret ${key}`);
    }
    this.scripts.set(name, { ...script, secrets });
    return result([...secrets.keys()].map((secret) => ({ name: secret, type: 'secret_text' })));
  }

  /** `PUT …/scripts/{name}`: a multipart form whose field `metadata` says what is bound. */
  upload(name: string, request: SimulatorRequest): SimulatorAnswer {
    const metadata = readMetadata(request);
    if (metadata === undefined) return refusals.malformed('metadata');
    const before = this.scripts.get(name);
    const { bindings = [] } = metadata;
    const secrets = new Map(before?.secrets);
    for (const { name: secret, type, text } of bindings) {
      if (type === 'secret_text' && typeof text === 'string') secrets.set(secret, text);
    }
    const bound = bindings.map((binding) => this.#settled(binding, before, secrets));
    const refused = this.#refusedOf(bound);
    if (refused !== undefined) return refused;
    this.scripts.set(name, { bindings: bound, metadata, secrets, uploads: (before?.uploads ?? 0) + 1 });
    const id = randomUUID().replaceAll('-', '');
    return result({
      id: name,
      etag: 'simulated',
      deployment_id: id,
      startup_time_ms: 1,
      exports_reconciliation: null,
    });
  }

  /** An inherited binding as it was before; itself when there is none. */
  #settled(binding: Binding, before: Script | undefined, secrets: ReadonlyMap<string, string>): Binding {
    if (binding.type !== 'inherit') return binding;
    if (secrets.has(binding.name)) return { name: binding.name, type: 'secret_text' };
    return before?.bindings.find(({ name }) => name === binding.name) ?? binding;
  }

  #refusedOf(bindings: readonly Binding[]): SimulatorAnswer | undefined {
    const unset = bindings.filter(({ type }) => type === 'inherit').map(({ name }) => name);
    if (unset.length > 0) return refusals.secretsNotSet(unset);
    for (const { type, namespace_id: id, queue_name: queue } of bindings) {
      if (type === 'kv_namespace' && !this.#namespaces.all.some((known) => known.id === id))
        return refusals.namespaceNotFound(String(id));
      if (type === 'queue' && !this.#queues.all.some((known) => known.queue_name === queue))
        return refusals.queueNotFound(String(queue));
    }
    return undefined;
  }
}

/** The field `metadata` of a multipart form, which is JSON. */
function readMetadata(request: SimulatorRequest): UploadMetadata | undefined {
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return undefined;
  const parts = request.body.toString('latin1').split(`--${boundary}`);
  const part = parts.find((candidate) => /^\r\n[^\r]*name="metadata"/i.test(candidate));
  const text = part?.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '') ?? '';
  const value = parseJson(Buffer.from(text, 'latin1').toString('utf8'))?.value;
  return isJsonObject(value) ? value : undefined;
}
