import { createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PrivacyLevel } from '../../src/domain/destination-base.ts';
import type { PrivacyConfig } from '../../src/domain/tenant-config.ts';
import { PRIVACY_LEVELS } from '../../src/domain/destination-base.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { minimise, reduceFurther } from '../../src/ingest/minimise.ts';
import { typed } from './parsing.ts';

const KEY = new Uint8Array(32).fill(7);
const KEEP: PrivacyConfig = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
const PSEUDONYMISE: PrivacyConfig = {
  user_id: 'pseudonymise',
  user_email: 'pseudonymise',
  device: 'pseudonymise',
  url: 'drop',
};
const DROP: PrivacyConfig = { user_id: 'drop', user_email: 'drop', device: 'drop', url: 'drop' };

const PERSONAL = {
  user: { id: 'u-1', email: 'alice@acme.fr' },
  device: { id: 'd-1', hostname: 'PC-1' },
  urlHost: 'chat.example',
};
const PARSED = typed({
  user_id: 'u-1',
  user_email: 'alice@acme.fr',
  device_id: 'd-1',
  hostname: 'PC-1',
  content_metadata: { url: 'https://chat.example/c/1' },
});

function pseudonym(kind: string, value: string, key = KEY): string {
  const digest = createHmac('sha256', key).update(`${kind}:${value}`).digest();
  return `p_${digest.subarray(0, 16).toString('base64url')}`;
}

const PSEUDONYMS = {
  user: { id: pseudonym('user_id', 'u-1'), email: pseudonym('user_email', 'alice@acme.fr') },
  device: { id: pseudonym('device_id', 'd-1'), hostname: pseudonym('hostname', 'PC-1') },
};

function at(device: PrivacyLevel): PrivacyConfig {
  return { ...KEEP, device };
}

function personalOf(event: object): object {
  return Object.fromEntries(
    Object.entries(event).filter(([key]) => ['user', 'device', 'urlHost'].includes(key)),
  );
}

describe('minimise', () => {
  it.each([
    ['keep', KEEP, PERSONAL],
    ['pseudonymise', PSEUDONYMISE, PSEUDONYMS],
    ['drop', DROP, {}],
    [
      'the defaults',
      { ...KEEP, user_email: 'drop', url: 'drop' } as const,
      { user: { id: 'u-1' }, device: PERSONAL.device },
    ],
    [
      'one field at a time',
      { ...KEEP, user_id: 'drop' } as const,
      { ...PERSONAL, user: { email: 'alice@acme.fr' } },
    ],
  ])('obeys %s', (_name, privacy, expected) => {
    expect(personalOf(minimise(PARSED, privacy, KEY))).toEqual(expected);
  });

  it.each([
    ['pseudonymise', PSEUDONYMISE],
    ['drop', DROP],
  ])('leaves the names that it may not keep out of every text at %s', (_level, privacy) => {
    const parsed = typed({
      user_id: 'U-4711',
      user_email: 'Alice.Martin@acme.fr',
      device_id: 'dev-4711',
      hostname: 'LAPTOP-MARTIN.acme.fr',
      policy_name: 'Exception of alice.martin (ALICE.MARTIN@ACME.FR) on laptop-martin',
      platform_id: 'alice.martin.example',
      direction: 'laptop-martin',
      interaction_type: 'u-4711',
      content_metadata: { model: 'alice.martin-tuned', url: 'https://alice.martin.pages.example/' },
      classifications: ['IBAN', 'ALICE.MARTIN', 'DEV-4711'],
    });
    const event = minimise(parsed, { ...privacy, url: 'keep' }, KEY);
    expect(JSON.stringify(event)).not.toMatch(/alice|martin|4711/i);
    expect(event).toMatchObject({
      policy: { name: 'Exception of … (…) on …' },
      platform: { id: '….example' },
      urlHost: '….pages.example',
      classifications: ['IBAN', '…', '…'],
    });
  });

  it('looks for a name only where its own level keeps it not, and for none that is short', () => {
    const parsed = typed({
      user_id: 'alice.martin',
      user_email: 'bob@acme.fr',
      hostname: 'PC-1',
      policy_name: 'alice.martin, bob, pc-1',
    });
    const nameAt = (privacy: PrivacyConfig) => minimise(parsed, privacy, KEY).policy?.name;
    expect(nameAt(KEEP)).toBe('alice.martin, bob, pc-1');
    expect(nameAt({ ...KEEP, user_email: 'drop' })).toBe('alice.martin, bob, pc-1');
    expect(nameAt({ ...KEEP, user_id: 'pseudonymise' })).toBe('…, bob, pc-1');
    expect(nameAt({ ...KEEP, device: 'drop' })).toBe('alice.martin, bob, …');
  });

  it.each([
    ['\u0130 alice.martin', '\u0130 \u2026'],
    ['Alice Martin, ALICE_MARTIN', '\u2026, \u2026'],
    ['Alic\u00e9.Martin', '\u2026'],
  ])('finds a name however it is written, or leaves the text out as a whole: %j', (name, expected) => {
    const parsed = typed({ user_id: 'alice.martin', policy_name: name });
    expect(minimise(parsed, DROP, KEY).policy?.name).toBe(expected);
  });

  it.each([
    ['alice.martin+ai@acme.fr', 'alice.martin asks ai', '\u2026 asks ai'],
    ['alice.martin_partner.fr#EXT#@acme.fr', 'of alice martin partner.fr', 'of \u2026'],
    ['.alice.martin.', 'alice.martin', '\u2026'],
    ['bjorn.aaberg@acme.fr', 'by Bj\u00f8rn.Aaberg', '\u2026'],
    ['ai+chat@acme.fr', 'ai in ChatGPT', 'ai in ChatGPT'],
    ['a.martin@acme.fr', 'Martini, a smart inhouse model', 'Martini, a smart inhouse model'],
  ])('finds what an account is called by without what follows the name: %j', (account, name, expected) => {
    const parsed = typed({ user_id: account, policy_name: name });
    expect(minimise(parsed, DROP, KEY).policy?.name).toBe(expected);
  });

  it('leaves no trace of the fields that it replaced or dropped', () => {
    for (const privacy of [PSEUDONYMISE, DROP]) {
      const text = JSON.stringify(minimise(PARSED, privacy, KEY));
      for (const raw of ['u-1', 'alice', 'd-1', 'PC-1', 'chat.example', 'personal'])
        expect(text).not.toContain(raw);
    }
  });

  it('keeps everything else and says where the event came from', () => {
    const { personal: _personal, ...rest } = PARSED;
    expect(minimise(PARSED, DROP, KEY)).toEqual({ ...rest, source: 'noxys' });
  });

  it('leaves an event without personal fields without them', () => {
    for (const privacy of [KEEP, PSEUDONYMISE, DROP])
      expect(personalOf(minimise(typed({}), privacy, KEY))).toEqual({});
  });

  it('gives another pseudonym under another key and for another kind of field', () => {
    const event = typed({ user_id: 'same', device_id: 'same', user_email: 'same', hostname: 'same' });
    const one = minimise(event, PSEUDONYMISE, KEY);
    const other = minimise(event, PSEUDONYMISE, new Uint8Array(32));
    const values = [one, other].flatMap(({ user, device }) => [
      user?.id,
      user?.email,
      device?.id,
      device?.hostname,
    ]);
    expect(new Set(values).size).toBe(8);
  });

  it('pseudonymises also what merely looks like a pseudonym', () => {
    const id = pseudonym('user_id', 'x');
    expect(minimise(typed({ user_id: id }), PSEUDONYMISE, KEY).user?.id).toBe(pseudonym('user_id', id));
  });
});

describe('the host of a page', () => {
  it('is a pseudonym of its own kind, and in no text', () => {
    const policy = { name: 'Not on chat.example' };
    const event = minimise({ ...PARSED, policy }, { ...KEEP, url: 'pseudonymise' }, KEY);
    expect(event.urlHost).toBe(pseudonym('url_host', 'chat.example'));
    expect(JSON.stringify(event)).not.toContain('chat.example');
  });
});

describe('reduceFurther', () => {
  const kept = minimise(PARSED, KEEP, KEY);

  it.each([
    ['nothing that a destination does not ask for', {}, PERSONAL],
    ['to pseudonyms', PSEUDONYMISE, PSEUDONYMS],
    ['to nothing', DROP, {}],
    ['one field', { user_id: 'drop' } as const, { ...PERSONAL, user: { email: 'alice@acme.fr' } }],
  ])('reduces %s', (_name, destination, expected) => {
    expect(personalOf(reduceFurther(kept, destination, KEEP, KEY))).toEqual(expected);
  });

  it('gives the pseudonym that the tenant itself would have given', () => {
    const stored = minimise(PARSED, PSEUDONYMISE, KEY);
    expect(reduceFurther({ ...kept }, PSEUDONYMISE, KEEP, KEY)).toEqual(stored);
  });

  it('never pseudonymises twice', () => {
    const stored = minimise(PARSED, PSEUDONYMISE, KEY);
    expect(reduceFurther(stored, PSEUDONYMISE, PSEUDONYMISE, KEY)).toEqual(stored);
  });

  it('lets nothing pass that merely looks like a pseudonym while the tenant keeps the field', () => {
    const id = pseudonym('user_id', 'x');
    const raw = minimise(typed({ user_id: id, device_id: id }), { ...KEEP, device: 'pseudonymise' }, KEY);
    const sent = reduceFurther(raw, PSEUDONYMISE, { ...KEEP, device: 'pseudonymise' }, KEY);
    expect(sent).toMatchObject({
      user: { id: pseudonym('user_id', id) },
      device: { id: raw.device?.id },
    });
  });

  it('never gives back what the tenant reduces', () => {
    const stored = minimise(PARSED, DROP, KEY);
    expect(reduceFurther(stored, KEEP, DROP, KEY)).toEqual(stored);
    expect(personalOf(reduceFurther(minimise(PARSED, PSEUDONYMISE, KEY), KEEP, PSEUDONYMISE, KEY))).toEqual(
      PSEUDONYMS,
    );
  });

  it('covers an event that was stored before the tenant became stricter', () => {
    expect(personalOf(reduceFurther(kept, {}, DROP, KEY))).toEqual({});
    expect(personalOf(reduceFurther(kept, KEEP, PSEUDONYMISE, KEY))).toEqual(PSEUDONYMS);
  });

  it('shows at every pair of levels what the stricter one alone shows', () => {
    const level = fc.constantFrom(...PRIVACY_LEVELS);
    fc.assert(
      fc.property(level, level, (tenant, destination) => {
        const stricter =
          PRIVACY_LEVELS.indexOf(tenant) > PRIVACY_LEVELS.indexOf(destination) ? tenant : destination;
        const sent = reduceFurther(
          minimise(PARSED, at(tenant), KEY),
          { device: destination },
          at(tenant),
          KEY,
        );
        expect(sent).toEqual(minimise(PARSED, at(stricter), KEY));
      }),
    );
  });
});

describe('a detection for a destination', () => {
  const detection = detectionEvent(
    detectionForTest({
      user: { id: 'alice.martin' },
      groupKey: 'alice.martin',
      title: 'Too many prompts by Alice.Martin',
      ruleName: 'watch_alice.martin',
    }),
    { tenant: 'acme', receivedAt: '2026-11-22T08:00:00.000Z' },
  );

  it.each([
    ['pseudonymise', PSEUDONYMISE, pseudonym('user_id', 'alice.martin')],
    ['drop', DROP, undefined],
  ])('names the user nowhere at %s, and groups by what stands for the user', (_level, privacy, group) => {
    const reduced = reduceFurther(detection, {}, privacy, KEY);
    expect(JSON.stringify(reduced)).not.toMatch(/alice|martin/i);
    expect(reduced.detection).toMatchObject({ title: 'Too many prompts by …', ruleName: 'watch_…' });
    expect(reduced.detection?.groupKey).toBe(group);
  });

  it.each([
    ['an address as id', { id: 'alice.martin@acme.fr' }, 'By alice.martin', 'By …'],
    ['an account of a domain', { id: 'ACME\\alicemartin' }, 'By AliceMartin', 'By …'],
    ['a short id', { id: 'bob' }, 'By Bob, watch_bob, bobsled', 'By …, watch_…, bobsled'],
    ['a short address', { id: 'u-4711', email: 'bob@acme.fr' }, 'By bob', 'By …'],
  ])('names nobody in its title: %s', (_case, user, title, expected) => {
    const facts = detectionForTest({ user, title, groupKey: user.id });
    const event = detectionEvent(facts, { tenant: 'acme', receivedAt: '2026-11-22T08:00:00.000Z' });
    expect(reduceFurther(event, DROP, KEEP, KEY).detection?.title).toBe(expected);
  });

  it('names no host in its title that is dropped, be it short', () => {
    const facts = detectionForTest({ device: { hostname: 'PC1.acme.fr' }, title: 'On pc1' });
    const event = detectionEvent(facts, { tenant: 'acme', receivedAt: '2026-11-22T08:00:00.000Z' });
    expect(reduceFurther(event, DROP, KEEP, KEY).detection?.title).toBe('On …');
  });

  it('names nobody in its platforms, its tags and a group that is no user', () => {
    const facts = detectionForTest({
      user: { id: 'u-4711', email: 'alice.martin@acme.fr' },
      device: { hostname: 'LAPTOP-7.acme.fr' },
      groupKey: 'Exception of alice.martin',
      platforms: ['alice.martin.example', 'laptop-7.example', 'grok'],
      tags: ['watch.alice.martin'],
    });
    const event = detectionEvent(facts, { tenant: 'acme', receivedAt: '2026-11-22T08:00:00.000Z' });
    const further = { user_email: 'drop', device: 'drop' } as const;
    expect(reduceFurther(event, further, KEEP, KEY).detection).toMatchObject({
      groupKey: 'Exception of \u2026',
      platforms: ['\u2026.example', 'grok'],
      tags: ['watch.\u2026'],
    });
    const mine = {
      ...facts,
      user: { id: 'alice.martin', email: 'alice.martin@acme.fr' },
      groupKey: 'alice.martin',
    };
    const own = detectionEvent(mine, { tenant: 'acme', receivedAt: '2026-11-22T08:00:00.000Z' });
    expect(reduceFurther(own, further, KEEP, KEY).detection?.groupKey).toBe('alice.martin');
  });

  it('is whole where everything may be kept', () => {
    expect(reduceFurther(detection, {}, KEEP, KEY)).toEqual(detection);
  });
});
