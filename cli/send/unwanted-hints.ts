/** What to set where a test event did not arrive because it was not wanted. Pure. */

import type { Explanation } from '../api-types.ts';
import { printable } from '../output/printable.ts';

const MESSAGES = '/messages';

/** A line for each destination that tells people and did not tell of it, and one when no lane wanted it. */
export function unwantedHints(lanes: readonly Explanation[]): readonly string[] {
  const unwanted = lanes.filter(({ outcome }) => outcome === 'not_wanted');
  const silent = unwanted.flatMap(({ lane, filter }) =>
    lane.endsWith(MESSAGES) && filter === 'actions' ? [printable(lane.slice(0, -MESSAGES.length))] : [],
  );
  const isLost = unwanted.length > 0 && unwanted.length === lanes.length;
  return [
    ...silent.map(
      (name) =>
        `${name} tells of detections. To tell of events like this one too, set messages.events_at_or_above of ${name} (a level: high, critical).`,
    ),
    ...(isLost && silent.length === 0
      ? [
          'No lane wanted it: see actions, events and where of the destinations, and events_at_or_above of incidents or cases.',
        ]
      : []),
  ];
}
