import { describe, expect, it } from 'vitest';

import { normaliseHecUrl } from '../../../src/destinations/falcon/hec-url.ts';
import { normaliseRegion } from '../../../src/destinations/falcon/regions.ts';

const COLLECTOR = 'https://abc.ingest.eu-1.crowdstrike.com/services/collector';

describe('normaliseRegion', () => {
  it.each([
    ['EU1', 'eu-1'],
    ['eu-1', 'eu-1'],
    ['EU_1', 'eu-1'],
    [' us 2 ', 'us-2'],
    ['US-GOV-1', 'us-gov-1'],
    ['usgov2', 'us-gov-2'],
  ])('reads %j as %s', (text, region) => {
    expect(normaliseRegion(text)).toBe(region);
  });

  it.each(['', 'eu', 'eu-2', 'us-11', 'constructor'])('knows no region %j, and takes no default', (text) => {
    expect(normaliseRegion(text)).toBeUndefined();
  });
});

describe('normaliseHecUrl', () => {
  it.each([
    COLLECTOR,
    `${COLLECTOR}/`,
    'https://abc.ingest.eu-1.crowdstrike.com',
    'abc.ingest.eu-1.crowdstrike.com/',
    ' https://ABC.ingest.eu-1.crowdstrike.com:443 ',
  ])('reads %j as the collector', (text) => {
    expect(normaliseHecUrl(text, { region: 'eu-1', isLocal: false })).toEqual({ ok: true, value: COLLECTOR });
  });

  it.each([
    ['http://abc.ingest.eu-1.crowdstrike.com', 'https://'],
    ['https://abc.ingest.us-1.crowdstrike.com', 'us-1'],
    ['https://ingest.eu-1.crowdstrike.com', 'must be a host below'],
    ['https://abc.ingest.eu-1.crowdstrike.com.evil.example', 'must be a host below'],
    ['https://abc.ingest.eu-1.crowdstrike.com:8443', 'no port'],
    [`${COLLECTOR}/raw`, '/services/collector'],
    [`${COLLECTOR}?token=x`, 'no user, query'],
    ['https://user:pass@abc.ingest.eu-1.crowdstrike.com', 'no user, query'],
    ['http://127.0.0.1:9002', 'https://'],
    ['https://', 'not a URL'],
    ['ftp://abc.ingest.eu-1.crowdstrike.com', 'https://'],
  ])('refuses %j', (text, reason) => {
    expect(normaliseHecUrl(text, { region: 'eu-1', isLocal: false })).toEqual({
      ok: false,
      error: expect.stringContaining(reason),
    });
  });

  it('says that a region has no published ingest host', () => {
    expect(normaliseHecUrl(COLLECTOR, { region: 'us-gov-2', isLocal: false })).toEqual({
      ok: false,
      error: expect.stringContaining('us-gov-2'),
    });
  });

  it('accepts a simulator on loopback locally', () => {
    expect(normaliseHecUrl('http://127.0.0.1:9002', { region: 'eu-1', isLocal: true })).toEqual({
      ok: true,
      value: 'http://127.0.0.1:9002/services/collector',
    });
  });
});
