/**
 * The source that a destination of a tenant keeps its rules in: found by its name, which is unique among sources of its kind, or made.
 * Several tenants, and several relays, may share a manager: nobody else's source is ever used, unless two relays have a tenant of the same
 * id with a destination of the same name on it. Those would undo each other's work: name one of them otherwise.
 * Source: OpenCTI and Netskope connectors, read 2026-11.
 */

import type { FailedOutcome } from '../../domain/outcome.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { Checked } from '../destination.ts';
import { type HarfangLabApi, resultsIn } from './api.ts';
import { permissionName } from './permissions.ts';
import { REFUSALS, isRefusal, refusalText } from './refusal.ts';
import { RULES_BASE, listAll } from './rule-list.ts';

type SourceKind = 'IOCSource' | 'SigmaSource';

export interface RuleSource {
  readonly id: string;
  /** Rules of a source that is not are not evaluated. */
  readonly isEnabled: boolean;
}

export function sourceNameOf(tenant: string, destination: string): string {
  return `noxys-relay ${tenant} ${destination}`;
}

/** Undefined: there is none yet. */
export async function findSource(
  api: HarfangLabApi,
  kind: SourceKind,
  name: string,
): Promise<Result<RuleSource | undefined, ApiFailure>> {
  const found = await listAll(api, kind, { name__exact: name });
  return found.ok ? success(sourceIn(found.value, name)) : found;
}

/** Makes it; one that somebody made in the meantime is it. */
export async function makeSource(
  api: HarfangLabApi,
  kind: SourceKind,
  name: string,
): Promise<Result<RuleSource, ApiFailure>> {
  const made = await api.request({
    method: 'POST',
    path: `${RULES_BASE}${kind}/`,
    body: { name, description: 'Kept by noxys-relay: AI platforms that are not approved', enabled: true },
    permission: 'rulesEdit',
    answers: REFUSALS,
  });
  if (!made.ok) return made;
  const answer = made.value;
  const own = isRefusal(answer) ? undefined : readSource(answer.body);
  if (own) return success(own);
  const again = await findSource(api, kind, name);
  if (!again.ok) return again;
  if (again.value) return success(again.value);
  return failure({ outcome: notMade(kind, answer.status, refusalText(answer)), mayBeDone: false });
}

/**
 * Somebody may remove a source while it is worked in; then all that is in it is refused. Undefined: it is there, or it can't be told
 * that it is not. The failure has it made again.
 */
export async function goneSource(
  api: HarfangLabApi,
  kind: SourceKind,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<ApiFailure | undefined> {
  const found = await findSource(api, kind, name);
  if (!found.ok || found.value?.id === id) return undefined;
  const detail = `the source "${name}" was removed by somebody else just now: it is made again`;
  return { outcome: { kind: 'retry', reason: 'unconfirmed', detail }, mayBeDone: false };
}

/** Whether rules can be read: one read that changes nothing. */
export async function checkSource(
  api: HarfangLabApi,
  { kind, name, what }: { readonly kind: SourceKind; readonly name: string; readonly what: string },
): Promise<Checked> {
  const path = `${RULES_BASE}${kind}/?${new URLSearchParams({ name__exact: name, limit: '1' }).toString()}`;
  const answered = await api.request({ method: 'GET', path, permission: 'rulesView' });
  if (!answered.ok) return { outcome: withEdit(answered.error.outcome), notes: [] };
  const source = sourceIn(resultsIn(answered.value) ?? [], name);
  const isOff = source && !source.isEnabled;
  return {
    outcome: { kind: 'delivered' },
    notes: [
      `${what} can be read ("${permissionName('rulesView')}").`,
      `"${permissionName('rulesEdit')}" was not tested, as that would write: the token's user needs it, too.`,
      ...(isOff ? [`The source "${name}" is disabled in the console: nothing in it is evaluated.`] : []),
    ],
  };
}

/** Who may not read may lack the other permission, too. */
function withEdit(outcome: FailedOutcome): FailedOutcome {
  if (outcome.kind !== 'blocked' || outcome.reason !== 'forbidden') return outcome;
  return { ...outcome, detail: `${outcome.detail}; "${permissionName('rulesEdit')}" is needed, too` };
}

function sourceIn(rows: readonly unknown[], name: string): RuleSource | undefined {
  return readSource(rows.find((row) => isRecord(row) && row['name'] === name));
}

function readSource(row: unknown): RuleSource | undefined {
  if (!isRecord(row) || typeof row['id'] !== 'string' || row['id'] === '') return undefined;
  return { id: row['id'], isEnabled: row['enabled'] !== false };
}

function notMade(kind: SourceKind, status: number, reason: string): FailedOutcome {
  const excerpt = `the ${kind} could not be made: ${reason}`;
  return status >= 300
    ? { kind: 'rejected', status, excerpt }
    : { kind: 'retry', reason: 'unconfirmed', detail: excerpt, status };
}
