/** Details of problems that depend on what failed, in words. Pure; they quote names and numbers alone. */

import type { ConfigFault } from '../domain/fault.ts';
import type { LaneRest } from '../domain/rpc.ts';
import type { RequestFailure } from './request-failure.ts';

export function roleDetail({
  role,
  isForDeployment,
}: Extract<RequestFailure, { kind: 'role_missing' }>): string {
  if (role === undefined)
    return 'ACCESS_ROLES gives you no role: neither your e-mail address nor a group or service of yours is in it.';
  return `This needs the role ${role}, for ${isForDeployment ? 'the whole deployment' : 'what was asked'}.`;
}

export function tooManyTokensDetail({
  max,
  counted,
}: Extract<RequestFailure, { kind: 'too_many_tokens' }>): string {
  const tokens = `${max} tokens of this tenant, or for every tenant,`;
  return counted === 'valid'
    ? `${tokens} are valid: revoke some first, and mint short-lived ones.`
    : `${tokens} were minted and are kept for a year after they expire: mint fewer ones.`;
}

export function countFaults(what: 'config' | 'body', faults: readonly ConfigFault[]): string {
  return `The ${what} has ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}.`;
}

export function undeliveredDetail(rest: readonly LaneRest[]): string {
  const undelivered = rest.reduce((sum, lane) => sum + lane.undelivered, 0);
  const deadLetters = rest.reduce((sum, lane) => sum + lane.deadLetters, 0);
  return `Not delivered yet: up to ${undelivered}; dead letters: ${deadLetters}: deliver them, or give them up with ?undelivered=discard.`;
}

export function heldDetail({ tenant, holds }: Extract<RequestFailure, { kind: 'held' }>): string {
  const [first = 0] = holds;
  const [which, whom] =
    holds.length === 1
      ? [`legal hold ${first} keeps it`, 'that']
      : [`legal holds ${holds.join(', ')} keep it`, 'those'];
  return `Nothing was removed, as ${which}: lift ${whom} first, with DELETE …/holds/${first} or noxys-relay holds lift ${tenant} ${first}.`;
}

export function preconditionDetail(version: number | null): string {
  return version === null ? 'The tenant does not exist.' : `The tenant exists at version ${version}.`;
}

export function noNameDetail(isOn: boolean): string {
  return isOn
    ? 'The sealed map has no name for this key: it is of no user that was pseudonymised since the map is on, was erased, or is gone with its retention.'
    : 'The tenant keeps no sealed map (privacy.sealed_map): nobody can tell the name behind a key. Whether a key is that of somebody you know, users/key says.';
}

export function noDestinationDetail(known: readonly string[]): string {
  return known.length === 0
    ? 'The tenant has no destination.'
    : `The tenant has no destination of this name: it has ${known.join(', ')}.`;
}
