/** A plan as people read it: what each tenant would get, and the sums. Pure. */

import { isRecord } from '../../src/lib/record.ts';
import type { PlanChange } from '../api-types.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/time.ts';
import type { Planned, PlannedTenant } from './plan-all.ts';
import type { DoomedTenant } from './prune.ts';

/** Tenants whose changes are shown line by line; `--json` has all. */
const TENANTS_SHOWN_MAX = 50;

const COLUMNS = [{ head: 'path' }, { head: 'now' }, { head: 'then' }] as const;
const INDENT = '  ';

export function showPlan(
  out: Output,
  { changed, unchanged }: Planned,
  deleted: readonly DoomedTenant[],
): string {
  const shown = changed.slice(0, TENANTS_SHOWN_MAX).map((planned) => showTenant(out, planned));
  const more = changed.slice(TENANTS_SHOWN_MAX).map(({ tenant, plan }) => `${plan.change} ${tenant.id}`);
  const gone = deleted.map(
    ({ id }) => `${out.paint('bad', 'delete')} ${out.paint('strong', id)}, which is in no file`,
  );
  return [...shown, ...more, ...gone, sumsOf(changed, unchanged, deleted.length)].join('\n');
}

function showTenant(out: Output, { tenant, plan }: PlannedTenant): string {
  const isNew = plan.change === 'create';
  const verb = out.paint(isNew ? 'good' : 'warning', plan.change);
  const head = `${verb} ${out.paint('strong', tenant.id)} from ${printable(tenant.file.name)}`;
  const version = isNew || plan.version === null ? '' : `, from version ${plan.version}`;
  const rows = plan.changes.flatMap(fieldsOf).map((change) => rowOf(out, change));
  return [
    `${head}${version}`,
    ...(rows.length === 0 ? [] : [out.table(COLUMNS, rows, INDENT)]),
    ...plan.warnings.map((warning) => `  ${out.paint('warning', '!')} ${printable(warning)}`),
    '',
  ].join('\n');
}

/** A destination that comes or goes is one change of the plan: it is shown field by field, as one that stays. */
function fieldsOf({ path, ...sides }: PlanChange): readonly PlanChange[] {
  const [side] = Object.entries(sides);
  if (side === undefined || Object.keys(sides).length > 1) return [{ path, ...sides }];
  const [name, value] = side;
  if (!isRecord(value) || Array.isArray(value) || Object.keys(value).length === 0)
    return [{ path, ...sides }];
  return Object.entries(value).flatMap(([key, inner]) => fieldsOf({ path: `${path}.${key}`, [name]: inner }));
}

function rowOf(out: Output, { path, from, to }: PlanChange): readonly string[] {
  return [printable(path), showValue(out.scrubbed(from)), showValue(out.scrubbed(to))];
}

function showValue(value: unknown): string {
  if (value === undefined || value === null) return '–';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function sumsOf(changed: readonly PlannedTenant[], unchanged: number, deleted: number): string {
  const created = changed.filter(({ plan }) => plan.change === 'create').length;
  return `${count(created, 'tenant')} to create, ${changed.length - created} to change, ${deleted} to delete, ${unchanged} unchanged.`;
}
