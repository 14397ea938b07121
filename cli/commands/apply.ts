/** `noxys-relay apply -f tenants/`: makes the relay's tenants what the files say. */

import { Command, Option } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { agree, agreeByTyping } from '../apply/agree.ts';
import { planAll, type Planned } from '../apply/plan-all.ts';
import { type DoomedTenant, tenantsInNoFile } from '../apply/prune.ts';
import { reportWritten } from '../apply/report.ts';
import { showPlan } from '../apply/show-plan.ts';
import { writeAll } from '../apply/write-all.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wholeNumber } from '../option-values.ts';
import { count } from '../output/time.ts';
import type { Session } from '../session.ts';
import { readTenantFiles } from '../tenant-files/read-folder.ts';
import type { TenantFile } from '../tenant-files/read-tenant.ts';

const PLACES_SHOWN_MAX = 5;

interface Options {
  readonly file: readonly string[];
  readonly yes?: true;
  readonly dryRun?: true;
  readonly prune?: true;
  readonly discardUndelivered?: true;
  readonly addedFrom?: string | undefined;
  readonly concurrency: number;
}

export function applyCommand(act: Act) {
  return new Command('apply')
    .summary('make the tenants what the files say')
    .description(
      "Reads all tenant files, shows what would change, asks, and writes only what changed.\nOne broken file, and nothing is changed anywhere.\n${NAME} in a file stands for a variable of the environment or of .env beside it, ${file:path} for a file's text.",
    )
    .requiredOption('-f, --file <path...>', 'tenant files, or folders of them')
    .option('-y, --yes', 'write without asking')
    .option('--dry-run', 'show what would change, and write nothing')
    .option('--prune', 'delete the tenants that are in no file')
    .option('--discard-undelivered', 'with --prune: delete tenants although events wait, and give those up')
    .addOption(
      new Option(
        '--added-from <where>',
        'where the lanes of added destinations begin (default: now)',
      ).choices(['now', 'backlog'] as const),
    )
    .option('--concurrency <n>', 'requests under way at once', wholeNumber(1, 32), 8)
    .action(act(async (session: Session, options) => apply(session, options)));
}

async function apply(session: Session, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  const files = readTenantFiles(session, options.file);
  warnOfSecrets(session, files);
  const api = await session.api();
  const deleted = options.prune === true ? await tenantsInNoFile(session, api, files, options.file) : [];
  const planned = await planAll(io, api, files, options.concurrency);
  out.say(showPlan(out, planned, deleted));
  const isNothing = planned.changed.length + deleted.length === 0;
  if (options.dryRun === true || isNothing) {
    return reportWritten(out, planned, deleted, { written: [], isDryRun: options.dryRun === true });
  }
  await askFor(session, planned, deleted, options.yes === true);
  const written = await writeAll(io, api, {
    changed: planned.changed,
    deleted,
    concurrency: options.concurrency,
    addedFrom: options.addedFrom,
    isDiscarding: options.discardUndelivered === true,
  });
  const code = reportWritten(out, planned, deleted, { written, isDryRun: false });
  return io.signal.aborted ? EXIT.interrupted : code;
}

async function askFor(
  { io }: Session,
  { changed }: Planned,
  deleted: readonly DoomedTenant[],
  isAgreed: boolean,
): Promise<void> {
  const [only] = deleted;
  if (only === undefined) {
    await agree(io, `Write ${count(changed.length, 'tenant')}?`, isAgreed);
    return;
  }
  const words = deleted.length === 1 ? `delete ${only.id}` : `delete ${deleted.length} tenants`;
  const question = `${count(deleted.length, 'tenant')} will be deleted with all events, ${changed.length} written.`;
  await agreeByTyping(io, question, words, isAgreed);
}

/** A secret in a tenant file tends to end up in git; one with quotes around it is refused by where it is sent. */
function warnOfSecrets({ out }: Session, files: readonly TenantFile[]): void {
  const placesOf = (kind: 'literalSecrets' | 'quotedSecrets') =>
    files.flatMap((tenant) => tenant[kind].map((path) => `${tenant.file.name} ${path}`));
  const [literal, quoted] = [placesOf('literalSecrets'), placesOf('quotedSecrets')];
  if (literal.length > 0)
    out.warn(
      `${count(literal.length, 'secret stands', 'secrets stand')} in clear in a file: ${shownOf(literal)}. Write \${NAME} there, and the value in .env beside it.`,
    );
  if (quoted.length > 0)
    out.warn(
      `${count(quoted.length, 'secret has', 'secrets have')} quotes around it that would be sent with it: ${shownOf(quoted)}. Take them away, unless they belong to it.`,
    );
}

function shownOf(places: readonly string[]): string {
  const more = places.length > PLACES_SHOWN_MAX ? `, and ${places.length - PLACES_SHOWN_MAX} more` : '';
  return `${places.slice(0, PLACES_SHOWN_MAX).join(', ')}${more}`;
}
