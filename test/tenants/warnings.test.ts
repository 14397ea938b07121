import { describe, expect, it } from 'vitest';

import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { warningsOf } from '../../src/tenants/warnings.ts';
import { PRODUCTION, sampleDocument, sampleHarfangLab } from './sample.ts';

function warnings(changes: object, isIngestChanged = false): string[] {
  const result = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return warningsOf(result.value, isIngestChanged);
}

describe('warningsOf', () => {
  it('says how long a change takes to reach the edge, when there is one', () => {
    expect(warnings({}, true)).toEqual([expect.stringContaining('about 2 minutes')]);
    expect(warnings({}, false)).toEqual([]);
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
    [
      'a misspelt type to forward',
      { forward: { events: ['interaction.high_risk', 'interaction.hihg_risk'] } },
      'forward.events[1] is "interaction.hihg_risk", a type that Noxys does not document: did you mean "interaction.high_risk"?',
    ],
    [
      'a type to forward like no other',
      { forward: { events: ['policy.updated'] } },
      'forward.events[0] is "policy.updated", a type that Noxys does not document.',
    ],
    ['no destination', { destinations: [] }, 'There is no destination'],
    [
      'destinations that are all disabled',
      { destinations: [{ ...sampleHarfangLab(), enabled: false }] },
      'Every destination is disabled',
    ],
  ])('warns about %s', (_case, changes, text) => {
    expect(warnings(changes)).toEqual([expect.stringContaining(text)]);
  });

  it('says nothing about one disabled destination among others', () => {
    const off = { ...sampleHarfangLab(), name: 'off', enabled: false };
    expect(warnings({ destinations: [sampleHarfangLab(), off] })).toEqual([]);
  });

  it('says nothing about a type that Noxys documents', () => {
    expect(warnings({ forward: { events: ['interaction.created'] } })).toEqual([]);
  });

  it('says nothing about a secret that is kept', () => {
    expect(warnings({ webhook: { secrets: ['<set>'] } })).toEqual([]);
  });
});
