/** Runs rules over what a tenant has stored: the relay does it in steps, and is asked for the next until it is done. */

import { SHAPES } from '../api-shapes.ts';
import { cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import type { BacktestReport } from '../api-types.ts';
import type { ApiClient } from '../api-client.ts';
import { type Progress, startProgress } from '../output/progress.ts';
import type { Session } from '../session.ts';

/** The relay forgets a run when its object starts anew: once is bad luck. */
const LOSSES_MAX = 1;
const LOST = 'backtest_lost';

/** The whole report. Throws a CliFailure when the relay fails, or loses the run twice. */
export async function runBacktest(
  session: Session,
  tenant: string,
  asked: Readonly<Record<string, unknown>>,
): Promise<BacktestReport> {
  const api = await session.api();
  for (let losses = 0; ;) {
    const report = await runOnce(
      session,
      api,
      tenantPath(tenant, 'rules', 'backtest'),
      asked,
      losses < LOSSES_MAX,
    );
    if (report) return report;
    losses++;
    session.out.note('The relay lost the run, because it started anew meanwhile: it begins again.');
  }
}

/** Undefined: the run was lost, and may be. */
async function runOnce(
  { io }: Session,
  api: ApiClient,
  path: string,
  asked: Readonly<Record<string, unknown>>,
  mayBeLost: boolean,
): Promise<BacktestReport | undefined> {
  let progress: Progress | undefined;
  let body = asked;
  try {
    for (;;) {
      const answer = await api.send<BacktestReport>({
        method: 'POST',
        shape: SHAPES.backtest,
        path,
        body,
        isRepeatable: true,
      });
      if (!answer.ok) {
        const isLost = answer.error.kind === 'problem' && answer.error.problem === LOST;
        if (isLost && mayBeLost) return undefined;
        throw cliFailureOf(answer.error, 'run the rules', api.origin);
      }
      const report = answer.value.body;
      if (report.isComplete) return report;
      progress ??= startProgress(io, 'Entries', report.total);
      progress.reach(report.scanned);
      body = { job: report.job, persons: asked['persons'] };
    }
  } finally {
    progress?.stop();
  }
}
