/** `noxys-relay playbook test TENANT NAME --dry-run`: what a tenant's rules would have done by a playbook. */

import { Argument, Command } from '@commander-js/extra-typings';

import { PLAYBOOKS, type PlaybookName } from '../../src/domain/playbook.ts';
import type { Act } from '../action.ts';
import type { RuleTest } from '../api-types.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { playbookTestsText } from '../output/rule-tests-text.ts';
import { askTest, eventOf, type EventOptions } from '../rules/ask-test.ts';
import { sampleEvent } from '../rules/sample-event.ts';
import type { Session } from '../session.ts';
import { readRules } from './rules-list.ts';

interface Options extends EventOptions {
  readonly dryRun?: true | undefined;
}

export function testCommand(act: Act) {
  return new Command('test')
    .summary('what would be done by a playbook, and its checklist')
    .description(
      'For each rule of the tenant with this playbook: what would be done and where, and the checklist of its cases.\nNothing is counted, recorded or sent. Without an event of yours, one is made up that names nobody.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .addArgument(new Argument('<name>', 'which playbook').choices(PLAYBOOKS))
    .option('--dry-run', 'say so: a playbook is run by a detection alone')
    .option('--event <file>', 'file with a Noxys event in JSON; - is stdin')
    .option('--event-id <id>', 'a stored event, by its id')
    .action(
      act(async (session: Session, tenant: string, name: PlaybookName, options) =>
        test(session, tenant, name, options),
      ),
    );
}

async function test(
  session: Session,
  tenant: string,
  name: PlaybookName,
  options: Options,
): Promise<ExitCode | undefined> {
  if (options.dryRun !== true) {
    throw invalidInput(
      'A playbook is only ever run by a detection: nobody starts one by hand.',
      'Say --dry-run to see what it would do.',
    );
  }
  const event = (await eventOf(session.io, options)) ?? { event: sampleEvent(name, session.io.nowMs()) };
  const { rules } = await readRules(session, tenant);
  const own = rules.filter(({ playbook, enabled, alerts }) => playbook === name && enabled && alerts);
  if (own.length === 0) {
    throw new CliFailure(
      EXIT.notFound,
      'playbook_unused',
      `No rule of ${tenant} that is on has the playbook ${name}.`,
      {
        hint: 'A rule names its playbook with `relay: {playbook: …}`: see `npx noxys-relay rules list`.',
      },
    );
  }
  const tests: RuleTest[] = [];
  for (const { id } of own) tests.push(...(await askTest(session, tenant, { ...event, rule: id })));
  session.out.result({ playbook: name, tests }, () => playbookTestsText(session.out, name, tests));
  return undefined;
}
