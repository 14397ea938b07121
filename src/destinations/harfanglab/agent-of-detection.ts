/**
 * The one agent that is meant, by an operator or by a detection: by its id or name, by the tenant's `device_map`, or by where the user
 * logged on. What can't be told apart is refused. Never takes the newest of several that may all be meant.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { EntryRecords, HostReference } from '../destination.ts';
import { isOtherName, isPseudonym } from '../isolation/host-names.ts';
import { whyNoDevice } from '../isolation/refusals.ts';
import { type Agent, type AgentSearchFailure, findAgents, isAgentId, isNamed, readAgent } from './agents.ts';
import type { HarfangLabApi } from './api.ts';
import { machineOf } from './logons.ts';

export type AgentRefusal =
  /** A clause without a full stop. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** Nothing tells which machine is meant: likewise. */
  | { readonly kind: 'no_device'; readonly detail: string }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

/** An agent, and the name that it was looked for by; undefined: by no name. */
export interface MeantAgent {
  readonly agent: Agent;
  readonly told: string | undefined;
}

export interface Lookup {
  readonly api: HarfangLabApi;
  readonly records: EntryRecords;
  /** The stricter of the tenant's and the destination's. */
  readonly privacy: HarfangLabConfig['privacy'];
}

/** The agent of a reference, as its record is now. */
export async function oneAgent(
  api: HarfangLabApi,
  reference: HostReference,
): Promise<Result<Agent, AgentSearchFailure>> {
  if ('deviceId' in reference) {
    const read = await readAgent(api, reference.deviceId);
    if (!read.ok) return read;
    return read.value ? success(read.value) : refused('HarfangLab knows no agent with this id');
  }
  const found = await findAgents(api, reference.hostname);
  if (!found.ok) return found;
  const chosen = theOne(found.value);
  if (!chosen.ok) return chosen;
  // A list may lag behind, and shows part of the record only.
  const record = await oneAgent(api, { deviceId: chosen.value.id });
  if (record.ok && !isNamed(record.value, reference.hostname))
    return refused("HarfangLab's list is behind: the agent that it shows has another name by now");
  return record;
}

/** Of several, the one that is online: the host was installed anew, and the others are what it was before. */
function theOne(agents: readonly Agent[]): Result<Agent, AgentSearchFailure> {
  const [first, ...others] = agents;
  if (!first) return refused('HarfangLab knows no agent of this name');
  if (others.length === 0) return success(first);
  const online = agents.filter(({ status }) => status === 'online');
  const [now, second] = online;
  const isAnew =
    now !== undefined &&
    second === undefined &&
    agents.every((agent) => agent === now || isEarlierSelf(agent, now));
  if (isAnew) return success(now);
  return refused(
    `HarfangLab knows ${agents.length} agents of this name, ${online.length} of them online: which one is meant can not be told`,
  );
}

/** Whether nothing speaks against that an agent is what another one's host had before. */
function isEarlierSelf(before: Agent, now: Agent): boolean {
  return (
    before.lastSeenMs !== undefined &&
    now.lastSeenMs !== undefined &&
    before.lastSeenMs < now.lastSeenMs &&
    isSameOrUntold(before.serial, now.serial) &&
    isSameOrUntold(before.domain, now.domain) &&
    isSameOrUntold(before.dnsDomain, now.dnsDomain)
  );
}

function isSameOrUntold(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a.toLowerCase() === b.toLowerCase();
}

/** The agent that a detection is about. */
export async function agentOfDetection(
  event: CanonicalEvent,
  lookup: Lookup,
): Promise<Result<MeantAgent, AgentRefusal>> {
  const named = await agentOfDevice(event, lookup);
  if (!named.ok) return named;
  return named.value ? success(named.value) : byLogon(event, lookup);
}

/** Likewise, of the device that it names, or that the tenant's map has for its user; undefined: there is none. Asks for no logon. */
export async function agentOfDevice(
  event: CanonicalEvent,
  { api, records }: Pick<Lookup, 'api' | 'records'>,
): Promise<Result<MeantAgent | undefined, AgentRefusal>> {
  const { id, hostname } = event.device ?? {};
  if (isPseudonym(id) || isPseudonym(hostname))
    return noDevice('the detection names no device: privacy.device must be keep, and hides it');
  if (id !== undefined && isAgentId(id)) {
    const byId = await readAgent(api, id);
    if (!byId.ok) return byId;
    if (byId.value) {
      if (isOtherName(byId.value.hostname, hostname))
        return refused('the device id and the host name of the detection belong to different hosts');
      return success({ agent: byId.value, told: hostname });
    }
  }
  const told = hostname ?? records.mappedHost(event);
  if (told === undefined) return success(undefined);
  const byName = await oneAgent(api, { hostname: told });
  return byName.ok ? success({ agent: byName.value, told }) : byName;
}

/** HarfangLab is asked for a user only where it may know the users. */
async function byLogon(
  event: CanonicalEvent,
  { api, privacy }: Lookup,
): Promise<Result<MeantAgent, AgentRefusal>> {
  if (privacy.device !== undefined && privacy.device !== 'keep')
    return noDevice(`the detection names no device${whyNoDevice(privacy.device)}`);
  if (privacy.user_id !== undefined && privacy.user_id !== 'keep')
    return noDevice(
      `the detection names no device, and HarfangLab is not asked where the user logged on: privacy.user_id is ${privacy.user_id}`,
    );
  const userId = event.user?.id;
  if (userId === undefined || isPseudonym(userId))
    return noDevice('the detection names no device, and no user that HarfangLab could know');
  const untilMs = Math.min(Date.parse(event.occurredAt), Date.parse(event.receivedAt));
  const machine = await machineOf(api, userId, untilMs);
  if (!machine.ok) return failure({ kind: 'failed', failure: machine.error });
  if ('detail' in machine.value)
    return noDevice(`the detection names no device, and ${machine.value.detail}`);
  const found = await oneAgent(api, { deviceId: machine.value.agentId });
  return found.ok ? success({ agent: found.value, told: undefined }) : found;
}

function refused(detail: string): Result<never, AgentSearchFailure> {
  return failure({ kind: 'refused', detail });
}

function noDevice(detail: string): Result<never, AgentRefusal> {
  return failure({ kind: 'no_device', detail });
}
