/** Of the routes on the rights of a person: erasure. */

import * as z from 'zod/mini';

import { shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const ROOT = '/api/v1/tenants/:id';
const count = z.int().check(z.minimum(0));
const removed = z.strictObject({
  events: count,
  detections: count,
  deadLetters: count,
  followUps: count,
  windows: count,
  watches: count,
  pseudonyms: count,
  devices: count,
  texts: count,
});
const erasure = z.strictObject({
  id: z.int(),
  begunAt: shared.instant,
  doneAt: z.optional(shared.instant),
  heldBy: z.optional(z.array(z.int())),
  lateUntil: shared.instant,
  keys: z.array(z.string()),
  removed,
  undelivered: z.record(z.string(), count),
  outside: z.strictObject({
    destinations: z.array(z.strictObject({ destination: z.string(), type: z.string(), entries: count })),
    recoverableUntil: shared.instant,
  }),
  late: count,
  remaining: z.array(z.strictObject({ path: z.string(), mend: z.string() })),
  alsoSeen: z.array(z.string()),
});
const SHOWN =
  'The person is named by keys alone. Without `doneAt` it goes on, unless `heldBy` names legal holds that put it off: it goes on by itself once they are lifted. `removed` counts what is gone, `undelivered` what lanes will not deliver any more. `late` counts events that still came, and were dropped. `outside` is what the relay can not reach: entries that destinations may have, and until when Cloudflare could restore the object. `remaining` still names the person, because somebody wrote it there. `alsoSeen` are keys of other names that stood beside theirs.';

export const rightsOperations: Operations = {
  [`POST ${ROOT}/erase`]: {
    id: 'eraseUser',
    tag: 'rights',
    summary: 'Erase a person',
    description: `By at least one of \`user_id\`, \`user_email\` and \`user_key\`: given together they are names of the same person. It works in the background; the same request again answers how far it is. Until \`lateUntil\` events of before \`begunAt\` that still come are dropped. A legal hold on the person, or on everybody, makes it 409. It is audited, with the keys. ${SHOWN}`,
    answers: { 202: { description: 'It has begun.', schema: erasure } },
    failures: [409],
  },
  [`GET ${ROOT}/erasures`]: {
    id: 'listErasures',
    tag: 'rights',
    summary: 'Who was erased, newest first',
    description: SHOWN,
    answers: {
      200: { description: 'At most 200.', schema: z.strictObject({ erasures: z.array(erasure) }) },
    },
  },
  [`GET ${ROOT}/erasures/:erasureId`]: {
    id: 'getErasure',
    tag: 'rights',
    summary: 'One erasure',
    description: SHOWN,
    answers: { 200: { description: 'As far as it is.', schema: erasure } },
  },
};
