/** Colours of the terminal, or none. Pure. */

import { styleText } from 'node:util';

export type Tone = 'good' | 'bad' | 'warning' | 'faint' | 'strong';

/** Colours a text, or leaves it. */
export type Paint = (tone: Tone, text: string) => string;

const STYLES = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  faint: 'dim',
  strong: 'bold',
} as const;

export interface ColourFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
  /** `--no-color`. */
  readonly isOff: boolean;
}

/** Whether to colour: `NO_COLOR` and `--no-color` say no, `FORCE_COLOR` says yes, else the terminal decides. Source: no-color.org, read 2026-11. */
export function wantsColour({ env, isTTY, isOff }: ColourFacts): boolean {
  if (isOff || (env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY && env['TERM'] !== 'dumb';
}

export function painter(isColoured: boolean): Paint {
  return (tone, text) => (isColoured ? styleText(STYLES[tone], text, { validateStream: false }) : text);
}
