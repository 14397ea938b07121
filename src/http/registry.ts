/** What the deployment's token registry answers. It is asked anew each time, and nothing of it is kept. */

import type { TokenRegistryRpc } from '../domain/registry.ts';
import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { registryStub } from '../residency.ts';
import type { Env, Settings } from '../settings.ts';

/** It answers in milliseconds, across continents in a few hundred; a dashboard gives up after some seconds. */
const REGISTRY_TIMEOUT_MS = 5_000;
const UNAVAILABLE = { kind: 'unavailable', retryAfterSeconds: 5 } as const;

/** `ask` is one call of it and nothing else: whatever throws there is the registry's. */
export async function askRegistry<T>(
  {
    env,
    settings,
    requestId,
  }: { readonly env: Env; readonly settings: Settings; readonly requestId: string },
  ask: (registry: TokenRegistryRpc) => Promise<T>,
): Promise<Result<T, typeof UNAVAILABLE>> {
  try {
    const answer = await withDeadline(ask(registryStub(env.TOKENS, settings)), REGISTRY_TIMEOUT_MS);
    if (answer.ok) return success(answer.value);
    logEvent('error', 'registry.unreachable', { requestId, cause: 'deadline' });
  } catch (error) {
    logEvent('error', 'registry.unreachable', { requestId, ...causeFields(error) });
  }
  return failure(UNAVAILABLE);
}
