/** The routes that need no token: does the relay run, is it ready, and do its clock and this machine's agree. */

import { isRecord } from '../../src/lib/record.ts';
import type { Io } from '../io.ts';
import { networkErrorOf } from '../network-error.ts';
import { printable } from '../output/printable.ts';
import { formatDuration } from '../output/time.ts';
import { userAgent } from '../session.ts';
import { failing, type Finding, ok, skipped, warning } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** Webhooks may differ by 300 s: a tenth of that is worth a look, a third is dangerous. */
const SKEW_WARNED_MS = 30_000;
const SKEW_FAILED_MS = 100_000;

interface Look {
  readonly status: number;
  readonly body: unknown;
  /** The middle of the request on this machine's clock. */
  readonly atMs: number;
  readonly date: string | null;
}

/** Findings about the relay's front; `isReachable` false: nothing else is worth asking. */
export async function checkFront(
  io: Io,
  origin: string,
): Promise<{ readonly findings: readonly Finding[]; readonly isReachable: boolean }> {
  const health = await look(io, origin, '/healthz');
  if ('error' in health) {
    const fix = 'Check the address, DNS, and that the Worker is deployed under this name.';
    return {
      isReachable: false,
      findings: [
        failing(
          'reachable',
          `${origin} does not answer: ${health.error}.`,
          'Noxys can not reach it either.',
          fix,
        ),
      ],
    };
  }
  if (health.status !== 200 || !isRecord(health.body) || health.body['status'] !== 'ok') {
    const fix = 'Check the address. With Cloudflare Access in front, /healthz and /hooks need a bypass.';
    const what = `${origin}/healthz answers ${health.status}, and not as a noxys-relay does.`;
    return {
      isReachable: false,
      findings: [failing('reachable', what, 'Something else answers under this name.', fix)],
    };
  }
  const ready = await look(io, origin, '/readyz');
  return {
    isReachable: true,
    findings: [ok('reachable', `${origin} answers.`), readiness(ready), clockSkew(health)],
  };
}

async function look(io: Io, origin: string, path: string): Promise<Look | { readonly error: string }> {
  const startMs = io.nowMs();
  try {
    const response = await io.fetch(new URL(path, origin), {
      redirect: 'manual',
      headers: userAgent(),
      signal: AbortSignal.any([io.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const body: unknown = await response.json().catch(() => undefined);
    const atMs = (startMs + io.nowMs()) / 2;
    return { status: response.status, body, atMs, date: response.headers.get('date') };
  } catch (error) {
    return { error: networkErrorOf(error).words };
  }
}

function readiness(ready: Look | { readonly error: string }): Finding {
  if ('error' in ready) {
    return failing(
      'ready',
      `/readyz does not answer: ${ready.error}.`,
      'The relay may not serve.',
      'Look at its log: npx wrangler tail.',
    );
  }
  if (ready.status === 200) return ok('ready', 'Settings and KV are in order.');
  const checks = isRecord(ready.body) && isRecord(ready.body['checks']) ? ready.body['checks'] : {};
  const failed = Object.entries(checks).flatMap(([name, state]) => (state === 'ok' ? [] : [printable(name)]));
  return failing(
    'ready',
    `/readyz answers ${ready.status}: ${failed.join(', ') || 'no reason'} failed.`,
    'Webhooks are answered 503.',
    'The log line settings.refused or kv.failed has the cause: npx wrangler tail.',
  );
}

/** HTTP's Date has whole seconds: half a second is added for what it leaves out. */
function clockSkew({ date, atMs }: Look): Finding {
  const serverMs = date === null ? Number.NaN : Date.parse(date) + 500;
  if (Number.isNaN(serverMs))
    return skipped('clock_skew', 'The relay sent no Date: clocks can not be compared.');
  return skewFinding('clock_skew', atMs - serverMs, "This machine's clock");
}

/** What a difference of clocks means; positive = the named clock is ahead. */
export function skewFinding(check: string, differenceMs: number, whose: string): Finding {
  const size = Math.abs(differenceMs);
  if (size < SKEW_WARNED_MS) return ok(check, `${whose} is right, to ${formatDuration(SKEW_WARNED_MS)}.`);
  const what = `${whose} is ${formatDuration(size)} ${differenceMs > 0 ? 'ahead of' : 'behind'} the relay's.`;
  const why =
    'Signatures are valid for tolerance_seconds (300 by default), counted from the time of signing.';
  const fix = 'Let the clock follow NTP. If Noxys runs on this machine, its webhooks will be refused.';
  return size < SKEW_FAILED_MS ? warning(check, what, why, fix) : failing(check, what, why, fix);
}
