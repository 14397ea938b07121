/**
 * What became of each thing that a detection could ask for: at which lane, and why; or why nobody does it.
 * Pure. Of a test it says what would become of it.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { DetectionFacts } from '../domain/detection-facts.ts';
import type { Explanation, LaneOutcome } from '../domain/explanation.ts';
import { canDo, possibleGrants } from '../domain/grants.ts';
import { MAXIMUM_AGE_MS, isTooOld } from '../domain/maximum-age.ts';
import type { ResponseOutcome } from '../domain/rule-views.ts';
import type { DestinationConfig } from '../domain/tenant-config.ts';
import { DEFAULT_RESPONSES, RESPONSES, type Response } from '../domain/verbs.ts';
import { isTaken } from '../domain/wanted.ts';
import { type ChannelPlan, channelPlans } from '../destinations/channels.ts';
import type { ChannelKind } from '../destinations/destination.ts';
import { notTakenWords } from './explain-words.ts';

type Destinations = readonly DestinationConfig[];
type Outcome = Omit<ResponseOutcome, 'response'>;

/** The channel that does it, and what it takes to have one. */
const DOERS: Readonly<Record<Response, { readonly kind: ChannelKind; readonly needs: string }>> = {
  case: { kind: 'cases', needs: 'a falcon destination with client_id' },
  incident: { kind: 'incidents', needs: 'a harfanglab destination of mode events or both' },
  alert: { kind: 'alerts', needs: 'a harfanglab destination of mode events or both' },
  indicator: {
    kind: 'indicators',
    needs: 'a falcon destination with client_id, or a harfanglab one of mode native or both',
  },
  contain: {
    kind: 'containment',
    needs: 'a falcon destination with client_id, or a harfanglab one of mode native or both',
  },
  workflow: { kind: 'workflows', needs: 'a falcon destination with client_id' },
  notify: { kind: 'messages', needs: 'a slack, teams or webhook destination' },
};

const OUTCOMES: Readonly<Record<LaneOutcome, ResponseOutcome['outcome']>> = {
  delivered: 'done',
  dead_letter: 'failed',
  parked: 'waiting',
  waiting: 'waiting',
  not_wanted: 'skipped',
  expired: 'skipped',
  discarded: 'skipped',
  before_lane: 'skipped',
  destination_absent: 'skipped',
  settled: 'unknown',
};

const NOT_ASKED: Outcome = { outcome: 'skipped', why: 'Its rule does not ask for it.' };
const DRY_RUN: Outcome = {
  outcome: 'skipped',
  why: 'Its rule runs dry (dry_run): it is recorded, and nothing is done.',
};
const FORGOTTEN: Outcome = {
  outcome: 'unknown',
  why: 'The log no longer has the detection (retention.events): what became of it is not known any more.',
};

/** Of a detection that was made. `lanes`: what each of them did; absent: the log no longer has it. */
export function outcomesOf(
  facts: DetectionFacts,
  lanes: readonly Explanation[] | undefined,
  destinations: Destinations,
): ResponseOutcome[] {
  return eachAsked(facts, (response) =>
    lanes === undefined ? [FORGOTTEN] : [...doneBy(response, lanes), ...notGranted(response, destinations)],
  );
}

/** Of a detection that is not made: its entry as the log would have it. */
export function prospectsOf(
  entry: CanonicalEvent & { readonly detection: DetectionFacts },
  destinations: Destinations,
  nowMs: number,
): ResponseOutcome[] {
  return eachAsked(entry.detection, (response) => [
    ...destinations.flatMap((destination) =>
      channelPlans(destination)
        .filter(({ kind }) => kind === DOERS[response].kind)
        .map((plan) => prospect(response, entry, { destination, plan, nowMs })),
    ),
    ...notGranted(response, destinations),
  ]);
}

function eachAsked(
  { respond = DEFAULT_RESPONSES, dryRun }: DetectionFacts,
  outcomes: (response: Response) => readonly Outcome[],
): ResponseOutcome[] {
  return RESPONSES.flatMap((response) => {
    if (!respond.includes(response)) return [{ response, ...NOT_ASKED }];
    if (dryRun) return [{ response, ...DRY_RUN }];
    const found = outcomes(response);
    return (found.length > 0 ? found : [nobody(response)]).map((outcome) => ({ response, ...outcome }));
  });
}

function doneBy(response: Response, lanes: readonly Explanation[]): Outcome[] {
  return lanes
    .filter(({ lane }) => lane.endsWith(`/${DOERS[response].kind}`))
    .map(({ lane, outcome, why, deadLetter }) => ({
      outcome: OUTCOMES[outcome],
      why: outcome === 'dead_letter' && deadLetter !== undefined ? `${why} Dead letter ${deadLetter}.` : why,
      lane,
    }));
}

function notGranted(response: Response, destinations: Destinations): Outcome[] {
  return destinations
    .filter((destination) => possibleGrants(destination).includes(response) && !canDo(destination, response))
    .map(({ name }) => ({
      outcome: 'skipped',
      why: `${name} could do it, and is not granted it: add ${response} to destinations.${name}.actions.`,
    }));
}

function nobody(response: Response): Outcome {
  return { outcome: 'skipped', why: `No destination can do it: it takes ${DOERS[response].needs}.` };
}

interface Prospect {
  readonly destination: DestinationConfig;
  readonly plan: ChannelPlan;
  readonly nowMs: number;
}

function prospect(
  response: Response,
  entry: CanonicalEvent,
  { destination: { name, enabled }, plan: { kind, takes }, nowMs }: Prospect,
): Outcome {
  const lane = `${name}/${kind}`;
  if (!isTaken(takes, entry)) return { outcome: 'skipped', why: notTakenWords(takes, entry), lane };
  const ages: Readonly<Partial<Record<Response, number>>> = MAXIMUM_AGE_MS;
  if (isTooOld(entry, ages[response], nowMs)) {
    const hours = (ages[response] ?? 0) / 3_600_000;
    return {
      outcome: 'skipped',
      why: `It happened more than ${hours} h ago: too old for it by its time of now.`,
      lane,
    };
  }
  const why = enabled
    ? 'It would be asked to do it.'
    : `${name} is paused (enabled: false): it would do it once it is resumed, unless it is too old then.`;
  return { outcome: 'would', why, lane };
}
