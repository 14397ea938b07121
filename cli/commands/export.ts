/** `noxys-relay export TENANT`: all that the relay has stored of a person, as one JSON document. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/time.ts';
import { exportPages } from '../rights/export-pages.ts';
import { fileTarget, stdoutTarget } from '../rights/export-target.ts';
import { erasedBefore, nothingStored } from '../rights/nothing-stored.ts';
import { BrokenOff, type Exported, writeExport } from '../rights/write-export.ts';
import type { Session } from '../session.ts';
import { type NamedSubject, subjectOf } from '../user-option.ts';

interface Options extends NamedSubject {
  readonly out?: string | undefined;
  readonly force?: true | undefined;
}

export function exportCommand(act: Act) {
  return new Command('export')
    .summary('all that is stored of a person, in JSON')
    .description(
      "Writes one JSON document to stdout or, with --out, to a new file for its owner alone, which has its name only once it is whole.\nNames that are given together are one person's. Without a value, --user, --user-id and --user-email ask for it, so that the shell does not keep it; - is stdin.\nIt needs the role admin, and is written to the audit log.",
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--user [name]', "the person's id, e-mail address or key, whichever it is")
    .option('--user-id [id]', "the person's id")
    .option('--user-email [address]', "the person's e-mail address")
    .option('--user-key <key>', "the person's pseudonym")
    .option('--out <file>', 'write it to this new file')
    .option('--force', 'with --out: replace a file that is there')
    .action(act(async (session: Session, tenant: string, options) => exportPerson(session, tenant, options)));
}

async function exportPerson(session: Session, tenant: string, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  const { out: file, force = false } = options;
  if (force && file === undefined) throw invalidInput('--force goes with --out.');
  const subject = await subjectOf(io, options);
  if (Object.keys(subject).length === 0)
    throw invalidInput('Whose data is it? Name the person: --user, --user-id, --user-email or --user-key.');
  const api = await session.api();
  const target = file === undefined ? stdoutTarget(session) : fileTarget(session, file, force);
  api.onWait = (ms) => {
    if (ms > 0) out.note(`The relay asks to wait ${Math.ceil(ms / 1000)} s.`);
  };
  try {
    const exported = await writeExport({
      head: { tenant, exportedAt: new Date(io.nowMs()).toISOString() },
      pages: exportPages(api, tenant, subject),
      target,
      isUnread: () => file === undefined && io.readerGone?.aborted === true,
    });
    target.finish();
    return await tell(session, api, { tenant, exported, file });
  } catch (error) {
    return endOf(session, error, file);
  } finally {
    target.abandon();
  }
}

interface Told {
  readonly tenant: string;
  readonly exported: Exported;
  readonly file: string | undefined;
}

/** What any name has, stored or not: its key, and what was ever asked about it. */
const OF_ANY_NAME: readonly string[] = ['key', 'audit'];

/** A name that nothing was ever stored under is not found: 4. */
async function tell({ out }: Session, api: ApiClient, { tenant, exported, file }: Told): Promise<ExitCode> {
  const { counts, keys, isComplete } = exported;
  if (!isComplete) return EXIT.ok;
  const total = Object.values(counts).reduce((sum, number) => sum + number, 0);
  const isStored = Object.keys(counts).some((kind) => !OF_ANY_NAME.includes(kind));
  if (total > 0) out.note(`Complete: ${countsText(counts)}.`);
  const earlier = isStored ? undefined : await erasedBefore(api, tenant, keys);
  if (earlier) out.note(nothingStored('is', earlier));
  else if (!isStored) out.warn(nothingStored('is', undefined));
  if (file !== undefined)
    out.result({ file, keys, counts, isStored }, () => `${count(total, 'item')} in ${printable(file)}.`);
  return isStored || earlier ? EXIT.ok : EXIT.notFound;
}

function countsText(counts: Exported['counts']): string {
  return Object.entries(counts)
    .map(([kind, number]) => `${number} × ${printable(kind).replaceAll('_', ' ')}`)
    .join(', ');
}

/** stdout has one document: where its beginning is written, it has said itself that it is not whole. */
function endOf({ out }: Session, error: unknown, file: string | undefined): ExitCode {
  if (!(error instanceof BrokenOff)) throw error;
  const { failure, hasBegun } = error;
  const { exitCode, kind, message, hint = '', details } = failure;
  if (file !== undefined || !hasBegun) {
    const notWritten = file === undefined ? '' : `No file was written. `;
    throw new CliFailure(exitCode, kind, message, { hint: `${notWritten}${hint}`.trim(), details });
  }
  out.warn(`The export is not complete: ${message}`);
  if (hint !== '') out.note(hint);
  return exitCode;
}
