/** `noxys-relay erase TENANT`: removes all that the relay has stored of a person, and reports what is left elsewhere. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { TenantShown } from '../api-types.ts';
import { agreeByTyping } from '../apply/agree.ts';
import type { ExitCode } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { followErasure, sendForErasure } from '../rights/follow-erasure.ts';
import { showErasure } from '../rights/show-erasure.ts';
import type { Session } from '../session.ts';
import { type NamedSubject, subjectOf } from '../user-option.ts';

interface Options extends NamedSubject {
  readonly yes?: true | undefined;
  /** False with `--no-wait`. */
  readonly wait: boolean;
}

export function eraseCommand(act: Act) {
  return new Command('erase')
    .summary('remove all that is stored of a person')
    .description(
      "Shows what will happen, asks, erases, and prints a report that can be filed: it has keys and counts, and names nobody.\nNames that are given together are one person's. Without a value, --user, --user-id and --user-email ask for it, so that the shell does not keep it; - is stdin.\nIt needs the role admin, and is written to the audit log. What a legal hold keeps is not erased.",
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--user [name]', "the person's id, e-mail address or key, whichever it is")
    .option('--user-id [id]', "the person's id")
    .option('--user-email [address]', "the person's e-mail address")
    .option('--user-key <key>', "the person's pseudonym")
    .option('-y, --yes', 'erase without asking')
    .option('--no-wait', 'do not wait until it is done')
    .action(act(async (session: Session, tenant: string, options) => erase(session, tenant, options)));
}

async function erase(session: Session, tenant: string, options: Options): Promise<ExitCode> {
  const { io } = session;
  const subject = await subjectOf(io, options);
  if (Object.keys(subject).length === 0)
    throw invalidInput(
      'Who is to be erased? Name the person: --user, --user-id, --user-email or --user-key.',
    );
  const api = await session.api();
  const shown = await api.ask<TenantShown>('read the tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  tellPlan(session, tenant, shown, subject);
  await agreeByTyping(io, 'What is erased is gone.', tenant, options.yes === true);
  const begun = await sendForErasure(api, {
    method: 'POST',
    path: tenantPath(tenant, 'erase'),
    body: subject,
    mustFinish: true,
  });
  if (!begun.ok) throw refusalOf(begun.error, tenant, api);
  const { id } = begun.value;
  session.out.note(`Erasure ${id} has begun.`);
  const erasure = options.wait ? await followErasure(session, api, tenant, begun.value) : begun.value;
  return showErasure(session, api, tenant, erasure);
}

const NAMES: Readonly<Record<string, string>> = {
  user_id: 'id',
  user_email: 'e-mail address',
  user_key: 'key',
};

function tellPlan(
  { out }: Session,
  tenant: string,
  { config: { destinations = [] } }: TenantShown,
  subject: Readonly<Record<string, string>>,
): void {
  const by = Object.keys(subject).map((name) => NAMES[name] ?? name);
  const sameName = new Set(Object.values(subject)).size === 1 && by.length > 1;
  const known = sameName ? `the ${by.join(' or ')} given` : `the ${by.join(' and the ')} given`;
  out.note(
    `Erases from the tenant ${tenant} the person with ${known}: events, detections, dead letters, what waits for destinations, windows, watches, entries of the sealed map and of device_map. Their events from before now that still come are dropped.`,
  );
  if (destinations.length === 0) return;
  const names = destinations.map(({ name, type }) => printable(`${name} (${type})`)).join(', ');
  out.note(`What was delivered stays in ${names}: the report says how to have it deleted there.`);
}

/** What is held names its holds: they are lifted first, by somebody who knows why they are there. */
function refusalOf(failure: ApiFailure, tenant: string, api: ApiClient): CliFailure {
  const failed = cliFailureOf(failure, 'erase the person', api.origin);
  if (failure.kind === 'not_reachable')
    return withHint(
      failed,
      `It may have begun all the same: npx noxys-relay erasures ${tenant} shows it. To erase again does no harm.`,
    );
  if (failure.kind !== 'problem' || failure.status !== 409) return failed;
  const { holds } = failure.body;
  const ids = Array.isArray(holds) ? holds.filter((id) => typeof id === 'number') : [];
  const lift = ids.map((id) => `npx noxys-relay holds lift ${tenant} ${id}`).join('\n  ');
  const hint =
    lift === ''
      ? `See them: npx noxys-relay holds list ${tenant}`
      : `Lift what is not needed any more:\n  ${lift}`;
  return withHint(failed, hint, ids.length === 0 ? {} : { holds: ids });
}

function withHint(
  failed: CliFailure,
  hint: string,
  more: Readonly<Record<string, unknown>> = {},
): CliFailure {
  const { exitCode, kind, message, details } = failed;
  return new CliFailure(exitCode, kind, message, { hint, details: { ...details, ...more } });
}
