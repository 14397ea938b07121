/** What can be said of a tenant's document without a relay. Pure. */

import { normaliseBaseUrl } from '../../src/destinations/harfanglab/base-url.ts';
import type { ConfigFault } from '../../src/domain/fault.ts';
import { isRecord } from '../../src/lib/record.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';

/** Without a relay: the schema alone. Which hosts are allowed, and what else the deployment says, is not known. */
export function faultsWithoutRelay(document: unknown): readonly ConfigFault[] {
  const egressAllow = hostsIn(document);
  const checked = validateTenantConfig(document, { env: 'local', residency: 'global', egressAllow });
  return checked.ok ? [] : checked.error;
}

function hostsIn(document: unknown): string[] {
  const destinations: unknown = isRecord(document) ? document['destinations'] : undefined;
  return (Array.isArray(destinations) ? destinations : []).flatMap((destination: unknown) => {
    const url = isRecord(destination)
      ? normaliseBaseUrl(String(destination['base_url']), { isLocal: true })
      : undefined;
    return url?.ok === true ? [new URL(url.value).hostname] : [];
  });
}
