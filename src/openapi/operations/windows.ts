/** Of the routes on windows. */

import * as z from 'zod/mini';

import { shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const ROOT = '/api/v1/tenants/:id/windows';
const windowView = z.strictObject({
  rule: z.string(),
  group: z.record(z.string(), z.string()),
  value: z.nullable(z.number()),
  condition: z.optional(z.string()),
  firstAt: z.optional(shared.instant),
  lastAt: z.optional(shared.instant),
  alertedAt: z.optional(shared.instant),
  quietUntil: z.optional(shared.instant),
});
const windowPage = z.strictObject({ windows: z.array(windowView), nextAfter: z.optional(z.string()) });
const SHOWN =
  'Users and devices are keys: the pseudonyms of the tenant; hosts of pages are `…`. A page ends after 5,000 windows were looked at: go on with `after` set to `nextAfter`, also when it holds nothing. `condition` is what `value` must be for an alert, such as `> 5`. Windows of rules that are off, and those that hold nothing any more, are not shown.';

export const windowOperations: Operations = {
  [`GET ${ROOT}`]: {
    id: 'listWindows',
    tag: 'windows',
    summary: 'What rules count now, by group',
    description: SHOWN,
    answers: { 200: { description: 'One page.', schema: windowPage } },
  },
  [`POST ${ROOT}/search`]: {
    id: 'searchWindows',
    tag: 'windows',
    summary: 'What rules count now of one user',
    description: `By exactly one of \`user_id\`, \`user_email\` and \`user_key\`. It is audited, with the key of the user. ${SHOWN}`,
    answers: { 200: { description: 'One page.', schema: windowPage } },
  },
};
