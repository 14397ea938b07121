/** The records of where there is no log behind an entry: a test of a destination, an operator's own action. */

import type { EntryRecords } from './destination.ts';

export const NO_RECORDS: EntryRecords = {
  lastDay: async () => Promise.resolve(undefined),
  mappedHost: () => undefined,
  userKey: () => undefined,
};
