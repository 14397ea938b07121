/** `noxys-relay holds list|place|lift TENANT`: legal holds, which keep what retention and erasure would remove. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { HoldView } from '../api-types.ts';
import { agree } from '../apply/agree.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { printable } from '../output/printable.ts';
import { count, formatInstant } from '../output/time.ts';
import type { Session } from '../session.ts';
import { type NamedSubject, subjectOf } from '../user-option.ts';

export function holdsCommand(act: Act) {
  const holds = new Command('holds')
    .summary('list, place and lift legal holds')
    .description(
      'A legal hold keeps what is stored of a person, or of the whole tenant, although its time is over, and refuses their erasure. It needs the role admin; audited.',
    );
  for (const make of [listCommand, placeCommand, liftCommand]) holds.addCommand(make(act));
  return holds;
}

const COLUMNS = [
  { head: 'id', align: 'right' },
  { head: 'since (UTC)' },
  { head: 'of' },
  { head: 'by' },
  { head: 'kept back', align: 'right' },
  { head: 'reason' },
] as const;

function listCommand(act: Act) {
  return new Command('list')
    .summary('the holds of a tenant')
    .argument('<tenant>', "the tenant's id", tenantId)
    .action(
      act(async (session: Session, tenant: string, _options: object) => {
        const holds = await readHolds(await session.api(), tenant);
        session.out.result({ holds }, () => tableOf(session, holds));
        return undefined;
      }),
    );
}

function tableOf({ out }: Session, holds: readonly HoldView[]): string {
  if (holds.length === 0) return 'Nothing is held.';
  const rows = holds.map((hold) => [
    String(hold.id),
    formatInstant(hold.at),
    whoseOf(hold),
    printable(hold.by),
    String(hold.held),
    printable(hold.reason),
  ]);
  return `${out.table(COLUMNS, rows)}\n${out.paint('faint', count(holds.length, 'hold'))}`;
}

function whoseOf({ keys }: HoldView): string {
  return keys === undefined ? 'everything' : keys.map(printable).join(', ');
}

interface PlaceOptions extends NamedSubject {
  readonly everything?: true | undefined;
}

function placeCommand(act: Act) {
  return new Command('place')
    .summary('hold what is stored of a person, or everything')
    .description(
      "The reason (--reason) is required: it stands in the hold and in the audit log, so name no person in it.\nNames that are given together are one person's. Without a value, --user, --user-id and --user-email ask for it; - is stdin.",
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--user [name]', "the person's id, e-mail address or key, whichever it is")
    .option('--user-id [id]', "the person's id")
    .option('--user-email [address]', "the person's e-mail address")
    .option('--user-key <key>', "the person's pseudonym")
    .option('--everything', 'all that is stored of the tenant, instead of a person')
    .action(act(async (session: Session, tenant: string, options) => place(session, tenant, options)));
}

async function place(session: Session, tenant: string, options: PlaceOptions): Promise<ExitCode> {
  const { everything, ...named } = options;
  const { reason } = session.options;
  const isNamed = Object.values(named).some((value) => value !== undefined);
  if (isNamed === (everything === true))
    throw invalidInput(
      'Say what is held: either a person (--user, --user-id, --user-email, --user-key) or --everything.',
    );
  if (reason === undefined || reason.trim() === '')
    throw invalidInput('Say why it is held: --reason, such as --reason "case 2026-17".');
  const subject = await subjectOf(session.io, named);
  const api = await session.api();
  const hold = await api.ask<HoldView>('place the hold', {
    method: 'POST',
    shape: SHAPES.hold,
    path: tenantPath(tenant, 'holds'),
    body: { ...subject, reason },
    mustFinish: true,
  });
  session.out.result(
    hold,
    () =>
      `Hold ${hold.id} of ${whoseOf(hold)} is in place. It stays until it is lifted: npx noxys-relay holds lift ${tenant} ${hold.id}`,
  );
  return EXIT.ok;
}

function liftCommand(act: Act) {
  return new Command('lift')
    .summary('end a legal hold')
    .description('What it alone kept back goes: at once, or with the next period.')
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<hold>', "the hold's number", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('-y, --yes', 'lift without asking')
    .action(
      act(async (session: Session, tenant: string, id: number, { yes }) => {
        const api = await session.api();
        if (yes !== true) await agreeToLift(session, api, tenant, id);
        const hold = await api.ask<HoldView>('lift the hold', {
          method: 'DELETE',
          shape: SHAPES.hold,
          path: tenantPath(tenant, 'holds', id),
          mustFinish: true,
        });
        session.out.result(hold, () => `Hold ${hold.id} of ${whoseOf(hold)} is lifted.`);
        return EXIT.ok;
      }),
    );
}

async function agreeToLift({ io }: Session, api: ApiClient, tenant: string, id: number): Promise<void> {
  const hold = (await readHolds(api, tenant)).find((one) => one.id === id);
  if (!hold)
    throw new CliFailure(EXIT.notFound, 'hold_not_found', `${tenant} has no hold ${id}.`, {
      hint: `See: npx noxys-relay holds list ${tenant}`,
    });
  const what = `${whoseOf(hold)}, since ${formatInstant(hold.at)} UTC by ${printable(hold.by)}: ${printable(hold.reason)}`;
  await agree(
    io,
    `Lift hold ${id} of ${what}? What it alone keeps goes (${count(hold.held, 'entry', 'entries')}).`,
    false,
  );
}

async function readHolds(api: ApiClient, tenant: string): Promise<readonly HoldView[]> {
  const { holds } = await api.ask<{ readonly holds: readonly HoldView[] }>('list the holds', {
    method: 'GET',
    shape: SHAPES.holds,
    path: tenantPath(tenant, 'holds'),
  });
  return holds;
}
