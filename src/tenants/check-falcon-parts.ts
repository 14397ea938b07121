/**
 * Small parts of a Falcon destination that go into requests: the child account, the workflow. Pure.
 * What could change the meaning of a search in Falcon's query language is refused: its escaping is not documented.
 */

import { fqlValue } from '../destinations/falcon/fql.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { FalconConfig } from '../domain/tenant-config.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

/** What a check respells of a destination, and what it finds. */
export interface CheckedPart {
  readonly changes: Partial<FalconConfig>;
  readonly faults: readonly ConfigFault[];
}

/** As the console shows a customer id: with a checksum behind a dash, which the API does not take. Source: CrowdStrike's correlation rules API and sensor guides, read 2026-11. */
const CID_PATTERN = /^([0-9a-f]{32})(?:-[0-9a-f]{2})?$/i;
/** The child account in lower case, its checksum cut off. */
export function checkMemberCid(
  { member_cid: text, client_id: clientId, client_secret: clientSecret }: FalconConfig,
  context: DestinationContext,
): CheckedPart {
  if (text === undefined) return { changes: {}, faults: [] };
  const path = pathIn(context, 'member_cid');
  const cid = CID_PATTERN.exec(text.trim())?.[1]?.toLowerCase();
  const faults: ConfigFault[] = [];
  if (cid === undefined) {
    const message =
      'must be the customer id of the child account: 32 hex characters, with or without its checksum such as -1A';
    faults.push({ path, message });
  }
  if (clientId === undefined && clientSecret === undefined)
    faults.push({
      path,
      message: 'is of no use without client_id and client_secret: add them, or leave it out',
    });
  return { changes: cid === undefined ? {} : { member_cid: cid }, faults };
}

/** One workflow, by its name or by its id. */
export function checkWorkflow({ workflow }: FalconConfig, context: DestinationContext): CheckedPart {
  if (!workflow) return { changes: {}, faults: [] };
  const name = workflow.name?.trim();
  if ((name === undefined) === (workflow.id === undefined)) {
    const message = 'must name one workflow: either by its name or by its id';
    return { changes: {}, faults: [{ path: pathIn(context, 'workflow'), message }] };
  }
  if (name === undefined) return { changes: {}, faults: [] };
  const path = pathIn(context, 'workflow', 'name');
  if (name === '') return { changes: {}, faults: [{ path, message: 'must not be blank' }] };
  if (fqlValue(name).ok) return { changes: { workflow: { name } }, faults: [] };
  const message =
    "must be without a single quote, an asterisk, a backslash and characters that are not seen, which can't be searched for: give its id instead";
  return { changes: {}, faults: [{ path, message }] };
}
