/** `noxys-relay events tail|explain|search`: what came, live or stored, and what became of it. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { explainCommand } from './events-explain.ts';
import { searchCommand } from './events-search.ts';
import { tailCommand } from './events-tail.ts';

export function eventsCommand(act: Act) {
  const events = new Command('events')
    .summary('follow, explain and search events')
    .description(
      'Persons and devices show as pseudonyms. --persons shows them, needs the role operator, and is written to the audit log.',
    );
  events.addCommand(tailCommand(act));
  events.addCommand(explainCommand(act));
  events.addCommand(searchCommand(act));
  return events;
}
