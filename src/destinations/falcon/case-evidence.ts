/** The host's alerts as evidence of a case: each is attached once, and tagged once. Whether that works never decides about the case. */

import { sha256Hex } from '../../lib/hmac.ts';
import { type HostAlerts, tagAlerts } from './alerts.ts';
import { type KnownCase, addAlerts } from './case-calls.ts';
import type { AlertState, CaseRecord } from './case-record.ts';
import type { CaseTurn } from './case-turn.ts';

/** Of an alert's hash: enough for the hundred of one case. */
const ALERT_KEY_LENGTH = 12;

/** Makes evidence of the alerts that the case does not have yet. Whether that works changes nothing else. */
export async function attachAlerts(
  turn: CaseTurn,
  {
    known,
    record,
    alerts,
  }: { readonly known: KnownCase; readonly record: CaseRecord; readonly alerts: HostAlerts | undefined },
): Promise<CaseRecord> {
  const ids = alerts?.ids ?? [];
  const missing = ids.filter((id) => record.alerts[alertKey(id)] === undefined).slice(0, known.evidenceRoom);
  const isAdded = missing.length > 0 && (await addAlerts(turn.api, known.id, missing));
  const attached = ids.filter((id) => record.alerts[alertKey(id)] === 'attached');
  return withAlerts(turn, record, [...attached, ...(isAdded ? missing : [])]);
}

/** The record with alerts that were made evidence, tagged too where that is wanted and works. */
export async function withAlerts(
  turn: CaseTurn,
  record: CaseRecord,
  attached: readonly string[],
): Promise<CaseRecord> {
  const isTagged = turn.config.cases?.alerts === 'tag' && (await tagAlerts(turn, attached, record.tag));
  const state: AlertState = isTagged ? 'tagged' : 'attached';
  return { ...record, alerts: { ...record.alerts, ...alertStates(attached, state) } };
}

/** How a case remembers alerts: by a hash, because an id has the host's in it. */
export function alertStates(ids: readonly string[], state: AlertState): CaseRecord['alerts'] {
  return Object.fromEntries(ids.map((id) => [alertKey(id), state]));
}

function alertKey(id: string): string {
  return sha256Hex(id).slice(0, ALERT_KEY_LENGTH);
}
