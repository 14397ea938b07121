/** Dead letters listed, shown and sent again. */

import { SHAPES } from './api-shapes.ts';
import { tenantPath } from './api-paths.ts';
import type { DeadLetterView } from './api-types.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { invalidInput } from './failure.ts';
import { printable } from './output/printable.ts';
import { count, formatAge, formatInstant } from './output/time.ts';
import { moreLine, type Paged, readPages } from './pages.ts';
import type { Session } from './session.ts';

const COLUMNS = [
  { head: 'id', align: 'right' },
  { head: 'at (UTC)' },
  { head: 'lane' },
  { head: 'reason' },
  { head: 'status', align: 'right' },
  { head: 'tries', align: 'right' },
  { head: 'event' },
  { head: 'answer' },
] as const;

export interface Listing {
  readonly lane: string | undefined;
  readonly reason: string | undefined;
  readonly limit: number;
  readonly before: number | undefined;
}

export async function listDeadLetters(session: Session, tenant: string, listing: Listing): Promise<ExitCode> {
  const { lane, reason, limit, before } = listing;
  const page = await readPages<DeadLetterView>(await session.api(), {
    what: 'list the dead letters',
    path: tenantPath(tenant, 'dead-letters'),
    query: { lane, reason },
    member: 'deadLetters',
    limit,
    before,
  });
  const { entries: deadLetters, ...rest } = page;
  session.out.result({ deadLetters, ...rest }, () => tableOf(session, page));
  return EXIT.ok;
}

function tableOf({ out }: Session, page: Paged<DeadLetterView>): string {
  if (page.entries.length === 0) return 'There are no dead letters.';
  const rows = page.entries.map((letter) => [
    String(letter.id),
    formatInstant(letter.at),
    printable(letter.lane),
    letter.redrivenAt === undefined ? letter.reason : `${letter.reason}, sent again`,
    letter.status === undefined ? '–' : String(letter.status),
    String(letter.attempts),
    printable(`${letter.eventType} ${letter.eventId}`),
    printable(letter.excerpt),
  ]);
  return [out.table(COLUMNS, rows), ...moreLine(page)].join('\n');
}

export async function showDeadLetters(
  session: Session,
  tenant: string,
  ids: readonly number[],
): Promise<ExitCode> {
  if (ids.length === 0) throw invalidInput('show needs the ids of dead letters: see the list.');
  const api = await session.api();
  const letters = await Promise.all(
    ids.map(async (id) =>
      api.ask<DeadLetterView>(`show dead letter ${id}`, {
        method: 'GET',
        shape: SHAPES.deadLetter,
        path: tenantPath(tenant, 'dead-letters', id),
      }),
    ),
  );
  session.out.result({ deadLetters: letters }, () => letters.map((one) => textOf(session, one)).join('\n\n'));
  return EXIT.ok;
}

function textOf({ out, io }: Session, letter: DeadLetterView): string {
  const { id, lane, reason, eventType, eventId, status, attempts, at, redrivenAt, excerpt } = letter;
  return [
    out.paint('strong', `${id} of ${printable(lane)}: ${reason}`),
    `event     ${printable(eventType)} ${printable(eventId)}`,
    `since     ${formatInstant(at)} UTC, ${formatAge(at, io.nowMs())}, after ${count(attempts, 'attempt')}`,
    ...(redrivenAt === undefined ? [] : [`sent again ${formatAge(redrivenAt, io.nowMs())}`]),
    `answer    ${status ?? 'none'}: ${printable(excerpt)}`,
  ].join('\n');
}

export interface Selection {
  readonly lane: string | undefined;
  readonly reason: string | undefined;
  readonly since: string | undefined;
}

interface Redriven {
  readonly redriven: number;
  readonly left: number;
}

export async function redriveDeadLetters(
  session: Session,
  tenant: string,
  ids: readonly number[],
  selection: Selection,
): Promise<ExitCode> {
  const hasSelection = Object.values(selection).some((value) => value !== undefined);
  if (ids.length > 0 === hasSelection) {
    throw invalidInput('redrive needs either ids, or at least one of --lane, --cause and --since.');
  }
  const api = await session.api();
  const requests = hasSelection
    ? [{ path: tenantPath(tenant, 'dead-letters', 'redrive'), body: selection }]
    : ids.map((id) => ({ path: tenantPath(tenant, 'dead-letters', id, 'redrive'), body: undefined }));
  let redriven = 0;
  let left = 0;
  for (const { path, body } of requests) {
    const answer = await api.ask<Redriven>('send dead letters again', {
      method: 'POST',
      shape: SHAPES.redriven,
      path,
      body,
    });
    redriven += answer.redriven;
    left += answer.left;
  }
  const rest = left > 0 ? ` ${left} were left: a lane retries only so many at once. Repeat this later.` : '';
  session.out.result(
    { redriven, left },
    () => `${count(redriven, 'dead letter is', 'dead letters are')} sent again.${rest}`,
  );
  return left > 0 ? EXIT.failed : EXIT.ok;
}
