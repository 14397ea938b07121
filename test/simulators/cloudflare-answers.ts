/** The envelope of Cloudflare's API v4, and what it refuses: one place for codes and words. No state. */

import type { SimulatorAnswer } from './request.ts';

export function result(value: unknown, status = 200): SimulatorAnswer {
  return { status, body: { success: true, errors: [], messages: [], result: value } };
}

/** A page of a list, with the numbers that clients page by. */
export function resultPage(
  all: readonly unknown[],
  query: URLSearchParams,
  perPageDefault: number,
): SimulatorAnswer {
  const page = Number(query.get('page') ?? '1');
  const perPage = Number(query.get('per_page') ?? perPageDefault);
  const shown = all.slice((page - 1) * perPage, page * perPage);
  const info = {
    page,
    per_page: perPage,
    count: shown.length,
    total_count: all.length,
    total_pages: Math.ceil(all.length / perPage),
  };
  return {
    status: 200,
    body: { success: true, errors: [], messages: [], result: shown, result_info: info },
  };
}

export function refusal(status: number, code: number, ...messages: readonly string[]): SimulatorAnswer {
  const errors = messages.map((message) => ({ code, message }));
  return { status, body: { success: false, errors, messages: [], result: null } };
}

/** The codes are those that wrangler 4.155.0 looks for, where it looks for one. */
export const refusals = {
  wrongToken: () => refusal(401, 10000, 'Authentication error'),
  unknownRoute: (what: string) => refusal(404, 7003, `Could not route to ${what}`),
  unknownField: (name: string) => refusal(400, 10026, `unknown field: ${name}`),
  malformed: (what: string) => refusal(400, 10026, `malformed: ${what}`),
  workerNotFound: () => refusal(404, 10007, 'This Worker does not exist on your account.'),
  serviceNotFound: () => refusal(404, 10090, 'This Worker does not exist on your account.'),
  namespaceExists: () => refusal(400, 10014, 'a namespace with this account ID and title already exists'),
  namespaceNotFound: (id: string) => refusal(400, 10041, `KV namespace '${id}' not found`),
  queueExists: () => refusal(409, 11009, 'Queue name is already taken.'),
  queueNotFound: (name: string) => refusal(400, 11000, `Queue '${name}' was not found`),
  secretsNotSet: (names: readonly string[]) =>
    refusal(400, 10057, ...names.map((name) => `inherit binding '${name}' is invalid`)),
} as const;
