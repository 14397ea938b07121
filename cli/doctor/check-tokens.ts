/** Tokens that end soon, and the one that is used. Pure. */

import type { Me, TokenView } from '../api-types.ts';
import { printable } from '../output/printable.ts';
import { formatAge } from '../output/time.ts';
import { type Finding, ok, warning } from './finding.ts';

const NEAR_MS = 14 * 86_400_000;
const FIX =
  'Make a new one (`npx noxys-relay token create`), put it where the old one is used, and revoke the old one.';
const WHY = 'What uses it stops working then.';

export function checkTokens(me: Me, tokens: readonly TokenView[], nowMs: number): readonly Finding[] {
  const near = tokens.filter(
    ({ revokedAt, expiresAt }) => revokedAt === undefined && isNear(expiresAt, nowMs),
  );
  const own =
    me.expiresAt !== undefined && isNear(me.expiresAt, nowMs)
      ? [warning('token', `The token in use expires ${formatAge(me.expiresAt, nowMs)}.`, WHY, FIX)]
      : [];
  const others = near
    .filter(({ id }) => me.id !== `token:${id}`)
    .map(({ id, name, expiresAt }) =>
      warning(
        'token',
        `The token "${printable(name)}" (${id}) expires ${formatAge(expiresAt, nowMs)}.`,
        WHY,
        FIX,
      ),
    );
  const found = [...own, ...others];
  return found.length > 0 ? found : [ok('token', 'No token is about to expire.')];
}

function isNear(expiresAt: string, nowMs: number): boolean {
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs > 0 && leftMs < NEAR_MS;
}
