import { describe, expect, it } from 'vitest';

import {
  type WantedIndicator,
  agrees,
  fieldsOf,
  isOwn,
  readIndicator,
} from '../../../src/destinations/falcon/indicator.ts';
import { ownTagOf } from '../../../src/destinations/own-tag.ts';

const TAG = ownTagOf('acme', 'falcon');
const WANTED: WantedIndicator = {
  domain: 'poe.com',
  action: 'detect',
  severity: 'high',
  description: 'Noxys: Poe',
  expiresAtMs: Date.UTC(2027, 0, 31) + 500,
  isResponse: false,
};

/** What Falcon answers of the indicator that the relay asked for. */
function answered(changes: Record<string, unknown> = {}, wanted = WANTED) {
  return { id: 'a1', type: 'domain', value: wanted.domain, ...fieldsOf(wanted, TAG), ...changes };
}

function existing(changes: Record<string, unknown> = {}, wanted = WANTED) {
  const read = readIndicator(answered(changes, wanted));
  if (!read) throw new Error('Cannot read the indicator');
  return read;
}

describe('the tag of a destination', () => {
  it('tells tenants and destinations apart, whatever their names run together to', () => {
    const tags = [ownTagOf('acme', 'falcon'), ownTagOf('acme', 'falcon-us'), ownTagOf('acmef', 'alcon')];
    expect(new Set(tags).size).toBe(3);
    expect(tags.every((tag) => /^nx-[a-z2-7]{16}$/.test(tag))).toBe(true);
  });

  it('stays the same for ever: by it the indicators of an earlier release are found', () => {
    expect(TAG).toBe('nx-7hd6qjrtfg4td5rs');
  });
});

describe('an indicator at Falcon', () => {
  it.each([
    ['of the relay and this destination', {}, true],
    ['with further tags', { tags: ['noxys', TAG, 'reviewed'] }, true],
    ['of another source', { source: 'SOC' }, false],
    ['of another destination', { tags: ['noxys', ownTagOf('acme', 'other')] }, false],
    ['without tags', { tags: null }, false],
    ['of a parent account, where it can not be changed', { from_parent: true }, false],
  ])('%s is ours: %#', (_name, changes, isOurs) => {
    expect(isOwn(existing(changes), TAG)).toBe(isOurs);
  });

  it.each([
    ['as it was asked for', {}, true],
    [
      'with its lists in another order',
      { platforms: ['linux', 'mac', 'windows'], tags: [TAG, 'noxys'] },
      true,
    ],
    ['with its time spelt otherwise', { expiration: '2027-01-31T01:00:00.000+01:00' }, true],
    ['with another action', { action: 'no_action' }, false],
    ['with another severity', { severity: 'low' }, false],
    ['with another description', { description: 'by hand' }, false],
    ['with a tag more', { tags: ['noxys', TAG, 'noxys-response'] }, false],
    ['with a platform less', { platforms: ['windows', 'mac'] }, false],
    ['for some hosts only', { applied_globally: false }, false],
    ['without its expiry', { expiration: null }, false],
    ['with another expiry', { expiration: '2027-02-01T00:00:00Z' }, false],
    ['expired, and so without an action', { action: 'no_action', expired: true }, false],
  ])('%s agrees with what is wanted: %#', (_name, changes, doesAgree) => {
    expect(agrees(existing(changes), WANTED, TAG)).toBe(doesAgree);
  });

  it('without an action has no severity, and agrees whatever the config says of it', () => {
    const wanted: WantedIndicator = { ...WANTED, action: 'no_action', severity: 'critical' };
    expect(fieldsOf(wanted, TAG)).not.toHaveProperty('severity');
    expect(agrees(existing({ severity: '' }, wanted), wanted, TAG)).toBe(true);
  });

  it('agrees with a description that was cut to what Falcon takes', () => {
    const wanted = { ...WANTED, description: `${'x'.repeat(199)}😀 and more` };
    const sent = fieldsOf(wanted, TAG)['description'];
    expect(sent).toHaveLength(200);
    expect(agrees(existing({}, wanted), wanted, TAG)).toBe(true);
  });

  it.each([
    ['a deleted one', answered({ deleted: true })],
    ['one without an id', answered({ id: null })],
    ['one without a value', answered({ value: 7 })],
    ['a text', 'poe.com'],
    ['nothing', null],
  ])('%s is none', (_name, resource) => {
    expect(readIndicator(resource)).toBeUndefined();
  });
});
