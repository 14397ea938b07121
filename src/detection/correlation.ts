/**
 * Sigma correlations over sliding windows: what is kept of a group, and what one more event makes of it.
 * Pure: no I/O, no clock, no import from outside this folder.
 */

/** What is kept of one rule and group: plain JSON. */
export interface WindowState {
  /** Oldest first: when, and what is needed of it. */
  readonly entries: readonly unknown[];
}
