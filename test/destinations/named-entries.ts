/** Entries about people whose names stand in every text that somebody else may have chosen, and the settings that hide them. Random. */

import * as fc from 'fast-check';

import { PRIVACY_LEVELS } from '../../src/domain/destination-base.ts';
import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { PLAYBOOKS } from '../../src/domain/playbook.ts';
import type { PrivacyConfig } from '../../src/domain/tenant-config.ts';
import { VERBS } from '../../src/domain/verbs.ts';
import { minimise } from '../../src/ingest/minimise.ts';
import type { UserDay } from '../../src/relay/user-days.ts';

export const NOW_MS = Date.UTC(2026, 10, 22, 8);
const NOW = new Date(NOW_MS).toISOString();
export const KEY = new Uint8Array(32).fill(7);
export const FIELDS = ['user_id', 'user_email', 'device', 'url'] as const;
const level = fc.constantFrom(...PRIVACY_LEVELS);
export const levels = fc.record({ user_id: level, user_email: level, device: level, url: level });
/** Long enough that no other text holds it by chance. */
const word = fc.stringMatching(/^[bcdfgkmpqvz]{5}[0-9]{2}$/);

interface Someone {
  readonly id: string;
  readonly email: string;
  readonly deviceId: string;
  readonly hostname: string;
  readonly urlHost: string;
}

const someone: fc.Arbitrary<Someone> = fc
  .tuple(word, word, word, word, word, fc.constantFrom('id', 'account', 'address'))
  .map(([a, b, c, d, e, form]) => ({
    id: { id: a, account: `ACME\\${a}`, address: `${a}@acme.fr` }[form] ?? a,
    email: `${b}@acme.fr`,
    deviceId: c,
    hostname: `WKS-${d}.acme.fr`,
    urlHost: `${e}.pages.example`,
  }));

/** The name in each value that nothing else has. */
export const cores = ({ id, email, deviceId, hostname, urlHost }: Someone) => ({
  user_id: [id.replace('ACME\\', '').replace('@acme.fr', '')],
  user_email: [email.replace('@acme.fr', '')],
  device: [deviceId, hostname.replace('WKS-', '').replace('.acme.fr', '')],
  url: [urlHost.replace('.pages.example', '')],
});

interface Named {
  readonly text: string;
  readonly names: readonly (typeof FIELDS)[number][];
}

/** Texts of somebody's own choice that hold names. */
function textsOf(who: Someone): readonly Named[] {
  const {
    user_id: [id = ''],
    user_email: [mail = ''],
  } = cores(who);
  const host = who.hostname.split('.')[0] ?? '';
  return [
    { text: `Exception of ${id.toUpperCase()} (${who.email})`, names: ['user_id', 'user_email'] },
    { text: `${host} and ${who.deviceId} of ${mail}`, names: ['device', 'user_email'] },
    { text: `${id}.${mail}`, names: ['user_id', 'user_email'] },
    { text: `for ${id} alone`, names: ['user_id'] },
    { text: `${who.hostname.toLowerCase()}!`, names: ['device'] },
    { text: `not on ${who.urlHost}`, names: ['url'] },
  ];
}

export const entry = fc.tuple(someone, fc.boolean()).chain(([who, isDetection]) => {
  const text = fc.constantFrom(...textsOf(who).filter(({ names }) => !isDetection || !names.includes('url')));
  return fc.record({
    who: fc.constant(who),
    policy: text,
    platform: fc.oneof(text, fc.constant({ text: 'grok', names: [] })),
    others: fc.array(text, { minLength: 5, maxLength: 5 }),
    title: text,
    ruleName: text,
    isDetection: fc.constant(isDetection),
    group: fc.constantFrom('user', 'policy', undefined),
    level: fc.constantFrom('medium' as const, 'critical' as const),
    playbook: fc.constantFrom(undefined, ...PLAYBOOKS),
  });
});
export type Entry = typeof entry extends fc.Arbitrary<infer E> ? E : never;

/** As it is stored where the tenant's privacy was `privacy` when it came. */
export function storedEvent(made: Entry, at: number, privacy: PrivacyConfig): CanonicalEvent {
  const { who, policy, platform, others, isDetection, title, ruleName, group } = made;
  const [direction = '', sensor = '', interactionType = '', model = '', classification = ''] = others.map(
    ({ text }) => text,
  );
  /** Whom the relay does not know by name it can't find in a text of the tenant's own. */
  const ofRule = ({ text, names }: Named) =>
    names.every((field) => privacy[field] === 'keep') ? text : 'Rule 7';
  const event = minimise(
    {
      id: `5f0a5b1e-0000-4000-8000-00000000000${at}`,
      type: 'interaction.policy_violated',
      occurredAt: NOW,
      receivedAt: NOW,
      tenant: 'acme',
      personal: {
        userId: who.id,
        userEmail: who.email,
        deviceId: who.deviceId,
        hostname: who.hostname,
        urlHost: who.urlHost,
      },
      platform: { id: platform.text.toLowerCase(), name: platform.text },
      policy: { decision: 'block', name: policy.text },
      severity: 'critical',
      riskScore: 0.9,
      direction,
      sensor,
      interactionType,
      model,
      classifications: ['IBAN', classification],
      classificationCount: 2,
      faults: [],
    },
    privacy,
    KEY,
  );
  if (!isDetection) return event;
  const { user, device } = event;
  const facts: Detection = {
    id: `det_0000000000000000000000000${at}`,
    ...(user && { user }),
    ...(device && { device }),
    ...(event.policy && { policy: event.policy }),
    classifications: event.classifications,
    ruleId: '5f0a5b1e-0000-4000-8000-00000000000b',
    ruleName: ofRule(ruleName),
    title: ofRule(title),
    level: made.level,
    ...(group !== undefined && {
      groupKey: (group === 'user' ? user?.id : event.policy?.name) ?? 'nobody',
    }),
    platforms: event.platform ? [event.platform.id] : [],
    count: 3,
    windowSeconds: 3600,
    firstAt: NOW,
    lastAt: NOW,
    eventIds: [event.id],
    respond: VERBS,
    ...(made.playbook && { playbook: made.playbook }),
    dryRun: false,
  };
  return detectionEvent(facts, { tenant: 'acme', receivedAt: NOW });
}

/** What the entry's user did before, as the entry itself tells it; a page is told of an event alone. */
export function dayOf({ type, platform, classifications, detection, urlHost }: CanonicalEvent): UserDay {
  const tally = (...texts: readonly (string | undefined)[]) =>
    new Map(
      texts.flatMap((text) =>
        text === undefined || (urlHost && text.includes(urlHost)) ? [] : [[text, 3] as const],
      ),
    );
  return {
    fromMs: NOW_MS - 3_600_000,
    toMs: NOW_MS,
    events: 3,
    byType: tally(type),
    byDecision: tally('block'),
    byPlatform: tally(platform?.id),
    byClassification: tally(...classifications),
    byDevice: tally(),
    byRule: tally(detection?.ruleName, detection?.title),
    isComplete: true,
    hasLater: false,
  };
}
