/**
 * Small parts of a Falcon destination that go into requests: the child account, hosts that are never isolated, the workflow. Pure.
 * What could change the meaning of a search in Falcon's query language is refused: its escaping is not documented.
 */

import { fqlValue } from '../destinations/falcon/fql.ts';
import { isAgentId } from '../destinations/falcon/hosts.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { HIDDEN_VALUE } from '../domain/personal-fields.ts';
import type { FalconConfig } from '../domain/tenant-config.ts';
import { indicatorFaults, normaliseIndicators } from './check-indicators.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

/** What a check respells of a destination, and what it finds. */
export interface CheckedPart {
  readonly changes: Partial<FalconConfig>;
  readonly faults: readonly ConfigFault[];
}

/** As the console shows a customer id: with a checksum behind a dash, which the API does not take. Source: CrowdStrike's correlation rules API and sensor guides, read 2026-11. */
const CID_PATTERN = /^([0-9a-f]{32})(?:-[0-9a-f]{2})?$/i;
/** Labels with dots between them; an address in numbers is none. */
const HOST_NAME_PATTERN = /^(?=.*[a-z])[\w-]+(?:\.[\w-]+)*$/i;
/** Letters of other scripts look like plain ones, and have several spellings. */
const FOREIGN_PATTERN = /[^\p{ASCII}]/u;

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

/** The hosts that are never isolated, without the space around them, and in plain letters where those are meant: full width is not. */
export function checkContain({ contain }: FalconConfig, context: DestinationContext): CheckedPart {
  if (!contain) return { changes: {}, faults: [] };
  const never = contain.never.map((host) => plainHost(host.trim()));
  const faults = never.flatMap((host, index): ConfigFault[] => {
    const message = hostFault(host);
    return message === undefined ? [] : [{ path: pathIn(context, 'contain', 'never', index), message }];
  });
  return { changes: { contain: { ...contain, never } }, faults };
}

function plainHost(host: string): string {
  const plain = host.normalize('NFKC');
  return FOREIGN_PATTERN.test(plain) ? host : plain;
}

function hostFault(host: string): string | undefined {
  if (host === '') return 'must not be blank: name the host, or leave the entry out';
  if (host === HIDDEN_VALUE)
    return `${HIDDEN_VALUE} stands for a value that viewers do not see: write the value itself`;
  if (HOST_NAME_PATTERN.test(host) || isAgentId(host)) return undefined;
  if (FOREIGN_PATTERN.test(host))
    return 'must be a host name in plain letters (A to Z without accents, digits, dots, dashes and underscores): name a host that is called otherwise by its agent id of 32 hex digits';
  return 'must be one whole host name such as DC-01 or dc-01.acme.fr (letters, digits, dots, dashes and underscores; no address, no wildcard), or an agent id of 32 hex digits';
}

/** The indicators in one spelling. Whether one is of an approved platform is known once the tenant's platforms are. */
export function checkIndicators({ indicators }: FalconConfig, context: DestinationContext): CheckedPart {
  if (!indicators) return { changes: {}, faults: [] };
  const faults = context.platforms
    ? indicatorFaults(indicators, pathIn(context, 'indicators'), context.platforms)
    : [];
  return { changes: { indicators: normaliseIndicators(indicators) }, faults };
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
