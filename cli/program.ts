/** The whole command line: every command and the options that all of them take. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from './action.ts';
import { applyCommand } from './commands/apply.ts';
import { auditCommand } from './commands/audit.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { detectionsCommand } from './commands/detections.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eraseCommand } from './commands/erase.ts';
import { erasuresCommand } from './commands/erasures.ts';
import { eventsCommand } from './commands/events.ts';
import { exportCommand } from './commands/export.ts';
import { holdsCommand } from './commands/holds.ts';
import { initCommand } from './commands/init.ts';
import { lanesCommand } from './commands/lanes.ts';
import { liftContainmentCommand } from './commands/lift-containment.ts';
import { noticesCommand } from './commands/notices.ts';
import { pauseCommand } from './commands/pause.ts';
import { playbookCommand } from './commands/playbook.ts';
import { residencyCommand } from './commands/residency.ts';
import { resealCommand } from './commands/reseal.ts';
import { resumeCommand } from './commands/resume.ts';
import { retentionCommand } from './commands/retention.ts';
import { rotateSecretCommand } from './commands/rotate-secret.ts';
import { rulesCommand } from './commands/rules.ts';
import { sendTestEventCommand } from './commands/send-test-event.ts';
import { signatureCommand } from './commands/signature.ts';
import { tenantsCommand } from './commands/tenants.ts';
import { testCommand } from './commands/test.ts';
import { tokenCommand } from './commands/token.ts';
import { usersCommand } from './commands/users.ts';
import { windowsCommand } from './commands/windows.ts';
import { VERSION } from './session.ts';

const ABOUT = `Operates a noxys-relay through its admin API: tenants, events, rules, lanes, persons' rights, secrets, health.

The relay's address comes from NOXYS_RELAY_URL or --url, the token from NOXYS_RELAY_TOKEN, --token-file or a prompt.
Secrets are never arguments.`;

const EPILOGUE = `
Exit codes: 0 ok · 1 failed, or found something · 2 wrong usage or invalid input · 3 relay not reachable or not authorised
            4 no such tenant, event, … · 130 interrupted
All commands and options: docs/cli.md`;

/** In the order in which somebody needs them. */
const COMMANDS = [
  initCommand,
  applyCommand,
  tenantsCommand,
  testCommand,
  sendTestEventCommand,
  signatureCommand,
  eventsCommand,
  rulesCommand,
  detectionsCommand,
  windowsCommand,
  usersCommand,
  playbookCommand,
  lanesCommand,
  pauseCommand,
  resumeCommand,
  liftContainmentCommand,
  deadLettersCommand,
  noticesCommand,
  exportCommand,
  eraseCommand,
  erasuresCommand,
  holdsCommand,
  retentionCommand,
  rotateSecretCommand,
  resealCommand,
  tokenCommand,
  auditCommand,
  doctorCommand,
  residencyCommand,
  completionCommand,
];

export function buildProgram(act: Act) {
  const program = new Command('noxys-relay')
    .description(ABOUT)
    .version(VERSION, '--version', "the command line's version")
    .helpOption('-h, --help', 'help on a command')
    .option('--url <url>', 'origin of the relay, instead of NOXYS_RELAY_URL')
    .option('--token-file <file>', 'file with the token, instead of NOXYS_RELAY_TOKEN')
    .option('--reason <text>', 'why you do this, for the audit log')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--no-color', 'no colours; NO_COLOR says the same')
    .addHelpText('after', EPILOGUE);
  for (const make of COMMANDS) program.addCommand(make(act));
  program.addCommand(
    completeCommand(act, () => program),
    { hidden: true },
  );
  return program;
}
