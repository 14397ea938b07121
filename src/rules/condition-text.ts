/** What the value of a correlation's window must be, in words that tests and lists of windows show. Pure. */

import type { SigmaCorrelation } from '../detection/document.ts';
import { formatDuration } from './duration.ts';

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=', eq: '=', neq: '!=' } as const;

/** `> 5`; undefined: it compares nothing, as the temporal ones. */
export function boundsText({ bounds }: Pick<SigmaCorrelation, 'bounds'>): string | undefined {
  const compared = Object.entries(OPERATORS).flatMap(([name, sign]) => {
    const bound = bounds[name as keyof typeof OPERATORS];
    return bound === undefined ? [] : [`${sign} ${bound}`];
  });
  return compared.length === 0 ? undefined : compared.join(' and ');
}

/** `event_count > 5 in 1h`. */
export function conditionText(document: SigmaCorrelation): string {
  const { type, timespanMs, rules, fields } = document;
  const compared = boundsText(document);
  const of = fields.length > 0 ? ` of ${fields.join(', ')}` : '';
  const what = compared === undefined ? ` of ${rules.join(', ')}` : `${of} ${compared}`;
  return `${type}${what} in ${formatDuration(timespanMs)}`;
}
