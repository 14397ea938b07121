/** What a tenant's object answers when it can't do what is asked, as the failure of the request. */

import type { Context } from 'hono';

import type { Busy, Refused } from '../../domain/unavailable.ts';
import type { Result } from '../../lib/result.ts';
import { failure, unreachable } from '../../lib/result.ts';
import type { AppEnv } from '../deployment.ts';
import type { RequestFailure } from '../request-failure.ts';
import { unavailable } from './existing.ts';

/** An unknown tenant here is one that went after it was found. */
export function refused(c: Context<AppEnv>, answer: Refused | Busy): Result<never, RequestFailure> {
  switch (answer.kind) {
    case 'unknown_tenant':
      return failure({ kind: 'tenant_not_found' });
    case 'busy':
      return failure({ kind: 'too_many_requests', retryAfterSeconds: answer.retryAfterSeconds });
    case 'unavailable':
      return unavailable(c, { cause: answer.reason });
    default:
      return unreachable(answer);
  }
}
