/** `noxys-relay rules …`: a tenant's detection rules, looked at, checked, tested and run over what was. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { backtestCommand } from './rules-backtest.ts';
import { changesCommand } from './rules-changes.ts';
import { checkCommand } from './rules-check.ts';
import { listCommand } from './rules-list.ts';
import { showCommand } from './rules-show.ts';
import { testCommand } from './rules-test.ts';

export function rulesCommand(act: Act) {
  const rules = new Command('rules')
    .summary('look at, check, test and backtest detection rules')
    .description(
      "Sigma rules: those of a tenant, or files before they are anybody's. Rules are switched on in the tenant file, and applied with it.",
    );
  for (const make of [listCommand, showCommand, changesCommand, checkCommand, testCommand, backtestCommand])
    rules.addCommand(make(act));
  return rules;
}
