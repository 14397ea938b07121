/**
 * What many tenants cost one: how long a webhook, a look-up, a plan and an unchanged PUT of it take in a deployment of N tenants, to
 * those of a twin that has one. The two take turns, so that whatever else the machine does disturbs both alike. And how long it takes
 * to make the N through the API, and to list them.
 */

import { hasAlarm } from '../e2e/at-rest.ts';
import type { AdminAnswer } from '../e2e/admin-client.ts';
import type { Stage, TestTenant } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import { Webhooks, nowMs, quantile } from './load.ts';
import { numbersOf } from './options.ts';
import { type Promised, type Report, both, ms } from './report.ts';
import { openStage } from './stages.ts';

/** Of the medians. The longest times are the machine's own. */
const RATIO_MAX = 1.5;
/** Not measured: the first requests meet code that has never run. */
const WARM_UP_SAMPLES = 50;
/** Requests of one kind in a row, before it is the other's turn. */
const TURN_SAMPLES = 25;
const MAKERS = 4;
const PAGE_MAX = 200;
const QUIET_MS_MAX = 120_000;

interface Place extends Disposable {
  readonly stage: Stage;
  readonly tenant: TestTenant;
  readonly webhooks: Webhooks;
  readonly document: Readonly<Record<string, unknown>>;
}

/** One request whose time is measured. */
type Probe = (place: Place, sample: number) => Promise<void>;

const PROBES: Readonly<Record<string, Probe>> = {
  'webhook, to its 202': async ({ webhooks }, sample) => {
    const { status } = await webhooks.send(`sample-${sample}`);
    expectStatus('a webhook', status, 202);
  },
  'look-up': async ({ stage, tenant }) => expectOk(await stage.admin.get(pathOf(tenant))),
  'plan that changes nothing': async ({ stage, tenant, document }) =>
    expectOk(await stage.admin.post(`${pathOf(tenant)}/plan`, document)),
  'PUT that changes nothing': async ({ stage, tenant, document }) =>
    expectOk(await stage.admin.put(tenant.id, document)),
};

export async function tenants(args: readonly string[]): Promise<Report> {
  const options = numbersOf(args, { tenants: 1000, samples: 300 });
  await using stage = await openStage();
  await using twinStage = await openStage();
  using place = await placeOn(stage);
  using twin = await placeOn(twinStage);
  const made = await makeTenants(stage, options.tenants - 1);
  // Each new tenant's alarm fires once, some seconds after it was made.
  await until('all tenants are at rest', () => !hasAlarm(stage), { withinMs: QUIET_MS_MAX });
  const measured = [];
  for (const [name, probe] of Object.entries(PROBES))
    measured.push({ name, ...(await measure(probe, place, twin, options.samples)) });
  const listed = await listAll(stage, options.tenants);
  return {
    head: [`p50 · p99`, 'one tenant', `${options.tenants} tenants`, 'ratio of p50'],
    rows: [
      ...measured.map(({ name, many, one }) => [name, both(one), both(many), times(ratio(many, one))]),
      ['one PUT of a new tenant', '', both(made.tookMs), ''],
      ['making them all', '', ms(made.totalMs), ''],
      [`a page of ${PAGE_MAX} of the list`, '', both(listed.tookMs), ''],
      ['the whole list', '', `${ms(listed.totalMs)} in ${listed.tookMs.length} requests`, ''],
    ],
    promises: measured.map(({ name, many, one }): Promised => {
      const measuredRatio = ratio(many, one);
      return {
        what: `${name}: with ${options.tenants} tenants, to one`,
        measured: times(measuredRatio),
        bound: `≤ ${times(RATIO_MAX)}`,
        isKept: measuredRatio <= RATIO_MAX,
      };
    }),
  };
}

async function placeOn(stage: Stage): Promise<Place> {
  const limits = { events_per_minute: 60_000, burst: 60_000 };
  const tenant = await stage.addTenant('bench', { limits });
  const webhooks = new Webhooks(stage.url, tenant);
  const document = stage.document(tenant.id, tenant.secret, { limits });
  return { stage, tenant, webhooks, document, [Symbol.dispose]: () => webhooks[Symbol.dispose]() };
}

/** Through the API, a few at once. */
async function makeTenants(stage: Stage, count: number): Promise<{ tookMs: number[]; totalMs: number }> {
  const startedAtMs = nowMs();
  const tookMs: number[] = [];
  let next = 0;
  const make = async (): Promise<void> => {
    while (next < count) {
      const id = `tenant-${String(++next).padStart(6, '0')}`;
      const sentAtMs = nowMs();
      await stage.addTenant(id);
      tookMs.push(nowMs() - sentAtMs);
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, make));
  return { tookMs, totalMs: nowMs() - startedAtMs };
}

async function measure(
  probe: Probe,
  place: Place,
  twin: Place,
  samples: number,
): Promise<{ many: number[]; one: number[] }> {
  let sample = 0;
  const turn = async (at: Place, count: number): Promise<number[]> => {
    const tookMs: number[] = [];
    for (let i = 0; i < count; i++) {
      const sentAtMs = nowMs();
      await probe(at, ++sample);
      tookMs.push(nowMs() - sentAtMs);
    }
    return tookMs;
  };
  for (const at of [place, twin]) await turn(at, WARM_UP_SAMPLES);
  const [many, one]: number[][] = [[], []];
  while (many && one && many.length < samples) {
    many.push(...(await turn(place, TURN_SAMPLES)));
    one.push(...(await turn(twin, TURN_SAMPLES)));
  }
  for (const { stage, tenant } of [place, twin]) await stage.untilDone(tenant.id, { withinMs: QUIET_MS_MAX });
  return { many: many ?? [], one: one ?? [] };
}

/** Page by page, as long as KV has more. Throws when one is missing. */
async function listAll(stage: Stage, count: number): Promise<{ tookMs: number[]; totalMs: number }> {
  const startedAtMs = nowMs();
  const tookMs: number[] = [];
  const ids = new Set<string>();
  let cursor: string | undefined;
  do {
    const sentAtMs = nowMs();
    const query = cursor === undefined ? '' : `&cursor=${cursor}`;
    const answer = await stage.admin.get(`/api/v1/tenants?limit=${PAGE_MAX}${query}`);
    tookMs.push(nowMs() - sentAtMs);
    expectOk(answer);
    const page = answer.body as { tenants: { id: string }[]; nextCursor?: string };
    for (const { id } of page.tenants) ids.add(id);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  if (ids.size !== count)
    throw new Error(`Cannot go on as the list must have ${count} tenants: it has ${ids.size}`);
  return { tookMs, totalMs: nowMs() - startedAtMs };
}

function pathOf({ id }: TestTenant): string {
  return `/api/v1/tenants/${id}`;
}

function expectOk({ status }: AdminAnswer): void {
  expectStatus('a request', status, 200);
}

function expectStatus(what: string, status: number, expected: number): void {
  if (status !== expected)
    throw new Error(`Cannot measure as ${what} must be answered ${expected}: it was answered ${status}`);
}

function ratio(samples: readonly number[], undisturbed: readonly number[]): number {
  return quantile(samples, 0.5) / quantile(undisturbed, 0.5);
}

function times(value: number): string {
  return `${value.toFixed(2)} ×`;
}
