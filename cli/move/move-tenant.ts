/**
 * A tenant's way from one place to another, from wherever an earlier run left it. The order is what keeps it whole: the source lets go
 * only when the target has everything, and the target begins only when the source has let go.
 */

import type { MoveView } from '../../src/domain/move.ts';
import { agreeByTyping } from '../apply/agree.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { startProgress } from '../output/progress.ts';
import { count, formatDuration } from '../output/time.ts';
import type { Session } from '../session.ts';
import type { Activated, Ends } from './steps.ts';
import { Steps } from './steps.ts';

export interface MoveOptions {
  readonly leavesEu: boolean;
  readonly isAgreed: boolean;
}

export interface Moved extends Activated {
  readonly move: string;
  /** Brought by this run. */
  readonly pages: number;
}

/** About what a page holds: for the bar alone. */
const PAGE_BYTES = 400_000;

/** The relay writes to KV again this soon. */
const PUBLISH_RETRY_MS = 10_000;
const ACTIVATIONS_MAX = 6;

type Leaving = Extract<MoveView, { side: 'leaving' }>;
type Departed = Extract<MoveView, { side: 'departed' }>;

export async function moveTenant(session: Session, ends: Ends, options: MoveOptions): Promise<Moved> {
  const steps = new Steps(ends);
  const { view, bytes } = await begun(session, ends, options, steps);
  const { departed, pages } =
    view.side === 'leaving'
      ? await bringAll(session, ends, steps, { view, bytes })
      : { departed: view, pages: 0 };
  const { move, release } = departed;
  const active = await activated(session, ends, steps, { move, release });
  await steps.settle(move);
  return { move, pages, ...active };
}

/** Once the edge knows the new place: from `settle` on the old one answers senders for minutes only, and then refuses them. */
async function activated(
  { io, out }: Session,
  { tenant }: Ends,
  steps: Steps,
  { move, release }: Pick<Departed, 'move' | 'release'>,
): Promise<Activated> {
  for (let tries = 1; ; tries++) {
    const active = await steps.activate(move, release);
    if (active.published) return active;
    if (tries === 1) out.note('The edge has not received it yet.');
    if (tries === ACTIVATIONS_MAX || io.signal.aborted)
      throw new CliFailure(
        EXIT.failed,
        'not_published',
        `${tenant} works at its new place, and the edge has not received it: its senders are answered 503.`,
        { hint: 'The relay tries again by itself. Run the command again to end the move.' },
      );
    await io.sleep(PUBLISH_RETRY_MS, io.signal).catch(() => undefined);
  }
}

/** The move that is under way, or a new one that the caller agreed to. */
async function begun(
  session: Session,
  ends: Ends,
  { leavesEu, isAgreed }: MoveOptions,
  steps: Steps,
): Promise<{ readonly view: Leaving | Departed; readonly bytes: number }> {
  const { io, out } = session;
  const { tenant, to, source, target } = ends;
  const view = await steps.whereIsIt();
  if (view.side === 'departed' && view.isSettled)
    throw failed('moved_already', `${tenant} has moved to ${view.to} already.`);
  if (view.side === 'leaving' || view.side === 'departed') {
    if (view.to !== to)
      throw failed('another_move', `${tenant} is on its way to ${view.to}: say --to ${view.to}.`);
    out.note(`Going on with the move ${view.move}.`);
    return { view, bytes: 0 };
  }
  const offer = await steps.offer(leavesEu);
  await steps.check(offer);
  const where = source.origin === target.origin ? '' : ` at ${target.origin}`;
  out.note(
    `${tenant} is ${view.residency}, at version ${offer.version}, with ${Math.ceil(offer.bytes / 1024)} KiB. It moves to ${to}${where}.`,
  );
  out.note('Until it works there, senders are answered 503 and nothing is delivered. Nothing is lost.');
  if (source.origin !== target.origin && offer.overflowing > 0)
    out.warn(
      `${count(offer.overflowing, 'message waits', 'messages wait')} in the overflow queue of ${source.origin}. What is of ${tenant} would not follow it to another deployment: better wait until the queue is empty.`,
    );
  await agreeByTyping(io, 'It is erased where it is now.', `move ${tenant} to ${to}`, isAgreed);
  const leaving = await steps.begin(offer.version, leavesEu);
  if (leaving.side !== 'leaving') throw failed('not_begun', 'The tenant did not come to rest.');
  return { view: leaving, bytes: offer.bytes };
}

/** Brings the pages that the target does not have, then has the source let go. */
async function bringAll(
  session: Session,
  { source, target }: Ends,
  steps: Steps,
  { view, bytes }: { readonly view: Leaving; readonly bytes: number },
): Promise<{ readonly departed: Departed; readonly pages: number }> {
  const { move } = view;
  session.out.note('If this breaks off, run it again to go on, or with --abandon to go back.');
  const progress = startProgress(session.io, 'Moving', Math.ceil(bytes / PAGE_BYTES) + 1);
  for (const api of [source, target])
    api.onWait = (ms) => progress.tell(ms === 0 ? '' : `the relay asks to wait ${formatDuration(ms)}`);
  let pages = 0;
  try {
    let came = await steps.whatCame();
    while (proofOf(came, move) === undefined) {
      came = await steps.bring(await steps.page(move, pagesOf(came, move)));
      pages++;
      progress.advance();
    }
    const departed = await steps.finish(move, proofOf(came, move) ?? '');
    if (departed.side !== 'departed') throw failed('not_finished', 'The source did not let go.');
    return { departed, pages };
  } finally {
    progress.stop();
  }
}

/** What is there of another move gives way to the first page of this one. */
function pagesOf(came: MoveView, move: string): number {
  return came.side === 'arriving' && came.move === move ? came.pages : 0;
}

function proofOf(came: MoveView, move: string): string | undefined {
  return came.side === 'arriving' && came.move === move ? came.proof : undefined;
}

/** Goes back: the tenant stays, and what came of it is wiped. */
export async function abandonMove(ends: Ends): Promise<{ readonly move: string }> {
  const steps = new Steps(ends);
  const view = await steps.whereIsIt();
  const came = await steps.whatCame();
  if (view.side === 'departed' && !view.isSettled)
    throw failed(
      'handed_over',
      `${ends.tenant} is gone from here, and everything of it has come: run the command without --abandon.`,
    );
  // The source first: once it goes on, nothing can be made of what came.
  if (view.side === 'leaving') await steps.abandon(view.move);
  if (came.side === 'arriving') await steps.wipe(came.move);
  const move = view.side === 'leaving' ? view.move : came.side === 'arriving' ? came.move : undefined;
  if (move === undefined) throw failed('no_such_move', `${ends.tenant} is on no move.`);
  return { move };
}

function failed(kind: string, message: string): CliFailure {
  return new CliFailure(EXIT.failed, kind, message);
}
