/** `noxys-relay residency`: whether a deployment keeps what it promises of the EU, and what nothing keeps. */

import { Command, Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';

import type { Act } from '../action.ts';
import { ENVIRONMENT_NAMES, type EnvironmentName } from '../deploy/environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { COMPONENT_IDS, COMPONENTS } from '../residency/components.ts';
import { examineResidency, type Examination } from '../residency/examine.ts';
import { isProven } from '../residency/finding.ts';
import { textOf } from '../residency/text.ts';
import { WITH_ENTERPRISE, WITHOUT_ENTERPRISE } from '../residency/statement.ts';
import { VERSION, type Session } from '../session.ts';

export function residencyCommand(act: Act) {
  return new Command('residency')
    .summary('where data rest, and whether it is so')
    .description('What a deployment promises of the EU: docs/data-residency.md.')
    .addCommand(checkCommand(act));
}

function checkCommand(act: Act) {
  return new Command('check')
    .summary('check what is promised of the EU, component by component')
    .description(
      'Goes through every component: what it holds, where that rests and runs, what enforces it, and what to buy or accept where nothing\ndoes. Checks wrangler.toml with the recorded values, asks Cloudflare (by wrangler) where KV and queues are, asks the relay for its\nsettings and every tenant, and DNS for their destinations. Changes nothing.\nExit code 1 when something fails or could not be asked; accepted risks alone are 0.',
    )
    .addOption(
      new Option('--env <env>', 'the environment: eu, or global for the EU tenants in it')
        .choices(ENVIRONMENT_NAMES)
        .argParser(environmentOf)
        .default('eu' as const),
    )
    .option('--files <path>', 'also tenant files (a folder or a file), before they are applied')
    .option('--offline', 'ask nobody: only wrangler.toml, the record and --files')
    .option('--config <file>', 'another wrangler.toml than that of this project')
    .option('--record <folder>', 'what `npm run deploy:setup` recorded', '.deploy')
    .option('--brief', 'only what was found, without the components')
    .option('-v, --verbose', 'show what is in order, too')
    .action(
      act(async (session: Session, { env, offline, brief, verbose, files, config, record }) =>
        check(
          session,
          { env, isOffline: offline === true, files, config, record },
          { isBrief: brief === true, isVerbose: verbose === true },
        ),
      ),
    );
}

/** As for wrangler, an empty name is the top level. */
function environmentOf(text: string): EnvironmentName {
  const found = ENVIRONMENT_NAMES.find((name) => name === (text === '' ? 'global' : text));
  if (found) return found;
  throw new InvalidArgumentError(`It must be one of ${ENVIRONMENT_NAMES.join(', ')}.`);
}

async function check(
  session: Session,
  examination: Examination,
  view: { readonly isBrief: boolean; readonly isVerbose: boolean },
): Promise<ExitCode> {
  const findings = await examineResidency(session, examination);
  const isGood = isProven(findings);
  const { env, isOffline } = examination;
  const isWhole = env === 'eu' && !isOffline;
  const document = {
    env,
    checkedAt: new Date(session.io.nowMs()).toISOString(),
    relay: isOffline ? null : session.origin,
    version: VERSION,
    isProven: isGood && isWhole,
    statement:
      isGood && isWhole ? { withoutEnterprise: WITHOUT_ENTERPRISE, withEnterprise: WITH_ENTERPRISE } : null,
    ...(view.isBrief ? {} : { components: COMPONENT_IDS.map((id) => ({ id, ...COMPONENTS[id] })) }),
    findings,
  };
  session.out.result(document, () => textOf(session.out, findings, { ...view, env, isOffline }));
  return isGood ? EXIT.ok : EXIT.failed;
}
