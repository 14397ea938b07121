/** `noxys-relay rules test TENANT [RULE]`: what rules make of one event, step by step, and what would be done. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import type { ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { ruleTestsText } from '../output/rule-tests-text.ts';
import { askTest, eventOf, type EventOptions } from '../rules/ask-test.ts';
import { readRuleFile } from '../rules/read-inputs.ts';
import type { Session } from '../session.ts';

interface Options extends EventOptions {
  readonly ruleFile?: string | undefined;
}

export function testCommand(act: Act) {
  return new Command('test')
    .summary('what rules make of one event, step by step')
    .description(
      'Shows each selection matched or not, the count of its window with this event, and what would be done where.\nNothing is counted, recorded or sent. The event is a file as a webhook has it, or one that the relay has stored.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('[rule]', "a rule's name or id; without it, all that are on")
    .option('--event <file>', 'file with a Noxys event in JSON; - is stdin')
    .option('--event-id <id>', 'a stored event, by its id')
    .option('--rule-file <file>', 'test the rules in this Sigma file instead, with those that it refers to')
    .action(
      act(async (session: Session, tenant: string, rule: string | undefined, options) =>
        test(session, tenant, rule, options),
      ),
    );
}

async function test(
  session: Session,
  tenant: string,
  rule: string | undefined,
  options: Options,
): Promise<ExitCode | undefined> {
  const { io, out } = session;
  const { ruleFile } = options;
  if (rule !== undefined && ruleFile !== undefined) throw oneRule();
  const event = await eventOf(io, options);
  if (event === undefined) throw invalidInput('Which event? Name a file with --event, or its --event-id.');
  const text = ruleFile === undefined ? undefined : await readRuleFile(io, ruleFile);
  const tests = await askTest(session, tenant, { ...event, rule, text });
  out.result({ tests }, () => ruleTestsText(out, tests));
  return undefined;
}

export function oneRule() {
  return invalidInput('Name the rule in one way: as an argument, or a file with --rule-file.');
}
