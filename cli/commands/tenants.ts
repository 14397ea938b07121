/** `noxys-relay tenants`: the tenants of the relay; one of them with its config; the move and the end of one. */

import { Command } from '@commander-js/extra-typings';
import { stringify } from 'yaml';

import { nearestWord } from '../../src/lib/nearest.ts';
import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { TenantDeleted, TenantListed, TenantShown } from '../api-types.ts';
import { agreeByTyping } from '../apply/agree.ts';
import { listTenants } from '../list-tenants.ts';
import { tenantId } from '../option-values.ts';
import { count, formatAge, formatInstant } from '../output/time.ts';
import type { Session } from '../session.ts';
import { tenantsMoveCommand } from './tenants-move.ts';

const SUBCOMMANDS = ['list', 'show', 'move', 'delete', 'help'];

export function tenantsCommand(act: Act) {
  const tenants = new Command('tenants')
    .summary('list, show, move and delete tenants')
    .description('Lists the tenants; a change takes up to a minute to show in the list.');
  // What is no subcommand would be an argument too many of the default one.
  tenants.hook('preSubcommand', ({ args }) => {
    const [word] = args;
    if (word === undefined || word.startsWith('-') || SUBCOMMANDS.includes(word)) return;
    const nearest = nearestWord(word, SUBCOMMANDS);
    tenants.error(
      `error: unknown command '${word}'${nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`}`,
    );
  });
  tenants.addCommand(listCommand(act), { isDefault: true });
  tenants.addCommand(showCommand(act));
  tenants.addCommand(tenantsMoveCommand(act));
  tenants.addCommand(deleteCommand(act));
  return tenants;
}

function listCommand(act: Act) {
  return new Command('list')
    .summary('list the tenants')
    .option('--prefix <text>', 'only ids that begin with it')
    .action(
      act(async (session: Session, { prefix }) => {
        const tenants = await listTenants(await session.api(), prefix);
        session.out.result({ tenants }, () => tableOf(session, tenants));
        return undefined;
      }),
    );
}

const COLUMNS = [
  { head: 'tenant' },
  { head: 'residency' },
  { head: 'version', align: 'right' },
  { head: 'saved', align: 'right' },
] as const;

function tableOf({ out, io }: Session, tenants: readonly TenantListed[]): string {
  if (tenants.length === 0) return 'There are no tenants.';
  const rows = tenants.map(({ id, residency, version, savedAt }) => [
    id,
    residency,
    version === undefined ? '–' : String(version),
    savedAt === undefined ? '–' : formatAge(savedAt, io.nowMs()),
  ]);
  return `${out.table(COLUMNS, rows)}\n${out.paint('faint', count(tenants.length, 'tenant'))}`;
}

function showCommand(act: Act) {
  return new Command('show')
    .summary('show one tenant: config, version, fingerprints of its secrets')
    .argument('<tenant>', "the tenant's id", tenantId)
    .action(
      act(async (session: Session, tenant: string, _options: object) => {
        const api = await session.api();
        const shown = await api.ask<TenantShown>('show the tenant', {
          method: 'GET',
          shape: SHAPES.tenant,
          path: tenantPath(tenant),
        });
        session.out.result(shown, () => textOf(session, shown));
        return undefined;
      }),
    );
}

function textOf({ out }: Session, { id, version, savedAt, config, secrets = [] }: TenantShown): string {
  const rows = secrets.map(({ path, fingerprint, setAt }) => [
    path,
    fingerprint ?? '–',
    setAt === null ? '–' : formatInstant(setAt),
  ]);
  const table = out.table([{ head: 'secret' }, { head: 'fingerprint' }, { head: 'set' }], rows);
  return [
    out.paint('faint', `# ${id}, version ${version}, saved ${formatInstant(savedAt)} UTC`),
    stringify(config).trimEnd(),
    ...(rows.length === 0 ? [] : ['', table]),
  ].join('\n');
}

function deleteCommand(act: Act) {
  return new Command('delete')
    .summary('delete a tenant with all it has stored')
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('-y, --yes', 'delete without asking')
    .option('--discard-undelivered', 'also when events wait: they are given up')
    .action(
      act(async (session: Session, tenant: string, { yes, discardUndelivered }) => {
        const { io, out } = session;
        const api = await session.api();
        const path = tenantPath(tenant);
        const { version } = await api.ask<TenantShown>('read the tenant', {
          method: 'GET',
          shape: SHAPES.tenant,
          path,
        });
        await agreeByTyping(
          io,
          'Its events, dead letters and secrets go with it.',
          `delete ${tenant}`,
          yes === true,
        );
        const deleted = await api.ask<TenantDeleted>('delete the tenant', {
          method: 'DELETE',
          shape: SHAPES.deleted,
          path,
          query: discardUndelivered === true ? { undelivered: 'discard' } : {},
          headers: { 'if-match': `"${version}"` },
          mustFinish: true,
        });
        const { undelivered, deadLetters } = deleted;
        out.result(
          deleted,
          () =>
            `Deleted ${tenant}: ${count(undelivered, 'undelivered event')} and ${count(deadLetters, 'dead letter')} went with it. Delete its webhook in Noxys, too.`,
        );
        return undefined;
      }),
    );
}
