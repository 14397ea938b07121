/** The hosts that a destination never isolates, and the ones of a tenant's device map: whole names in plain letters, or agent ids. Pure. */

import type { ContainConfig } from '../domain/destination-base.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { HIDDEN_VALUE } from '../domain/personal-fields.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

/** Labels with dots between them; an address in numbers is none. */
const HOST_NAME_PATTERN = /^(?=.*[a-z])[\w-]+(?:\.[\w-]+)*$/i;
/** Letters of other scripts look like plain ones, and have several spellings. */
const FOREIGN_PATTERN = /[^\p{ASCII}]/u;

/** How a product's agents are told apart. */
export interface AgentIds {
  readonly isOne: (text: string) => boolean;
  readonly words: string;
}

interface CheckedContain {
  readonly changes: { readonly contain?: ContainConfig };
  readonly faults: readonly ConfigFault[];
}

/** The hosts that are never isolated, without the space around them, and in plain letters where those are meant: full width is not. */
export function checkContain(
  { contain }: { readonly contain?: ContainConfig | undefined },
  context: DestinationContext,
  agentIds: AgentIds,
): CheckedContain {
  if (!contain) return { changes: {}, faults: [] };
  const never = contain.never.map((host) => plainHost(host));
  const faults = never.flatMap((host, index): ConfigFault[] => {
    const message = hostFault(host, agentIds);
    return message === undefined ? [] : [{ path: pathIn(context, 'contain', 'never', index), message }];
  });
  return { changes: { contain: { ...contain, never } }, faults };
}

/** Without the space around it, in plain letters where those are meant. */
export function plainHost(text: string): string {
  const host = text.trim();
  const plain = host.normalize('NFKC');
  return FOREIGN_PATTERN.test(plain) ? host : plain;
}

/** What is wrong with the name of a host; undefined: nothing. */
export function hostFault(host: string, { isOne, words }: AgentIds): string | undefined {
  if (host === '') return 'must not be blank: name the host, or leave the entry out';
  if (host === HIDDEN_VALUE)
    return `${HIDDEN_VALUE} stands for a value that viewers do not see: write the value itself`;
  if (HOST_NAME_PATTERN.test(host) || isOne(host)) return undefined;
  if (FOREIGN_PATTERN.test(host))
    return `must be a host name in plain letters (A to Z without accents, digits, dots, dashes and underscores): name a host that is called otherwise by ${words.replace('an agent id', 'its agent id')}`;
  return `must be one whole host name such as DC-01 or dc-01.acme.fr (letters, digits, dots, dashes and underscores; no address, no wildcard), or ${words}`;
}
