/** Whether a token can stand in an HTTP header. Pure; quotes no token. */

import type { ConfigFault } from '../domain/fault.ts';

/** Printable ASCII without a space. Source: RFC 6750 2.1 and RFC 9110 5.5, taken generously. */
const TOKEN_PATTERN = /^[\x21-\x7e]+$/;

/** The fault of a token that was normalised, if it has one; none when it is absent. */
export function tokenFault(path: string, token: string | undefined): ConfigFault[] {
  if (token === undefined || TOKEN_PATTERN.test(token)) return [];
  return [
    {
      path,
      message: 'must be one word of printable characters: copy it again, without spaces or line breaks',
    },
  ];
}
