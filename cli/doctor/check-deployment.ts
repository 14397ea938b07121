/** The deployment as its own health tells: queues, keys, place, and the clock behind it. Pure. */

import type { DeploymentHealth, QueueState } from '../api-types.ts';
import { isLoopback } from '../origin.ts';
import { count, formatAge, formatDuration } from '../output/time.ts';
import { skewFinding } from './check-front.ts';
import { failing, type Finding, ok, skipped, warning } from './finding.ts';

/** A wake-up that waits longer is late: the consumer does not run, or can't follow. */
const WAKEUP_AGE_WARNED_MS = 30 * 60_000;
/** Events in the overflow queue should leave within minutes. */
const OVERFLOW_AGE_WARNED_MS = 10 * 60_000;
const BACKLOG_WARNED = 10_000;

export interface Seen {
  readonly origin: string;
  readonly health: DeploymentHealth;
  /** When its answer came, on this machine's clock. */
  readonly atMs: number;
}

export function checkDeployment({ origin, health, atMs }: Seen): readonly Finding[] {
  const { env, residency, keyIds, queues } = health;
  const nowMs = Date.parse(health.time);
  return [
    ok(
      'deployment',
      `It is ${env}, for ${residency === 'eu' ? 'EU tenants only (`npx noxys-relay residency check` looks closer)' : 'tenants of every residency'}.`,
    ),
    environment(env, origin),
    rotation(keyIds),
    backlog('wakeups', queues.wakeups, WAKEUP_AGE_WARNED_MS, nowMs),
    backlog('overflow', queues.overflow, OVERFLOW_AGE_WARNED_MS, nowMs),
    Number.isNaN(nowMs)
      ? skipped('relay_clock', "The relay's health has no time.")
      : skewFinding('relay_clock', atMs - nowMs, "Against the relay's own time, this machine's clock"),
  ];
}

function environment(env: string, origin: string): Finding {
  if (env !== 'local' || isLoopback(origin)) return ok('environment', `RELAY_ENV is ${env}.`);
  return failing(
    'environment',
    'RELAY_ENV is local on a relay that is not this machine.',
    'Local allows destinations on loopback and lifts the EU jurisdiction.',
    'Remove RELAY_ENV=local from the deployment: it belongs in .dev.vars only.',
  );
}

function rotation({ previous }: DeploymentHealth['keyIds']): Finding {
  if (previous === undefined) return ok('master_key', 'There is one master key: no rotation is under way.');
  return warning(
    'master_key',
    'RELAY_MASTER_KEY_PREVIOUS is set: a rotation of the master key is not finished.',
    'As long as it is there, a leak of the old key opens what it sealed.',
    'Run `npx noxys-relay reseal --all`, wait until the overflow queue is empty, then delete the secret.',
  );
}

function backlog(name: string, state: QueueState | null, ageMaxMs: number, nowMs: number): Finding {
  const check = `queue_${name}`;
  if (state === null) return skipped(check, `How much waits in the ${name} queue is not known.`);
  const ageMs = state.oldestAt === undefined ? 0 : nowMs - Date.parse(state.oldestAt);
  if (state.backlog === 0) return ok(check, `The ${name} queue is empty.`);
  const what = `${count(state.backlog, 'message')} in the ${name} queue`;
  const oldest = state.oldestAt === undefined ? '' : `, the oldest ${formatAge(state.oldestAt, nowMs)}`;
  if (ageMs <= ageMaxMs && state.backlog < BACKLOG_WARNED) return ok(check, `${what}${oldest}.`);
  const why =
    name === 'overflow'
      ? `Events wait there that a tenant's object could not take; after 6 days they are lost.`
      : `Wake-ups are late (more than ${formatDuration(ageMaxMs)} or ${BACKLOG_WARNED}): lanes wait for the hourly poke.`;
  return warning(
    check,
    `${what}${oldest}.`,
    why,
    'See that the queue has its consumer and is not paused: npx wrangler queues info.',
  );
}
