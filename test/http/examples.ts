/** A request for each admin route, on the tenant `acme`, made from what the route and its description say. */

import type { AdminRoute } from '../../src/http/admin-route.ts';
import { keyOf } from '../../src/openapi/document.ts';
import { operations } from '../../src/openapi/operations.ts';
import { sampleDocument } from '../tenants/sample.ts';

export interface AdminRequest extends Pick<AdminRoute, 'method' | 'path' | 'role' | 'scope'> {
  /** JSON. */
  readonly body?: string;
}

/** For the parameters of paths, by name. */
const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'acme',
  name: 'edr',
  letter: '10',
  token: '00000000-0000-4000-8000-00000000abcd',
  event: 'evt_1',
  eventId: 'evt_1',
  ruleId: 'noxys_hl3_repeated_violations',
  erasureId: '7',
  detectionId: 'det_17959439cff046d2',
  holdId: '1',
};

/** Throws when it can't be told what the route takes: then this file must say so. */
export function exampleOf(route: AdminRoute): AdminRequest {
  const { method, role, scope } = route;
  const path = route.path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) => {
    const value = PARAMETERS[name];
    if (value === undefined)
      throw new Error(`Cannot make a request as PARAMETERS must have ${name} of ${keyOf(route)}: it has not`);
    return value;
  });
  const body = bodyOf(route);
  const query = Object.hasOwn(route.query, 'tenant') ? '?tenant=acme' : '';
  return {
    method,
    path: `${path}${query}`,
    role,
    scope,
    ...(body !== null && { body: JSON.stringify(body) }),
  };
}

/** Null: none. Of a short body, whose keys are all optional, an empty one. */
function bodyOf(route: AdminRoute): unknown {
  if (route.body) return {};
  return operations[keyOf(route)]?.body === 'config' ? sampleDocument() : null;
}
