/** Spans of time as Sigma writes them: `90s`, `30m`, `24h`, `7d`. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Longer ones would outlive what the relay keeps of the events behind them. */
const DURATION_DAYS_MAX = 31;
export const DURATION_MS_MAX = DURATION_DAYS_MAX * 86_400_000;

/** What a span must be, for messages. */
export const DURATION_WORDS = `must be a time such as 30m, 24h or 7d, at most ${DURATION_DAYS_MAX}d`;

/** Milliseconds; undefined for what is no span, or too long. */
export function parseDuration(text: unknown): number | undefined {
  const [, digits, unit = ''] = typeof text === 'string' ? (/^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []) : [];
  const ms = Number(digits) * (UNIT_MS[unit] ?? Number.NaN);
  return ms <= DURATION_MS_MAX ? ms : undefined;
}

/** The shortest way to write it. */
export function formatDuration(ms: number): string {
  const unit = ['d', 'h', 'm'].find((one) => ms % (UNIT_MS[one] ?? 1) === 0) ?? 's';
  return `${ms / (UNIT_MS[unit] ?? 1)}${unit}`;
}
