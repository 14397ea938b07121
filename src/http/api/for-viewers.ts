/**
 * What a destination wrote, and ids that somebody may have made up, are for operators: a viewer, who sees pseudonyms, gets `…`.
 * The text of a destination may quote the event, and the people in it.
 */

import { isMachineMade } from '../../domain/logged-ids.ts';
import { LEFT_OUT } from '../../domain/personal-fields.ts';
import type { DeadLetterView, LaneView } from '../../domain/lane-view.ts';
import { type Call, roleMissing } from '../admin-route.ts';

/** Whether the caller may see what names a person without asking for it. */
export function seesTexts(call: Call): boolean {
  return roleMissing(call, 'operator') === undefined;
}

export function lanesFor(call: Call, lanes: readonly LaneView[]): readonly LaneView[] {
  return seesTexts(call) ? lanes : lanes.map((lane) => withoutTexts(lane));
}

export function lettersFor(call: Call, letters: readonly DeadLetterView[]): readonly DeadLetterView[] {
  return seesTexts(call) ? letters : letters.map((letter) => withoutAnswer(letter));
}

function withoutTexts(lane: LaneView): LaneView {
  const { blocked, lastFailure } = lane;
  return {
    ...lane,
    ...(blocked && { blocked: { ...blocked, detail: LEFT_OUT } }),
    ...(lastFailure && { lastFailure: { ...lastFailure, detail: LEFT_OUT } }),
  };
}

function withoutAnswer(letter: DeadLetterView): DeadLetterView {
  const eventId = isMachineMade(letter.eventId) ? letter.eventId : LEFT_OUT;
  return { ...letter, eventId, excerpt: LEFT_OUT };
}
