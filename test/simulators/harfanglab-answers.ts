/**
 * The answers that a HarfangLab manager gives whatever the endpoint: refusals in the words of Django REST, and a portal's page.
 * Pure. Sources: SEKOIA-IO/automation-library HarfangLab tests (401); certeu/droid harfanglab.py (HTML with 200).
 */

import { createHash } from 'node:crypto';

import type { SimulatorAnswer } from './request.ts';

/** `{"detail":"Invalid credentials"}`. Source: SEKOIA-IO/automation-library HarfangLab tests. */
export function unauthorized(): SimulatorAnswer {
  return refusal(401, 'Invalid credentials');
}

/** The token's user lacks the permission. The words are Django REST's, the vendor's are not published. */
export function forbidden(): SimulatorAnswer {
  return refusal(403, 'You do not have permission to perform this action.');
}

export function notAllowed(method: string): SimulatorAnswer {
  return refusal(405, `Method "${method}" not allowed.`);
}

export function notFound(as: 'json' | 'html' = 'json'): SimulatorAnswer {
  if (as === 'json') return refusal(404, 'Not found.');
  return { status: 404, body: '<!doctype html><title>Not Found</title>', contentType: 'text/html' };
}

/** A portal's login page in front of the manager. */
export function loginPage(): SimulatorAnswer {
  const body = '<!doctype html><title>Sign in</title><form method="post"><input name="username"></form>';
  return { status: 200, body, contentType: 'text/html; charset=utf-8' };
}

/** Django's APPEND_SLASH: 301 to the same path with `/`, whatever the method. A client that follows it sends a GET. */
export function slashRedirect(path: string, query: URLSearchParams): SimulatorAnswer {
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return {
    status: 301,
    headers: { location: `${path}/${search}` },
    body: '',
    contentType: 'text/html; charset=utf-8',
  };
}

/** `{"detail": …}`. */
export function refusal(status: number, detail: string): SimulatorAnswer {
  return { status, body: { detail } };
}

/** Dates as the API writes them: UTC with microseconds. */
export function isoMicros(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}

/** The same UUID for the same text, so that runs repeat. */
export function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
