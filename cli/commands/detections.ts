/** `noxys-relay detections list|explain|mark`: what the rules found, what became of it, and whether it was right. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { explainCommand } from './detections-explain.ts';
import { listCommand } from './detections-list.ts';
import { markCommand } from './detections-mark.ts';

export function detectionsCommand(act: Act) {
  const detections = new Command('detections')
    .summary('list, explain and mark what the rules found')
    .description(
      'Persons and devices show as pseudonyms. --persons shows them, needs the role operator, and is written to the audit log.',
    );
  for (const make of [listCommand, explainCommand, markCommand]) detections.addCommand(make(act));
  return detections;
}
