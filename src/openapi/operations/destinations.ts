/** Of the routes on one destination. */

import { savedDestination } from '../answers.ts';
import type { Operations } from '../operation.ts';

const ROOT = '/api/v1/tenants/:id/destinations/:name';

export const destinationOperations: Operations = {
  [`POST ${ROOT}/pause`]: {
    id: 'pauseDestination',
    tag: 'destinations',
    summary: 'Stop a destination: its lanes keep their place and their events',
    description:
      'The same as `enabled: false` in the config: a new version of it, unless it is paused already.',
    answers: { 200: { description: 'Paused.', schema: savedDestination } },
    hasEtag: true,
  },
  [`POST ${ROOT}/resume`]: {
    id: 'resumeDestination',
    tag: 'destinations',
    summary: 'Let a destination go on, at once, also when it is blocked',
    description:
      '`from: backlog` (the default) goes on where it stopped. `from: now` gives up what waits, for good: `discarded` says how many events.',
    answers: { 200: { description: 'Resumed.', schema: savedDestination } },
    hasEtag: true,
  },
};
