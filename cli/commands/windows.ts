/** `noxys-relay windows list TENANT`: what rules count at the moment, for whom. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { SHAPES } from '../api-shapes.ts';
import { tenantPath } from '../api-paths.ts';
import type { WindowPage, WindowView } from '../api-types.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { windowsTable } from '../output/windows-table.ts';
import { goesInCircles } from '../pages.ts';
import type { Session } from '../session.ts';
import { type NamedUser, userOf } from '../user-option.ts';

const PAGE_MAX = 200;

interface Options extends NamedUser {
  readonly rule?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

export function windowsCommand(act: Act) {
  const windows = new Command('windows').summary('what the counting rules count at the moment');
  windows.addCommand(listCommand(act));
  return windows;
}

function listCommand(act: Act) {
  return new Command('list')
    .summary('the open windows of a tenant, by rule and group')
    .description(
      'Users show as pseudonyms. A search for a user needs the role operator, and is written to the audit log.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--rule <rule>', 'only windows of this rule, by name or id')
    .option('--user-id [id]', 'only windows of this user')
    .option('--user-email [address]', 'only windows of the user with this address')
    .option('--user-key <key>', 'only windows of the user with this pseudonym')
    .option('--limit <n>', 'how many', wholeNumber(1, 10_000), 50)
    .option('--after <window>', 'go on after a page, as its last line says')
    .action(act(async (session: Session, tenant: string, options) => list(session, tenant, options)));
}

async function list(session: Session, tenant: string, options: Options): Promise<ExitCode | undefined> {
  const user = await userOf(session.io, options);
  const api = await session.api();
  const windows: WindowView[] = [];
  let { after } = options;
  do {
    const asked = { rule: options.rule, after, limit: Math.min(PAGE_MAX, options.limit - windows.length) };
    const isOfUser = Object.keys(user).length > 0;
    const page = await api.ask<WindowPage>('list the windows', {
      ...(isOfUser
        ? { method: 'POST', path: tenantPath(tenant, 'windows', 'search'), body: { ...user, ...asked } }
        : { method: 'GET', path: tenantPath(tenant, 'windows'), query: asked }),
      shape: SHAPES.windows,
      isRepeatable: true,
    });
    windows.push(...page.windows);
    if (page.nextAfter !== undefined && page.nextAfter === after) throw goesInCircles('list the windows');
    after = page.nextAfter;
  } while (after !== undefined && windows.length < options.limit);
  session.out.result({ windows, ...(after === undefined ? {} : { nextAfter: after }) }, () =>
    [
      windowsTable(session.out, windows, session.io.nowMs()),
      ...(after === undefined ? [] : [`There is more: --after ${after}, or a larger --limit.`]),
    ].join('\n'),
  );
  return undefined;
}
