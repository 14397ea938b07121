/** Plays the working day against the relay and remembers each answer. */

import type { SendResult } from '../../test/simulators/noxys.ts';
import {
  type WorkingDaySend,
  expectedTotals,
  stepsOf,
} from '../../test/simulators/working-day-expectation.ts';
import type { Stage } from './stage.ts';

const DELIVERY_MS_MAX = 60_000;
const POLL_MS = 50;

export interface Answered {
  readonly send: WorkingDaySend;
  readonly result: SendResult;
}

export interface Played {
  readonly answers: readonly Answered[];
}

/** Sends every step in order, the sends of one step at once. */
export async function play(
  stage: Stage,
  day: readonly WorkingDaySend[],
  onProgress: (done: number) => void,
): Promise<Played> {
  const answers: Answered[] = [];
  for (const step of stepsOf(day)) {
    const answered = await Promise.all(
      step.map(async (send) => ({ send, result: await stage.sender.send(send.body, send.options) })),
    );
    answers.push(...answered);
    onProgress(answers.length);
  }
  return { answers };
}

/** Waits until the vendors have every accepted event and the lanes know it; says what arrived. */
export async function waitForDeliveries(stage: Stage, played: Played | undefined): Promise<string> {
  const { accepted } = expectedTotals((played?.answers ?? []).map(({ send }) => send));
  const endsAtMs = Date.now() + DELIVERY_MS_MAX;
  while (Date.now() < endsAtMs) {
    const lanes = await stage.lanes();
    const isArrived = stage.edr.events.length >= accepted && stage.falcon.events.length >= accepted;
    if (isArrived && lanes.every(({ undelivered }) => undelivered === 0)) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `${stage.edr.events.length} events at HarfangLab, ${stage.falcon.events.length} at Falcon, ${stage.slack.messages.length} messages in Slack`;
}
