/** What became of an apply: for people in lines, for scripts as a document; and the exit code. */

import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/time.ts';
import type { Planned } from './plan-all.ts';
import type { DoomedTenant } from './prune.ts';
import type { Written } from './write-all.ts';

/** Writes the report and says how the command ends. */
export function reportWritten(
  out: Output,
  planned: Planned,
  deleted: readonly DoomedTenant[],
  { written, isDryRun }: { readonly written: readonly Written[]; readonly isDryRun: boolean },
): ExitCode {
  const failed = written.filter(({ outcome }) => outcome !== 'done');
  const document = {
    dryRun: isDryRun,
    unchanged: planned.unchanged,
    changes: planned.changed.map(({ tenant, plan }) => ({ id: tenant.id, file: tenant.file.name, ...plan })),
    deletes: deleted.map(({ id }) => id),
    written,
    failed: failed.length,
  };
  out.result(document, () => textOf(out, written, isDryRun));
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

function textOf(out: Output, written: readonly Written[], isDryRun: boolean): string {
  if (isDryRun) return 'Nothing was written: --dry-run.';
  if (written.length === 0) return 'Nothing to do.';
  const done = written.filter(({ outcome }) => outcome === 'done');
  const rest = written.filter(({ outcome }) => outcome === 'not_started');
  const doneOf = (change: string) => done.filter((one) => one.change === change).length;
  return [
    ...written.flatMap(({ id, error }) =>
      error ? [`${out.paint('bad', '✖')} ${id}: ${printable(error.message)}`] : [],
    ),
    ...(rest.length > 0 ? [`${count(rest.length, 'tenant was', 'tenants were')} not touched.`] : []),
    `${count(doneOf('create'), 'tenant')} created, ${doneOf('update')} changed, ${doneOf('delete')} deleted.`,
    ...(doneOf('create') + doneOf('update') > 0
      ? ['Webhook, filter and privacy settings reach the edge within about 2 minutes, destinations at once.']
      : []),
  ].join('\n');
}
