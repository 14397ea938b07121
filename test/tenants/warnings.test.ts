import { expect, it } from 'vitest';

import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { warningsOf } from '../../src/tenants/warnings.ts';
import { PRODUCTION, sampleDocument, sampleHarfangLab } from './sample.ts';

function warnings(changes: object): string[] {
  const result = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  return result.ok ? warningsOf(result.value) : [];
}

it('always says how long a change takes to reach the edge', () => {
  expect(warnings({})).toEqual([expect.stringContaining('about 2 minutes')]);
});

it.each<[string, object, string]>([
  [
    'a short secret',
    { webhook: { secrets: ['whsec_c2hvcnQ='] } },
    'webhook.secrets[0] is shorter than 24 bytes',
  ],
  [
    'a scheme without a timestamp',
    { webhook: { secrets: ['a long secret, certainly'], scheme: 'hmac' } },
    'signs no time',
  ],
  [
    'an event type that is never forwarded',
    { destinations: [{ ...sampleHarfangLab(), events: ['interaction.created'] }] },
    'interaction.created will not arrive',
  ],
])('warns about %s', (_case, changes, text) => {
  expect(warnings(changes)[0]).toContain(text);
});

it('says nothing about a secret that is kept', () => {
  expect(warnings({ webhook: { secrets: ['<set>'] } })).toHaveLength(1);
});
