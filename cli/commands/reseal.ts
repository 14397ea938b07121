/** `noxys-relay reseal [TENANT…|--all]`: seals what is stored again, under the current master key. */

import { Command } from '@commander-js/extra-typings';

import type { ApiClient } from '../api-client.ts';
import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { listTenants } from '../list-tenants.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { startProgress } from '../output/progress.ts';
import { count, formatDuration } from '../output/time.ts';
import { inPool } from '../pool.ts';
import type { Session } from '../session.ts';

/** An earlier relay has no sealed map, and answers with the number alone. */
interface Answer {
  readonly resealed: number;
  readonly unopened?: number;
  readonly isComplete?: boolean;
}

interface Resealed {
  readonly tenant: string;
  readonly resealed?: number;
  readonly error?: string;
}

export function resealCommand(act: Act) {
  return new Command('reseal')
    .summary('seal stored secrets under the current master key')
    .description(
      'After a new RELAY_MASTER_KEY, with the old one as RELAY_MASTER_KEY_PREVIOUS: seals the secrets of tenants again.\nPseudonyms stay the same. It can be repeated; what is sealed already is left alone.',
    )
    .argument('[tenants...]', 'ids of tenants')
    .option('--all', 'every tenant')
    .option('--concurrency <n>', 'requests under way at once', wholeNumber(1, 32), 4)
    .action(
      act(async (session: Session, tenants, { all, concurrency }) => {
        if (tenants.length > 0 === (all === true))
          throw invalidInput('reseal needs either tenants or --all.');
        const api = await session.api();
        const ids = all === true ? (await listTenants(api)).map(({ id }) => id) : tenants.map(tenantId);
        return resealAll(session, ids, concurrency);
      }),
    );
}

async function resealAll(session: Session, ids: readonly string[], concurrency: number): Promise<ExitCode> {
  const { io, out } = session;
  const api = await session.api();
  const progress = startProgress(io, 'Sealing', ids.length);
  api.onWait = (ms) => progress.tell(ms === 0 ? '' : `the relay asks to wait ${formatDuration(ms)}`);
  const reseal = async (tenant: string): Promise<Resealed> => {
    const done = await resealTenant(api, tenant);
    progress.advance();
    return done;
  };
  let results: readonly (Resealed | undefined)[];
  try {
    results = await inPool(ids, concurrency, reseal, () => io.signal.aborted);
  } finally {
    progress.stop();
  }
  const done = results.filter((result) => result !== undefined);
  const failed = done.filter(({ error }) => error !== undefined);
  const notStarted = ids.length - done.length;
  out.result({ tenants: done, failed: failed.length, notStarted }, () => textOf(done, failed, notStarted));
  if (notStarted > 0) return EXIT.interrupted;
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Repeats the request while there are names left that it could seal. */
async function resealTenant(api: ApiClient, tenant: string): Promise<Resealed> {
  for (let resealed = 0; ;) {
    const answer = await api.send<Answer>({
      method: 'POST',
      shape: SHAPES.resealed,
      path: tenantPath(tenant, 'reseal'),
      isRepeatable: true,
      mustFinish: true,
    });
    if (!answer.ok)
      return { tenant, error: cliFailureOf(answer.error, `reseal ${tenant}`, api.origin).message };
    const { resealed: more, unopened = 0, isComplete = true } = answer.value.body;
    resealed += more;
    if (isComplete || more === 0) {
      if (unopened === 0) return { tenant, resealed };
      return { tenant, resealed, error: unopenedText(tenant, unopened) };
    }
  }
}

function unopenedText(tenant: string, unopened: number): string {
  return `Cannot reseal all of ${tenant}: ${count(unopened, 'name')} in its sealed map, or of an erasure under way, can't be opened by the master keys of now.`;
}

function textOf(done: readonly Resealed[], failed: readonly Resealed[], notStarted: number): string {
  const changed = done.filter(({ resealed = 0 }) => resealed > 0).length;
  return [
    ...failed.map(({ error }) => `✖ ${error}`),
    ...(notStarted > 0 ? [`${count(notStarted, 'tenant was', 'tenants were')} not reached.`] : []),
    `${count(done.length - failed.length, 'tenant')} sealed under the current key, ${changed} of them anew.`,
    ...(failed.length + notStarted === 0
      ? ['Wait 5 minutes, and for an empty overflow queue, before RELAY_MASTER_KEY_PREVIOUS goes.']
      : ['Leave RELAY_MASTER_KEY_PREVIOUS in place until all are.']),
  ].join('\n');
}
