/** Of the routes on detections. */

import * as z from 'zod/mini';

import { page } from '../answers.ts';
import type { Operations } from '../operation.ts';
import { PERSONS, detection, explanation } from './events.ts';
import { responseOutcome } from './rules.ts';

const ROOT = '/api/v1/tenants/:id/detections';
const detectionPage = z.strictObject({ detections: z.array(detection), ...page });
const FILTERS =
  '`rule` is an id or a name. `verdict=none`: nobody has judged it. `since` and `until` are of the time of the event that made it: from the one on, before the other. A page ends after 5,000 detections were looked at: `nextBefore` says where the next one begins, also when it holds nothing.';

export const detectionOperations: Operations = {
  [`GET ${ROOT}`]: {
    id: 'listDetections',
    tag: 'detections',
    summary: 'What rules found, newest first',
    description: `${FILTERS} They are kept for \`retention.detections\` days, whatever becomes of the events. ${PERSONS}`,
    answers: { 200: { description: 'One page.', schema: detectionPage } },
  },
  [`POST ${ROOT}/search`]: {
    id: 'searchDetections',
    tag: 'detections',
    summary: 'What rules found of one user, newest first',
    description: `By exactly one of \`user_id\`, \`user_email\` and \`user_key\`. It is audited, with the key of the user. ${FILTERS} ${PERSONS}`,
    answers: { 200: { description: 'One page.', schema: detectionPage } },
  },
  [`GET ${ROOT}/:detectionId`]: {
    id: 'explainDetection',
    tag: 'detections',
    summary: 'A detection, with what became of each thing it could ask for, where and why',
    description: `\`responses\` has at least one entry for each response there is. \`lanes\` is absent once the log no longer has it (\`retention.events\`): then what became of it is \`unknown\`. ${PERSONS}`,
    answers: {
      200: {
        description: 'The detection.',
        schema: z.strictObject({
          detection,
          responses: z.array(responseOutcome),
          lanes: z.optional(z.array(explanation)),
        }),
      },
    },
  },
  [`POST ${ROOT}/:detectionId/verdict`]: {
    id: 'judgeDetection',
    tag: 'detections',
    summary: 'Mark a detection as a true or a false positive',
    description:
      'The last verdict counts. It is audited, counted for the rule, and told to the lanes: a Falcon case of it is closed where that is granted.',
    answers: {
      200: {
        description: '`isNew: false`: it had this verdict already.',
        schema: z.strictObject({ isNew: z.boolean() }),
      },
    },
  },
};
