/** `noxys-relay rules backtest TENANT [RULE]`: what rules would have found, in what the relay has stored or in a file. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { instant, instantAt } from '../event-filters.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { backtestText } from '../output/backtest-text.ts';
import { backtestEvents } from '../rules/backtest-events.ts';
import { readRuleFile } from '../rules/read-inputs.ts';
import { runBacktest } from '../rules/run-backtest.ts';
import type { Session } from '../session.ts';
import { oneRule } from './rules-test.ts';

export interface BacktestOptions {
  readonly ruleFile?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly events?: string | undefined;
  readonly file?: string | undefined;
  readonly persons?: true | undefined;
}

export function backtestCommand(act: Act) {
  return new Command('backtest')
    .summary('what rules would have found')
    .description(
      'Runs rules over the stored events of a tenant, a week of them unless --since says otherwise, and shows hits, hits a day, the\nbusiest users, and what of it was marked. Nothing is recorded or sent. With --events it runs them over a file on this machine\ninstead, without a relay: a line for each event, as Noxys sends it or as `events search` and `events tail` show it with --json.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('[rule]', "a rule's name or id; without it, all that are on")
    .option('--rule-file <file>', 'run the rules in this Sigma file instead, with those that it refers to')
    .option('--since <time>', 'not before this time, such as 2026-11-22T05:00:00Z or 7d (ago)', instant)
    .option('--until <time>', 'only before this time', instant)
    .option('--events <file>', 'run over this NDJSON file, without a relay')
    .option(
      '-f, --file <path>',
      "with --events: the tenant's rules as its file has them, instead of the bundled ones; with --rule-file what it refers to is of it",
    )
    .option('--persons', 'show users instead of pseudonyms')
    .action(
      act(async (session: Session, tenant: string, rule: string | undefined, options) =>
        backtest(session, tenant, rule, options),
      ),
    );
}

async function backtest(
  session: Session,
  tenant: string,
  rule: string | undefined,
  options: BacktestOptions,
): Promise<ExitCode> {
  const { io, out } = session;
  const { ruleFile, events, file } = options;
  if (rule !== undefined && ruleFile !== undefined) throw oneRule();
  if (file !== undefined && events === undefined) throw invalidInput('-f goes with --events.');
  const text = ruleFile === undefined ? undefined : await readRuleFile(io, ruleFile);
  if (events !== undefined) return backtestEvents(session, { tenant, rule, text, events, options });
  const report = await runBacktest(session, tenant, {
    rule,
    text,
    since: instantAt(options.since, io.nowMs()),
    until: instantAt(options.until, io.nowMs()),
    ...(options.persons === true ? { persons: 'show' } : {}),
  });
  const { job: _job, isComplete: _isComplete, ...found } = report;
  out.result(found, () => backtestText(out, found));
  return EXIT.ok;
}
