/** What all requests of one environment share: settings, sealer, the tenants that this isolate knows. Built at the first request. */

import type { Principal } from '../domain/principal.ts';
import type { WebhookVerifier } from '../ingest/signature.ts';
import { dummyVerifier } from '../ingest/signature.ts';
import type { Sealer } from '../lib/seal.ts';
import { createSealer } from '../lib/seal.ts';
import type { Env, Settings } from '../settings.ts';
import { settingsOf } from '../settings.ts';
import { IngestConfigs } from '../tenants/ingest-cache.ts';
import { HandedNames } from './handed-names.ts';
import { WebhookNotes } from './webhook-notes.ts';

/** What varies between production and a test. */
export interface AppOptions {
  readonly nowMs: () => number;
  readonly newRequestId: () => string;
  /** Random, and never the same twice: of minted tokens. */
  readonly newTokenId: () => string;
  /** For the keys of Cloudflare Access. */
  readonly fetch: typeof fetch;
  /** How long a webhook waits for its tenant's object before its events overflow. */
  readonly acceptTimeoutMs: number;
  /** How long it then waits for the overflow queue before it is told to come again. */
  readonly overflowTimeoutMs: number;
}

/** The types that Hono threads through its handlers. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Behind `authenticate` only, as what follows. */
    principal: Principal;
    /** What came with `PUT` and `POST`, read before the caller was let in; empty with other methods. */
    body: Uint8Array;
  };
}

export interface Deployment {
  readonly settings: Settings;
  readonly sealer: Sealer;
  readonly ingestConfigs: IngestConfigs;
  readonly webhookNotes: WebhookNotes;
  readonly handedNames: HandedNames;
  /** Verifies for a tenant that does not exist, at the same cost. */
  readonly unknownTenant: () => Promise<WebhookVerifier>;
}

const deployments = new WeakMap<object, Deployment>();

/** The deployment behind an environment; throws when its settings are wrong. */
export function deploymentOf(env: Env, nowMs: () => number): Deployment {
  const known = deployments.get(env);
  if (known) return known;
  const settings = settingsOf(env);
  const sealer = createSealer(settings.masterKeys);
  let verifier: WebhookVerifier | undefined;
  const deployment: Deployment = {
    settings,
    sealer,
    ingestConfigs: new IngestConfigs({ kv: env.RELAY_KV, sealer, nowMs }),
    webhookNotes: new WebhookNotes(),
    handedNames: new HandedNames(),
    unknownTenant: async () => (verifier ??= await dummyVerifier()),
  };
  deployments.set(env, deployment);
  return deployment;
}
