/**
 * What a 202 means: the event arrives, even if the relay is killed right after the answer and nobody ever calls it again.
 * After the restart no request is made to the relay before everything has arrived.
 */

import { describe, expect, it } from 'vitest';

import { hasAlarm } from './at-rest.ts';
import { countStatuses, makeEvents, sendAll } from './events.ts';
import { Stage } from './stage.ts';
import { until } from './until.ts';

/** Wide enough for 5 s until the alarm, a back-off of some tries before the kill, and the start itself. */
const ARRIVAL_MS_MAX = 30_000;
const LIMITS = { events_per_minute: 60_000, burst: 2_000 };
const KILLS = 3;
/** The HarfangLab lane has 4 attempts under way, and writes its cursor once per 4 deliveries: what a kill may make it repeat. */
const UNCERTAIN_MAX = 8;

describe.concurrent('a relay that is killed', () => {
  it('delivers every event that it answered 202, after a kill with nothing delivered', async () => {
    await using stage = await Stage.open({ isApart: true });
    const { id, sender } = await stage.addTenant('killed-full', { limits: LIMITS });
    // Else the alarm of the new config would do the work of the one behind the events.
    await until('the alarm of the new config is over', () => !hasAlarm(stage), { withinMs: 10_000 });
    const events = makeEvents(300);
    stage.edr.fail({ status: 503 });
    stage.falcon.fail({ hang: true });

    const results = await sendAll(sender, events, 100);
    await stage.killRelay();

    expect(countStatuses(results)).toEqual({ 202: 300 });
    expect([stage.edr.events.length, stage.falcon.events.length]).toEqual([0, 0]);
    stage.edr.heal();
    stage.falcon.heal();
    const restartedAtMs = Date.now();
    await stage.startRelay();
    const ids = events.map((event) => event.id);
    await until('every event is in both simulators', () => hasAll(stage, ids), { withinMs: ARRIVAL_MS_MAX });

    console.info(
      `kill, nothing delivered: all arrived ${Date.now() - restartedAtMs} ms after the restart began`,
    );
    await stage.untilDone(id, { withinMs: 2_000 });
    // What the destinations had not recorded before the kill, they got once: both lost no answer since.
    expect(stage.edr.duplicates()).toEqual([]);
    expect(stage.falcon.duplicates()).toEqual([]);
  });

  it('repeats after three kills in mid-drain only the few events whose answers were lost', async () => {
    await using stage = await Stage.open({ isApart: true });
    const { id, sender } = await stage.addTenant('killed-midway', { limits: LIMITS });
    const events = makeEvents(800);
    stage.edr.fail({ delayMs: 20 });
    stage.falcon.fail({ delayMs: 100 });

    const sending = sendAll(sender, events, 25);
    let accepted: string[] = [];
    const unanswered = { edr: new Set<string>(), falcon: new Set<string>() };
    for (let kill = 1; kill <= KILLS; kill++) {
      const target = stage.edr.events.length + 40;
      await until(`a part is delivered before kill ${kill}`, () => stage.edr.events.length >= target, {
        withinMs: ARRIVAL_MS_MAX,
      });
      await stage.killRelay();
      // The first kill comes in the midst of the sending: nothing is sent after it.
      const results = await sending;
      accepted = events.filter((_, i) => results[i]?.status === 202).map((event) => event.id);
      for (const lost of stage.edr.idsInOrder().slice(-UNCERTAIN_MAX)) unanswered.edr.add(lost);
      for (const { ids } of stage.falcon.batches.slice(-2))
        for (const lost of ids) unanswered.falcon.add(lost);
      expect(accepted.length).toBeGreaterThan(stage.edr.events.length);
      await stage.startRelay();
    }
    const restartedAtMs = Date.now();
    await until('every accepted event is in both simulators', () => hasAll(stage, accepted), {
      withinMs: ARRIVAL_MS_MAX,
    });

    const repeated = { edr: idsOf(stage.edr.duplicates()), falcon: idsOf(stage.falcon.duplicates()) };
    console.info(
      `${KILLS} kills in mid-drain: ${accepted.length} accepted, repeated ${repeated.edr.length} to HarfangLab and ` +
        `${repeated.falcon.length} to Falcon, all arrived ${Date.now() - restartedAtMs} ms after the last start`,
    );
    expect(repeated.edr.filter((repeatedId) => !unanswered.edr.has(repeatedId))).toEqual([]);
    expect(repeated.falcon.filter((repeatedId) => !unanswered.falcon.has(repeatedId))).toEqual([]);
    // Events that were stored and whose answer the kill cut off arrive too: in both, or in neither.
    await stage.untilDone(id, { withinMs: 5_000 });
    expect(missingIn(stage.falcon.idsInOrder(), stage.edr.idsInOrder())).toEqual([]);
    expect(missingIn(stage.edr.idsInOrder(), stage.falcon.idsInOrder())).toEqual([]);
  });
});

function hasAll(stage: Stage, ids: readonly string[]): boolean {
  const [edr, falcon] = [new Set(stage.edr.idsInOrder()), new Set(stage.falcon.idsInOrder())];
  return ids.every((id) => edr.has(id) && falcon.has(id));
}

function missingIn(ids: readonly string[], wanted: readonly string[]): string[] {
  const known = new Set(ids);
  return wanted.filter((id) => !known.has(id));
}

/** A simulator names what it got twice by type and id. */
function idsOf(repeated: readonly string[]): string[] {
  return repeated.map((typeAndId) => typeAndId.split(' ').at(-1) ?? '');
}
