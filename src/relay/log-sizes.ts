/** When a period of the log ends. */

export interface LogSizes {
  /** A period ends after this time … */
  readonly periodMs: number;
  /** … or when it holds this many bytes of events. */
  readonly periodBytesMax: number;
}

export const LOG_SIZES: LogSizes = { periodMs: 24 * 3_600_000, periodBytesMax: 256 * 1024 * 1024 };
