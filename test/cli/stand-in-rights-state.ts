/** What the stand-in keeps of the rights of persons. */

import type { ErasureView, ExportItem, HoldView, RetentionLine } from '../../cli/api-types.ts';

/** Somebody whom the relay has stored something of. */
export interface StoredPerson {
  readonly key: string;
  readonly id?: string;
  readonly email?: string;
  items: readonly ExportItem[];
}

export interface RightsState {
  readonly persons: StoredPerson[];
  /** Newest first. */
  readonly erasures: ErasureView[];
  readonly holds: HoldView[];
  readonly retention: RetentionLine[];
  /** Over what an erasure begins with. */
  erasure: Partial<ErasureView>;
  /** So many looks at an erasure find it under way. */
  looksUntilDone: number;
}

export function newRights(): RightsState {
  return { persons: [], erasures: [], holds: [], retention: [], erasure: {}, looksUntilDone: 1 };
}
