/** `noxys-relay init`: asks for a tenant, tests its connections, and writes its file and its secrets. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { readAnswers, withRules, withWebhookSecret } from '../init/answers.ts';
import { askTenant } from '../init/ask-tenant.ts';
import { faultyCandidate, planCandidate, testCandidate } from '../init/check-candidate.ts';
import { nextSteps } from '../init/next-steps.ts';
import { refuseExisting, writeTenant } from '../init/write-tenant.ts';
import { completedUrl } from '../init/completed-url.ts';
import { canAsk } from '../io.ts';
import { isLoopback } from '../origin.ts';
import { isDelivered, testsText } from '../output/tests-text.ts';
import type { Session } from '../session.ts';
import { faultsWithoutRelay } from '../tenant-files/faults-without-relay.ts';
import { secretPlaces } from '../tenant-files/literal-secrets.ts';

interface Options {
  readonly answers?: string | undefined;
  readonly dir: string;
  readonly test: boolean;
  readonly writeAnyway?: true | undefined;
  readonly force?: true | undefined;
}

export function initCommand(act: Act) {
  return new Command('init')
    .summary('ask for a tenant, test its connections, write its file')
    .description(
      'Asks for id, residency, webhook secret and destinations, has each destination tested by the relay,\nand writes <dir>/<id>.yaml with references, and the secrets to <dir>/.env, which only you can read and git ignores.\nNothing is stored on the relay: `apply` does that. Without a relay (no NOXYS_RELAY_URL) nothing is tested.',
    )
    .option(
      '--answers <file>',
      "instead of asking: a tenant's document, whose secrets may be ${NAME} or ${file:path}",
    )
    .option('--dir <folder>', 'where the files go', 'tenants')
    .option('--no-test', 'do not contact the relay')
    .option('--write-anyway', 'with --answers: write the files although a destination did not pass its test')
    .option('--force', 'replace the file of a tenant that is there already')
    .action(act(async (session: Session, options) => init(session, options)));
}

async function init(session: Session, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  const isTested = options.test && session.hasRelay;
  if (isTested) await session.api();
  const targetOf = (id: string) => ({
    cwd: io.cwd,
    folder: options.dir,
    id,
    isForced: options.force === true,
  });
  const given = await documentOf(session, options, (id) => refuseExisting(targetOf(id)), isTested);
  const { document, isMadeUp } = withWebhookSecret(withRules(given));
  concealSecrets(session, document);
  const faults = faultsWithoutRelay(document);
  if (faults.length > 0) throw faultyCandidate(faults);
  const id = String(document['id']);
  refuseExisting(targetOf(id));
  if (isTested) {
    await planCandidate(await session.api(), id, document);
    if (options.answers !== undefined) await testAll(session, document, options.writeAnyway === true);
  }
  const written = writeTenant(targetOf(id), document);
  out.result({ id, ...written, isTested, webhookSecretMadeUp: isMadeUp }, () =>
    nextSteps({ id, written, isMadeUp, isTested, folder: options.dir }),
  );
  return EXIT.ok;
}

async function documentOf(
  session: Session,
  { answers }: Options,
  refuse: (id: string) => void,
  isTested: boolean,
): Promise<Record<string, unknown>> {
  if (answers !== undefined) return readAnswers(session, answers);
  if (!canAsk(session.io)) {
    throw invalidInput(
      'Nobody can be asked here.',
      'Give the answers in a file: --answers. See docs/cli.md.',
    );
  }
  return askTenant(session.io, {
    refuseExisting: refuse,
    isRelayLocal: session.hasRelay && isLoopback(session.origin),
    test: async (document, name) => !isTested || testOne(session, document, name),
  });
}

/** Shows what the test found; true when all is well, or can't be tested yet. */
async function testOne(session: Session, given: Record<string, unknown>, name: string): Promise<boolean> {
  const { document } = withWebhookSecret(given);
  concealSecrets(session, document);
  const faults = faultsWithoutRelay(document);
  if (faults.length > 0) {
    session.out.note(faultyCandidate(faults).message);
    return false;
  }
  try {
    const tested = await testCandidate(await session.api(), String(document['id']), name, document);
    if (tested === undefined) return true;
    session.out.note(testsText(session.out, [tested]));
    const isTaken = tested.tests.every(isDelivered);
    const url = isTaken ? undefined : completedUrl(document, name);
    if (url !== undefined) session.out.note(`${name} was sought at ${url}.`);
    return isTaken;
  } catch (error) {
    // A fault in what was entered can be mended here and now; a relay that is away can't.
    if (!(error instanceof CliFailure) || error.exitCode !== EXIT.invalid) throw error;
    session.out.note(error.message);
    return false;
  }
}

async function testAll(
  session: Session,
  document: Record<string, unknown>,
  isWritten: boolean,
): Promise<void> {
  const destinations = Array.isArray(document['destinations']) ? document['destinations'] : [];
  const failed: string[] = [];
  for (const { name } of destinations as { name: string }[]) {
    if (!(await testOne(session, document, name))) failed.push(name);
  }
  if (failed.length === 0 || isWritten) return;
  throw new CliFailure(
    EXIT.failed,
    'destination_test_failed',
    `Nothing was written: ${failed.join(', ')} did not pass the test.`,
    { hint: 'Mend the answers, or say --write-anyway.', details: { destinations: failed } },
  );
}

function concealSecrets({ out }: Session, document: unknown): void {
  for (const { value } of secretPlaces(document)) if (typeof value === 'string') out.conceal(value);
}
