/**
 * Makes Noxys events: seeded, in every type and spelling, with made-up people and platforms.
 * Pure: the time is passed in, the randomness comes from the seed.
 */

import type { EventFacts, JsonObject } from './event-facts.ts';
import { SPELLINGS, SPELLINGS_WITHOUT_ID, spell, type Spelling } from './noxys-spellings.ts';
import { hexDigits, integerBetween, pick, seededRandom, seededUuid, type Random } from './random.ts';

/** Both guides forward these. */
export const FORWARDED_TYPES = [
  'interaction.policy_violated',
  'interaction.high_risk',
  'alert.severity_critical',
  'alert.severity_high',
] as const;
/** Both guides: routine, do not forward. */
export const ROUTINE_TYPE = 'interaction.created';
/** Slack's "Policy changes" and the webhook page's "user actions" have no published type: these are made up. */
export const UNKNOWN_TYPES = ['policy.updated', 'user.signed_in', 'interaction.retrospective'] as const;

// The Events API's list, without its "etc.".
const PLATFORMS = [
  'chatgpt',
  'claude',
  'gemini',
  'deepseek',
  'perplexity',
  'mistral',
  'copilot',
  'poe',
  'grok',
];
const CLASSIFICATIONS = ['EMAIL', 'PHONE', 'CREDIT_CARD', 'IBAN', 'SSN', 'NIR', 'PASSPORT'];
const DECISIONS = ['block', 'coach', 'log'] as const;
const USER_COUNT = 12;

export interface NoxysEvent {
  readonly body: JsonObject;
  readonly type: string;
  readonly spelling: Spelling;
  /** The id that the body carries where the relay looks for one. */
  readonly id?: string;
  readonly facts: EventFacts;
}

export interface EventChoice extends Partial<EventFacts> {
  readonly spelling?: Spelling;
}

export class NoxysEvents {
  readonly #random: Random;
  readonly #nowMs: () => number;
  readonly #tenantId: string;
  readonly #users: readonly { readonly id: string; readonly name: string }[];

  constructor(options: { readonly seed: number; readonly nowMs: () => number }) {
    this.#random = seededRandom(options.seed);
    this.#nowMs = options.nowMs;
    this.#tenantId = seededUuid(this.#random);
    this.#users = Array.from({ length: USER_COUNT }, (_, i) => ({
      id: seededUuid(this.#random),
      name: `fake.user${i + 1}`,
    }));
  }

  /** One event; what `choice` leaves open is drawn. */
  next(choice: EventChoice = {}): NoxysEvent {
    const { spelling = pick(this.#random, SPELLINGS), ...chosen } = choice;
    const facts = { ...this.#draw(), ...chosen };
    const id = SPELLINGS_WITHOUT_ID.has(spelling) ? {} : { id: facts.id };
    return { body: spell(facts, spelling), type: facts.type, spelling, facts, ...id };
  }

  /** Several in one body: a list. */
  batch(count: number, choice: EventChoice = {}): NoxysEvent[] {
    return Array.from({ length: count }, () => this.next(choice));
  }

  /** What the console's *Test* button may send: authentic, of a type that nobody documents. */
  testEvent(): JsonObject {
    return {
      type: 'webhook.test',
      timestamp: new Date(this.#nowMs()).toISOString(),
      data: { message: 'Test' },
    };
  }

  webhookId(): string {
    return `msg_${hexDigits(this.#random, 24)}`;
  }

  #draw(): EventFacts {
    const user = pick(this.#random, this.#users);
    const number = this.#users.indexOf(user) + 1;
    return {
      id: `evt_${hexDigits(this.#random, 20)}`,
      type: pick(this.#random, FORWARDED_TYPES),
      occurredAtMs: this.#nowMs(),
      tenantId: this.#tenantId,
      interactionId: seededUuid(this.#random),
      userId: user.id,
      userEmail: `${user.name}@example.invalid`,
      deviceId: `dev-fake-${number}`,
      hostname: `WKS-FAKE-${number}`,
      platformId: pick(this.#random, PLATFORMS),
      decision: pick(this.#random, DECISIONS),
      riskScore: Math.round(this.#random() * 100) / 100,
      classifications: Array.from({ length: integerBetween(this.#random, 0, 3) }, () =>
        pick(this.#random, CLASSIFICATIONS),
      ),
      alertSeverity: pick(this.#random, ['critical', 'high']),
    };
  }
}
