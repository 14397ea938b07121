/** Of the routes on dead letters. */

import * as z from 'zod/mini';

import { deadLetter, page, redriven } from '../answers.ts';
import type { Operations } from '../operation.ts';

const ROOT = '/api/v1/tenants/:id/dead-letters';
const TEXTS =
  'A destination may quote the event: below the role operator `excerpt` is `…`, and so is an `eventId` that does not look as if a machine had made it.';

export const deadLetterOperations: Operations = {
  [`GET ${ROOT}`]: {
    id: 'listDeadLetters',
    tag: 'dead letters',
    summary: 'What could not be delivered, newest first',
    description: TEXTS,
    answers: {
      200: {
        description: 'One page.',
        schema: z.strictObject({ deadLetters: z.array(deadLetter), ...page }),
      },
    },
  },
  [`GET ${ROOT}/:letter`]: {
    id: 'getDeadLetter',
    tag: 'dead letters',
    summary: 'One dead letter',
    description: TEXTS,
    answers: { 200: { description: 'The dead letter.', schema: deadLetter } },
  },
  [`POST ${ROOT}/redrive`]: {
    id: 'redriveDeadLetters',
    tag: 'dead letters',
    summary: 'Send all dead letters again that match every condition',
    description: 'At least one condition is needed. `left` above 0: repeat the request later.',
    answers: { 202: { description: 'Being sent again.', schema: redriven } },
  },
  [`POST ${ROOT}/:letter/redrive`]: {
    id: 'redriveDeadLetter',
    tag: 'dead letters',
    summary: 'Send one dead letter again',
    answers: { 202: { description: 'Being sent again.', schema: redriven } },
    failures: [409],
  },
};
