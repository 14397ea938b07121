/** The operator's bearer token, in front of every admin route. One answer to every refusal; the log names the reason. */

import type { MiddlewareHandler } from 'hono';

import { isEqualDigest, sha256 } from '../lib/hmac.ts';
import { logEvent } from '../lib/log.ts';
import { settingsOf } from '../settings.ts';
import type { AppEnv } from './deployment.ts';
import { problemResponse } from './problem.ts';

const BEARER_PATTERN = /^Bearer +([\x21-\x7e]+) *$/i;

type Refusal = 'missing_header' | 'malformed_header' | 'token_mismatch';

/** Lets a request pass whose caller is known. */
export const authenticate: MiddlewareHandler<AppEnv> = async (c, next) => {
  const refusal = refusalOf(c.req.header('authorization'), settingsOf(c.env).adminToken);
  if (refusal === undefined) {
    c.set('principal', { id: 'bootstrap', grants: [{ role: 'admin', tenant: null }] });
    return next();
  }
  logEvent('warn', 'operator.refused', { requestId: c.get('requestId'), reason: refusal });
  return problemResponse({ kind: 'operator_refused' }, c.get('requestId'));
};

/** Compares digests, which have one length, in constant time. */
function refusalOf(header: string | undefined, adminToken: string): Refusal | undefined {
  if (header === undefined) return 'missing_header';
  const token = BEARER_PATTERN.exec(header)?.[1];
  if (token === undefined) return 'malformed_header';
  return isEqualDigest(sha256(token), sha256(adminToken)) ? undefined : 'token_mismatch';
}
