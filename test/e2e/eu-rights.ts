/**
 * What operators do for a person, in a whole run: look, hold, export, erase, reveal, and begin to move the tenant. It throws where a step
 * has not the answer that makes the run worth looking at. It asserts nothing about what is left behind.
 */

import type { ErasureView, ExportItem, HoldView } from '../../cli/api-types.ts';
import type { AdminAnswer } from './admin-client.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

const DONE = { withinMs: 60_000 };

interface Played {
  /** Of the tenant. */
  readonly path: string;
  readonly person: { readonly user_id: string; readonly user_email: string };
}

/** A hold of the person, and of everything, an export, a refused erasure, and one that is done. */
export async function playRights(stage: Stage, { path, person }: Played): Promise<void> {
  const { admin } = stage;
  const subject = { user_id: person.user_id, user_email: person.user_email };
  const reason = 'case 7';
  const held = bodyOf<HoldView>(201, await admin.post(`${path}/holds`, { ...subject, reason }));
  const all = bodyOf<HoldView>(201, await admin.post(`${path}/holds`, { reason }));
  bodyOf(200, await admin.get(`${path}/holds`));
  bodyOf(409, await admin.post(`${path}/erase`, subject));
  await exportAll(stage, { path, subject });
  for (const { id } of [held, all]) bodyOf(200, await admin.delete(`${path}/holds/${id}`));
  bodyOf(400, await admin.post(`${path}/export`, { ...subject, cursor: person.user_email }));
  await moveAndStay(stage, path);
  const { id } = bodyOf<ErasureView>(202, await admin.post(`${path}/erase`, subject));
  const isDone = async () =>
    bodyOf<ErasureView>(200, await admin.get(`${path}/erasures/${id}`)).doneAt !== undefined;
  await until('the person is erased', isDone, DONE);
  bodyOf(200, await admin.get(`${path}/erasures`));
  bodyOf(200, await admin.get(`${path}/retention`));
  bodyOf(200, await admin.get(`${path}/audit`));
}

/** The names behind the pseudonyms of a user, and those of nobody. */
export async function playReveal(stage: Stage, { path, person }: Played): Promise<void> {
  const { admin } = stage;
  const { key } = bodyOf<{ readonly key: string }>(
    200,
    await admin.post(`${path}/users/key`, { user_id: person.user_id }),
  );
  const revealed = bodyOf<{ readonly user_id: string }>(
    200,
    await admin.post(`${path}/users/reveal`, { user_key: key }),
  );
  if (revealed.user_id !== person.user_id) throw new Error('Cannot go on as another user was revealed');
  bodyOf(404, await admin.post(`${path}/users/reveal`, { user_key: `p_${'x'.repeat(22)}` }));
  await stage.untilDone(path.slice(path.lastIndexOf('/') + 1), DONE);
}

async function exportAll(
  { admin }: Stage,
  { path, subject }: { readonly path: string; readonly subject: object },
): Promise<void> {
  let count = 0;
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
    const asked = { ...subject, ...(cursor !== undefined && { cursor }) };
    const answer = bodyOf<{ readonly items: readonly ExportItem[]; readonly next?: string }>(
      200,
      await admin.post(`${path}/export`, asked),
    );
    count += answer.items.length;
    cursor = answer.next;
  }
  if (count === 0) throw new Error('Cannot go on as the export must have something: it has nothing');
}

/** To another deployment, and back before anything is handed over: sealed pages of the tenant pass through the edge. */
async function moveAndStay({ admin }: Stage, path: string): Promise<void> {
  const { version } = bodyOf<{ readonly version: number }>(
    200,
    await admin.post(`${path}/move/offer`, { to: 'eu' }),
  );
  let begun: AdminAnswer | undefined;
  const isBegun = async () => {
    begun = await admin.post(`${path}/move`, { to: 'eu', version });
    return begun.status !== 503;
  };
  await until('the tenant rests', isBegun, DONE);
  if (!begun) throw new Error('Cannot go on as the move must begin: it did not');
  const { move } = bodyOf<{ readonly move: string }>(200, begun);
  bodyOf(200, await admin.post(`${path}/move/pages`, { move, n: 0 }));
  bodyOf(200, await admin.post(`${path}/move/abandon`, { move }));
}

function bodyOf<T>(status: number, answer: AdminAnswer): T {
  if (answer.status === status) return answer.body as T;
  throw new Error(`Cannot go on as the answer must be ${status}: it is ${answer.status} ${answer.text}`);
}
