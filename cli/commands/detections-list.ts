/** `noxys-relay detections list TENANT`: what the rules found, newest first. */

import { Command, Option } from '@commander-js/extra-typings';

import { LEVELS } from '../../src/domain/severity.ts';
import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { DetectionPage, DetectionView } from '../api-types.ts';
import { instant, instantAt } from '../event-filters.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { detectionsTable } from '../output/detections-text.ts';
import { goesInCircles } from '../pages.ts';
import type { Session } from '../session.ts';
import { type NamedUser, userOf } from '../user-option.ts';
import { TYPED_VERDICTS, verdictOf } from '../verdicts.ts';

const PAGE_MAX = 200;

interface Options extends NamedUser {
  readonly rule?: string | undefined;
  readonly level?: string | undefined;
  readonly verdict?: string | undefined;
  /** False: of rules that respond alone. */
  readonly dryRun?: boolean | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit: number;
  readonly before?: number | undefined;
  readonly persons?: true | undefined;
}

export function listCommand(act: Act) {
  return new Command('list')
    .summary('what the rules found, newest first')
    .description(
      'A search for a user is written to the audit log, with the key of the user and never the id.\nWithout a value, --user-id and --user-email ask for it, so that the shell does not keep it; - is stdin.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--rule <rule>', 'only those of this rule, by name or id')
    .addOption(new Option('--level <level>', 'only this level').choices(LEVELS))
    .addOption(
      new Option('--verdict <verdict>', 'only those marked so; none: not marked').choices([
        ...TYPED_VERDICTS,
        'none',
      ]),
    )
    .option('--dry-run', 'only those of dry runs')
    .option('--no-dry-run', 'none of dry runs')
    .option('--user-id [id]', 'only those of this user')
    .option('--user-email [address]', 'only those of the user with this address')
    .option('--user-key <key>', 'only those of the user with this pseudonym')
    .option('--since <time>', 'not before this time, such as 2026-11-22T05:00:00Z or 6h (ago)', instant)
    .option('--until <time>', 'not after this time', instant)
    .option('--limit <n>', 'how many', wholeNumber(1, 10_000), 50)
    .option('--before <seq>', 'only older ones than this', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--persons', 'show users and devices instead of pseudonyms')
    .action(act(async (session: Session, tenant: string, options) => list(session, tenant, options)));
}

async function list(session: Session, tenant: string, options: Options): Promise<ExitCode | undefined> {
  const { io, out } = session;
  const user = await userOf(io, options);
  const { rule, level, verdict = 'none' } = options;
  const select = {
    rule,
    level,
    verdict: options.verdict === undefined ? undefined : (verdictOf(verdict) ?? verdict),
    dry_run: options.dryRun,
    since: instantAt(options.since, io.nowMs()),
    until: instantAt(options.until, io.nowMs()),
    ...(options.persons === true ? { persons: 'show' } : {}),
  };
  const api = await session.api();
  const detections: DetectionView[] = [];
  let { before } = options;
  do {
    const limit = Math.min(PAGE_MAX, options.limit - detections.length);
    const page = await readPage(api, tenant, user, { ...select, before, limit });
    detections.push(...page.detections);
    const { nextBefore: next } = page;
    if (next !== undefined && before !== undefined && next >= before)
      throw goesInCircles('list the detections');
    before = next;
  } while (before !== undefined && detections.length < options.limit);
  out.result({ detections, ...(before === undefined ? {} : { nextBefore: before }) }, () =>
    [
      detectionsTable(out, detections),
      ...(before === undefined ? [] : [`There is more: --before ${before}, or a larger --limit.`]),
    ].join('\n'),
  );
  return undefined;
}

type Select = Readonly<Record<string, string | number | boolean | undefined>>;

/** Of a user in the body of a search, because no URL holds a person; of everybody as a list. */
async function readPage(
  api: ApiClient,
  tenant: string,
  user: Readonly<Record<string, string>>,
  select: Select,
): Promise<DetectionPage> {
  const isOfUser = Object.keys(user).length > 0;
  const query = { ...select, dry_run: select['dry_run']?.toString() } as Readonly<
    Record<string, string | number | undefined>
  >;
  return api.ask<DetectionPage>('list the detections', {
    ...(isOfUser
      ? { method: 'POST', path: tenantPath(tenant, 'detections', 'search'), body: { ...user, ...select } }
      : { method: 'GET', path: tenantPath(tenant, 'detections'), query }),
    shape: SHAPES.detections,
    isRepeatable: true,
  });
}
