/** The key of a user, as a body names it. */

import { PSEUDONYM_PATTERN } from '../../ingest/pseudonym.ts';
import { failure, success } from '../../lib/result.ts';
import { reader } from './values.ts';

export const userKey = reader({ type: 'string', pattern: PSEUDONYM_PATTERN.source }, (value) =>
  typeof value === 'string' && PSEUDONYM_PATTERN.test(value)
    ? success(value)
    : failure('must be the key of a user, as events show it'),
);
