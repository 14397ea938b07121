/**
 * The one way to log: a JSON line with an event name and flat fields.
 * Never takes objects, so that no payload slips in; callers pass names, counts and reasons, never secrets.
 */

/** UTF-16 units of one string: enough for a reason, too short for a payload. */
const STRING_LENGTH_MAX = 300;
/** Entries of one list: a request may carry a hundred header names. */
const LIST_LENGTH_MAX = 100;

export type LogLevel = 'info' | 'warn' | 'error';
export type LogField = string | number | boolean | readonly string[] | undefined;
export type LogFields = Readonly<Record<string, LogField>>;

/** Writes one line; `event` is `noun.past_tense`, such as `webhook.refused`. A field without a value is left out. */
export function logEvent(level: LogLevel, event: `${string}.${string}`, fields: LogFields = {}): void {
  const line: Record<string, LogField> = { level, event };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line[name] = capField(value);
  }
  console[level](JSON.stringify(line));
}

/** An unknown thrown value as log fields: its kind, its message, where it was thrown. */
export function causeFields(thrown: unknown): {
  readonly cause: string;
  readonly message: string;
  readonly at: string;
} {
  if (!(thrown instanceof Error)) return { cause: typeof thrown, message: '', at: '' };
  const stack = thrown.stack?.replace(thrown.message, '') ?? '';
  const at = stack.split('\n').find((line) => line.trimStart().startsWith('at ')) ?? '';
  return { cause: thrown.name, message: messageOf(thrown), at: at.trim() };
}

/** V8 quotes what it could not parse, be it JSON of a stored row or a pattern: that is somebody's data. */
function messageOf({ name, message }: Error): string {
  return name === 'SyntaxError' ? message.replace(/["/][^]*/, '…') : message;
}

function capField(value: Exclude<LogField, undefined>): LogField {
  if (typeof value === 'string') return value.slice(0, STRING_LENGTH_MAX);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return value.slice(0, LIST_LENGTH_MAX).map((entry) => entry.slice(0, STRING_LENGTH_MAX));
}
