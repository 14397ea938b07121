/** The lanes of a tenant: what does not deliver, and what could not be delivered. Pure. */

import type { LaneView, TenantHealth } from '../api-types.ts';
import { printable } from '../output/printable.ts';
import { count, formatAge } from '../output/time.ts';
import { failing, type Finding, info, ok, warning } from './finding.ts';

/** A lane without events that waits longer is more than a short outage. */
const WAITING_LONG_MS = 15 * 60_000;

export function checkLanes({ lanes, deadLetters, tenant }: TenantHealth, nowMs: number): readonly Finding[] {
  const own = lanes.flatMap((lane) => checkLane(lane, tenant, nowMs));
  const isUsed = lanes.some(({ state }) => state !== 'removed' && state !== 'disabled');
  return [
    ...(own.length === 0 && isUsed ? [ok('lanes', `${count(lanes.length, 'lane')} in order.`)] : own),
    ...(isUsed ? disabledOf(lanes, tenant) : [noLane(lanes)]),
    ...(deadLetters === 0 ? [] : [someDeadLetters(deadLetters, tenant)]),
  ];
}

function noLane(lanes: readonly LaneView[]): Finding {
  const what = lanes.length === 0 ? 'The tenant has no destination.' : 'Every destination is disabled.';
  return warning('lanes', what, 'Events are stored and reach no one.', 'Add a destination, or resume one.');
}

/** Once for each destination, whatever lanes it has. */
function disabledOf(lanes: readonly LaneView[], tenant: string): readonly Finding[] {
  const names = lanes.flatMap(({ lane, state }) =>
    state === 'disabled' ? (lane.split('/')[0] ?? lane) : [],
  );
  return [...new Set(names)].map((name) =>
    info(
      'destination_disabled',
      `${printable(name)} is disabled: its events wait, until their retention ends.`,
      `npx noxys-relay resume ${tenant} ${printable(name)}`,
    ),
  );
}

function checkLane(lane: LaneView, tenant: string, nowMs: number): readonly Finding[] {
  const { lane: name, state, blocked, lastFailure, undelivered } = lane;
  const destination = name.split('/')[0] ?? name;
  if (state === 'blocked') {
    const since = blocked === undefined ? '' : ` since ${formatAge(blocked.since, nowMs)}`;
    return [
      failing(
        'lane_blocked',
        `${printable(name)} is blocked${since}: ${printable(blocked?.detail ?? 'for no reason that is told')}`,
        `${count(undelivered, 'event waits', 'events wait')}, until their retention ends.`,
        `docs/operations.md, "A lane is blocked", ${blocked?.reason ?? ''}. Then: npx noxys-relay resume ${tenant} ${printable(destination)}`,
      ),
    ];
  }
  if (state !== 'waiting' || lastFailure === undefined) return [];
  const isLong =
    lane.lastDeliveredAt === undefined || nowMs - Date.parse(lane.lastDeliveredAt) > WAITING_LONG_MS;
  if (!isLong && undelivered === 0) return [];
  return [
    warning(
      'lane_waiting',
      `${printable(name)} waits: ${printable(lastFailure.detail)}`,
      `It tries again by itself; ${count(undelivered, 'event waits', 'events wait')}.`,
      `See that the destination is up: npx noxys-relay test ${tenant} ${printable(destination)}`,
    ),
  ];
}

function someDeadLetters(number: number, tenant: string): Finding {
  return warning(
    'dead_letters',
    `${count(number, 'dead letter waits', 'dead letters wait')} for you.`,
    'They could not be delivered, and go with the retention of their events.',
    `npx noxys-relay dead-letters ${tenant}`,
  );
}
