/** The address that was made of what a person entered, where that was less than a URL. Pure. */

import { normaliseBaseUrl } from '../../src/destinations/harfanglab/base-url.ts';
import { isRecord } from '../../src/lib/record.ts';

/** Of a HarfangLab destination whose `base_url` has no scheme; otherwise undefined. */
export function completedUrl(document: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const destinations: unknown[] = Array.isArray(document['destinations']) ? document['destinations'] : [];
  const found = destinations.find((one) => isRecord(one) && one['name'] === name);
  const written = isRecord(found) ? found['base_url'] : undefined;
  if (typeof written !== 'string' || /^https?:/i.test(written.trim())) return undefined;
  const url = normaliseBaseUrl(written, { isLocal: true });
  return url.ok ? url.value : undefined;
}
