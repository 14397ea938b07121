/**
 * Writes what was planned, each tenant only if it is still at the version that was compared.
 * Ctrl-C starts no further write and waits for those under way, so that it is known what was written.
 */

import type { ApiClient } from '../api-client.ts';
import type { Plan } from '../api-types.ts';
import type { Io } from '../io.ts';
import { startProgress } from '../output/progress.ts';
import { formatDuration } from '../output/time.ts';
import { inPool } from '../pool.ts';
import type { PlannedTenant } from './plan-all.ts';
import type { DoomedTenant } from './prune.ts';
import { deleteTenant, type Done, putTenant } from './write-one.ts';

export interface Written extends Done {
  readonly id: string;
  readonly file?: string;
  readonly change: 'create' | 'update' | 'delete';
}

export interface Work {
  readonly changed: readonly PlannedTenant[];
  readonly deleted: readonly DoomedTenant[];
  readonly concurrency: number;
  /** Where the lanes of added destinations begin. */
  readonly addedFrom?: string | undefined;
  /** Deletes tenants although events wait. */
  readonly isDiscarding: boolean;
}

/** What every other write would run into, too. */
const HOPELESS_KINDS: readonly string[] = [
  'not_reachable',
  'redirected',
  'not_a_relay',
  'operator_refused',
  'role_missing',
];

/** What became of each, in the order of the plan. */
export async function writeAll(io: Io, api: ApiClient, work: Work): Promise<readonly Written[]> {
  const { changed, deleted, concurrency } = work;
  const progress = startProgress(io, 'Writing', changed.length + deleted.length);
  api.onWait = (ms) => progress.tell(ms === 0 ? '' : `the relay asks to wait ${formatDuration(ms)}`);
  const jobs = [
    ...changed.map((planned) => ({
      idle: { id: planned.tenant.id, file: planned.tenant.file.name, change: changeOf(planned.plan) },
      run: async () => putTenant(api, planned, work.addedFrom),
    })),
    ...deleted.map((tenant) => ({
      idle: { id: tenant.id, change: 'delete' as const },
      run: async () => deleteTenant(api, tenant, work.isDiscarding),
    })),
  ];
  let isHopeless = false;
  try {
    const written = await inPool(
      jobs,
      concurrency,
      async ({ idle, run }) => {
        const done = await run();
        progress.advance();
        isHopeless ||= HOPELESS_KINDS.includes(done.error?.kind ?? '');
        return { ...idle, ...done };
      },
      () => io.signal.aborted || isHopeless,
    );
    return jobs.map(({ idle }, index) => written[index] ?? { ...idle, outcome: 'not_started', warnings: [] });
  } finally {
    progress.stop();
  }
}

function changeOf({ change }: Plan): 'create' | 'update' {
  return change === 'create' ? 'create' : 'update';
}
