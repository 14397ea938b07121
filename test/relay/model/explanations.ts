/** What a tenant's object says became of each event, held against what its destinations saw and what operators did. */

import type { Explanation } from '../../../src/domain/explanation.ts';
import type { TenantRelay } from '../../../src/relay/tenant-relay.ts';
import { type Duty, type LaneModel, isDelivered } from './lane-model.ts';
import type { Entry } from './log-model.ts';
import { type Snapshot, readSnapshot } from './snapshot.ts';
import type { World } from './world.ts';

interface Explained extends Entry {
  readonly lanes: readonly Explanation[];
}

/** What is wrong with the explanations of all events. Ask when nothing is under way. */
export async function faultsOfExplanations({ tenant, log, lanes }: World): Promise<string[]> {
  const { snapshot, explained } = await tenant.inside(async (relay, state) => ({
    snapshot: await readSnapshot(relay, state),
    explained: await Promise.all(log.entries.map(async (entry) => explainedBy(relay, entry))),
  }));
  return explained.flatMap(({ seq, lanes: explanations }) =>
    Object.values(lanes)
      .filter(({ isKnown }) => isKnown)
      .flatMap((lane) => {
        const duty = lane.duties.get(seq);
        const explanation = explanations.find((one) => one.lane === lane.name);
        if (!duty || !explanation) return [`${lane.name} does not explain ${seq}`];
        return faultsOf(lane, duty, explanation, snapshot).map(
          (fault) => `${lane.name} says of ${seq} ${JSON.stringify(explanation)}: ${fault}`,
        );
      }),
  );
}

async function explainedBy(relay: TenantRelay, entry: Entry): Promise<Explained> {
  const { id, type, seq } = entry;
  const answer = await relay.explainEvent({ v: 1, id, type, before: seq + 1, showsPersons: false });
  const [found] = answer.kind === 'explained' ? answer.events : [];
  if (found?.event.seq !== seq) throw new Error(`Cannot find event ${seq}: ${JSON.stringify(answer)}`);
  return { ...entry, lanes: found.lanes };
}

function faultsOf(
  lane: LaneModel,
  duty: Duty,
  { outcome, deadLetter }: Explanation,
  snapshot: Snapshot,
): string[] {
  const { seq, id, type } = duty;
  const letter = snapshot.letters.find(
    (one) => one.lane === lane.name && one.eventId === id && one.eventType === type && !one.redrivenAt,
  );
  const isParked = snapshot.followUps.some((one) => one.lane === lane.name && one.seq === seq);
  const isAbsent = outcome === 'before_lane' || outcome === 'destination_absent';
  const isOpen = outcome === 'waiting' || outcome === 'not_wanted' || outcome === 'discarded';
  const mayBeUnwanted = duty.isUnwantedOnce || !lane.wants(duty);
  return [
    ...held(outcome !== 'settled' && outcome !== 'expired', 'nothing is forgotten or too old here'),
    ...held(isAbsent === !duty.isOwed, `the lane ${duty.isOwed ? 'owes' : 'does not owe'} it`),
    ...held((outcome === 'dead_letter') === (letter !== undefined), `its dead letter is ${letter?.id}`),
    ...held(outcome !== 'dead_letter' || deadLetter === letter?.id, `its dead letter is ${letter?.id}`),
    ...held((outcome === 'parked') === isParked, `it is ${isParked ? '' : 'not '}retried alone`),
    ...held(outcome !== 'delivered' || wasTaken(duty), 'no 2xx was seen for it'),
    ...held(!isDelivered(duty) || !isOpen, 'its 2xx was seen'),
    ...held(outcome !== 'not_wanted' || mayBeUnwanted, 'its filter has always wanted it'),
    ...held(outcome !== 'discarded' || duty.isDiscardable, 'nobody gave it up'),
  ];
}

function wasTaken({ attempts }: Duty): boolean {
  return attempts.some(({ ending }) => ending === 'taken');
}

function held(isSo: boolean, fault: string): string[] {
  return isSo ? [] : [fault];
}
