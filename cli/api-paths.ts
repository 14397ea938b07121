/** Paths of the admin API, their parts percent-encoded. Pure. */

import { invalidInput } from './failure.ts';

/** Below a tenant: `tenantPath('acme', 'events', id)`. */
export function tenantPath(tenant: string, ...parts: readonly (string | number)[]): string {
  return ['/api/v1/tenants', encodeURIComponent(tenant), ...parts.map(encodePart)].join('/');
}

/** A URL takes `.` and `..` for steps, encoded or not. */
function encodePart(part: string | number): string {
  const text = String(part);
  if (text === '' || text === '.' || text === '..') throw invalidInput('An id is empty, or only dots.');
  return encodeURIComponent(text);
}
