/** What a notice says to people. Pure. */

import type { Language } from './language.ts';
import type { NoticeFacts } from './notice.ts';

/** One line, and what to do. */
export function noticeWords(
  { kind, lane, detail, count }: NoticeFacts,
  language: Language,
): { readonly title: string; readonly text: string } {
  const what = kind.replaceAll('_', ' ');
  const colon = language === 'fr' ? '\u00A0: ' : ': ';
  const about = [detail, count?.toString()].filter((part) => part !== undefined).join(', ');
  return {
    title: lane === undefined ? what : `${lane}${colon}${what}`,
    text: about === '' ? what : `${what}${colon}${about}`,
  };
}
