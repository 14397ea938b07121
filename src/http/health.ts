/** Whether the Worker runs, and whether it could serve: no secret, no tenant name, no object is woken. */

import type { Hono } from 'hono';

import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Env } from '../settings.ts';
import { settingsOf } from '../settings.ts';
import type { Check } from './bindings.ts';
import { checkBindings, versionOf } from './bindings.ts';
import type { AppEnv } from './deployment.ts';

/** A probe of a load balancer gives up after about 5 s. */
const KV_TIMEOUT_MS = 3_000;
/** Never written: reading it says whether KV answers. */
const PROBE_KEY = 'ready/v1';

/** `GET /healthz` and `GET /readyz`. */
export function mountHealth(app: Hono<AppEnv>): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const checks: Record<string, Check> = {
      settings: checkSettings(c.env),
      kv: await checkKv(c.env),
      ...checkBindings(c.env),
    };
    const isReady = Object.values(checks).every((check) => check === 'ok');
    const status = isReady ? 'ready' : 'not_ready';
    return c.json({ status, checks, ...versionOf(c.env) }, isReady ? 200 : 503);
  });
}

function checkSettings(env: Env): Check {
  try {
    settingsOf(env);
    return 'ok';
  } catch (error) {
    logEvent('error', 'settings.refused', causeFields(error));
    return 'failed';
  }
}

async function checkKv(env: Env): Promise<Check> {
  try {
    const answer = await withDeadline(env.RELAY_KV.get(PROBE_KEY), KV_TIMEOUT_MS);
    return answer.ok ? 'ok' : 'failed';
  } catch (error) {
    logEvent('error', 'kv.failed', causeFields(error));
    return 'failed';
  }
}
