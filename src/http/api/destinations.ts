/** `POST /api/v1/tenants/{id}/destinations/{name}/pause` and `…/resume`: a new version of the config, unless it is so already. */

import type { Context, Hono } from 'hono';

import type { ResumeAnswer, TenantRelayRpc } from '../../domain/rpc.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success, unreachable } from '../../lib/result.ts';
import type { AppEnv, AppOptions, Deployment } from '../deployment.ts';
import { deploymentOf } from '../deployment.ts';
import type { RequestFailure } from '../problem.ts';
import { problemResponse } from '../problem.ts';
import { askExisting, requestFields, unavailable } from './existing.ts';
import { readBodyFields, readParameters } from './fields.ts';
import { laneStart } from './values.ts';
import { etagOf } from './version.ts';

/** The destination routes, behind the operator's token. */
export function mountDestinations(app: Hono<AppEnv>, options: AppOptions): void {
  app.post('/api/v1/tenants/:id/destinations/:name/pause', async (c) => {
    const destination = c.req.param('name');
    const parameters = readParameters(c, {});
    if (!parameters.ok) return answerSaved(c, parameters);
    return answerSaved(
      c,
      await save(c, deploymentOf(c.env, options.nowMs), 'destination.paused', async (relay) =>
        relay.pause({ v: 1, destination }),
      ),
    );
  });
  app.post('/api/v1/tenants/:id/destinations/:name/resume', async (c) => {
    const destination = c.req.param('name');
    const parameters = readParameters(c, {});
    if (!parameters.ok) return answerSaved(c, parameters);
    const body = await readBodyFields(c, { from: laneStart });
    if (!body.ok) return answerSaved(c, body);
    const { from = 'backlog' } = body.value;
    return answerSaved(
      c,
      await save(c, deploymentOf(c.env, options.nowMs), 'destination.resumed', async (relay) =>
        relay.resume({ v: 1, destination, from }),
      ),
    );
  });
}

type Saved = Extract<ResumeAnswer, { kind: 'saved' }>;

function answerSaved(c: Context<AppEnv>, saved: Result<Saved, RequestFailure>): Response {
  if (!saved.ok) return problemResponse(saved.error, c.get('requestId'));
  const { version, isPublished, discarded } = saved.value;
  c.header('etag', etagOf(version));
  return c.json({ version, published: isPublished, discarded });
}

async function save(
  c: Context<AppEnv>,
  deployment: Deployment,
  event: 'destination.paused' | 'destination.resumed',
  ask: (relay: TenantRelayRpc) => Promise<ResumeAnswer>,
): Promise<Result<Saved, RequestFailure>> {
  const answer = await askExisting(c, deployment, ask);
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case 'saved': {
      const { version, discarded } = answer.value;
      const destination = c.req.param('name');
      logEvent('info', event, { ...requestFields(c), destination, version, discarded });
      return success(answer.value);
    }
    case 'unknown_destination':
      return failure({ kind: 'destination_not_found' });
    case 'unknown_tenant':
      return failure({ kind: 'tenant_not_found' });
    case 'unavailable':
      return unavailable(c, { cause: answer.value.reason });
    default:
      return unreachable(answer.value);
  }
}
