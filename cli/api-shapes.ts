/**
 * What an answer must have to be one of a noxys-relay, as far as commands rely on it. Members beyond these may come and go:
 * the relay may be newer than the command line. Pure.
 */

import { isRecord } from '../src/lib/record.ts';

export type Shape = Readonly<Record<string, 'list' | 'object' | 'text' | 'number' | 'flag'>>;

export const SHAPES = {
  me: { id: 'text', grants: 'list' },
  tenantPage: { tenants: 'list' },
  tenant: { version: 'number', savedAt: 'text', config: 'object' },
  saved: { version: 'number', warnings: 'list' },
  deleted: { undelivered: 'number', deadLetters: 'number' },
  moveView: { side: 'text' },
  moveOffer: { version: 'number', sealed: 'text', bytes: 'number', overflowing: 'number' },
  moveWelcome: { welcome: 'flag' },
  movePage: { n: 'number', sealed: 'text', isLast: 'flag' },
  moveActive: { version: 'number', published: 'flag' },
  plan: { change: 'text', changes: 'list', warnings: 'list' },
  rotated: { version: 'number', warnings: 'list', secrets: 'list' },
  resealed: { resealed: 'number' },
  tested: { destination: 'text', tests: 'list' },
  containmentLifted: { device_id: 'text', detail: 'text' },
  switched: { version: 'number', discarded: 'number' },
  lanes: { lanes: 'list' },
  events: { events: 'list', lastSeq: 'number' },
  found: { events: 'list' },
  explained: { events: 'list', isComplete: 'flag' },
  redriven: { redriven: 'number', left: 'number' },
  deadLetter: { id: 'number', lane: 'text', excerpt: 'text' },
  rules: { rules: 'list' },
  rule: { id: 'text', name: 'text', document: 'object', counts: 'object' },
  ruleTests: { tests: 'list' },
  backtest: { job: 'text', isComplete: 'flag', scanned: 'number', total: 'number', rules: 'list' },
  detections: { detections: 'list' },
  explainedDetection: { detection: 'object', responses: 'list' },
  judged: { isNew: 'flag' },
  windows: { windows: 'list' },
  erasure: {
    id: 'number',
    begunAt: 'text',
    lateUntil: 'text',
    keys: 'list',
    removed: 'object',
    undelivered: 'object',
    outside: 'object',
    late: 'number',
    remaining: 'list',
    alsoSeen: 'list',
  },
  outside: { destinations: 'list', recoverableUntil: 'text' },
  erasures: { erasures: 'list' },
  exportPage: { items: 'list' },
  hold: { id: 'number', at: 'text', by: 'text', reason: 'text', held: 'number' },
  holds: { holds: 'list' },
  retention: { lines: 'list' },
  userKey: { key: 'text' },
  /** Either `user_id` or `user_email`. */
  revealed: {},
  tokens: { tokens: 'list' },
  tokenCreated: { id: 'text', token: 'text', expiresAt: 'text' },
  tokenRevoked: { revokedAt: 'text' },
  tenantHealth: {
    tenant: 'text',
    secrets: 'object',
    lanes: 'list',
    configFaults: 'list',
    noticeChannels: 'list',
  },
  deploymentHealth: { env: 'text', keyIds: 'object', queues: 'object' },
} as const satisfies Record<string, Shape>;

const TESTS: Readonly<Record<Shape[string], (value: unknown) => boolean>> = {
  list: Array.isArray,
  object: (value) => isRecord(value) && !Array.isArray(value),
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  flag: (value) => typeof value === 'boolean',
};

/** The first member that is missing or of another kind; undefined: it is as it must be. */
export function missingMember(body: unknown, shape: Shape): string | undefined {
  if (!isRecord(body) || Array.isArray(body)) return '{}';
  return Object.entries(shape).find(([name, kind]) => !TESTS[kind](body[name]))?.[0];
}
