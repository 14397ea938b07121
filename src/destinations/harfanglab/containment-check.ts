/** Tests what isolating agents needs, by reads that change nothing. */

import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Checked } from '../destination.ts';
import { AGENTS_PATH, unreadable } from './agents.ts';
import { type HarfangLabApi, resultsIn } from './api.ts';
import { LOGONS_PATH } from './logons.ts';
import type { Permission } from './permissions.ts';

const ISOLATING =
  'Whether endpoints may be isolated could not be tested, as only isolating one tells whether it is granted.';

/** One agent is read, and one logon where the destination may know users. Logons are of use, and not needed. */
export async function checkContainment(
  api: HarfangLabApi,
  { privacy }: Pick<HarfangLabConfig, 'privacy'>,
): Promise<Checked> {
  const agents = await cheapRead(api, AGENTS_PATH, 'endpointsView');
  if (agents.kind !== 'delivered') return { outcome: agents, notes: [] };
  const notes = ['Agents can be looked up.', ISOLATING];
  if (privacy.user_id !== undefined && privacy.user_id !== 'keep')
    return {
      outcome: agents,
      notes: [...notes, 'Logons are not used, as privacy.user_id is not keep.'],
    };
  const logons = await cheapRead(api, LOGONS_PATH, 'telemetryView');
  switch (logons.kind) {
    case 'delivered':
      return { outcome: agents, notes: [...notes, 'Logons can be looked up.'] };
    case 'blocked':
      return {
        outcome: agents,
        notes: [
          ...notes,
          `Logons can not be looked up: ${logons.detail}. Detections that name no device are skipped, unless device_map has the host.`,
        ],
      };
    default:
      return { outcome: logons, notes };
  }
}

async function cheapRead(
  api: HarfangLabApi,
  path: string,
  permission: Permission,
): Promise<Checked['outcome']> {
  const answer = await api.request({ method: 'GET', path: `${path}?limit=1`, permission });
  if (!answer.ok) return answer.error.outcome;
  return resultsIn(answer.value) ? { kind: 'delivered' } : unreadable(answer.value).outcome;
}
