/**
 * What a Noxys event says before it is spelt, and the made-up personal values that events carry.
 * Types and constants only.
 */

/** What an event says, before it is spelt. */
export interface EventFacts {
  readonly id: string;
  readonly type: string;
  readonly occurredAtMs: number;
  /** Noxys' own tenant id, a UUID. */
  readonly tenantId: string;
  readonly interactionId: string;
  readonly userId: string;
  readonly userEmail: string;
  readonly deviceId: string;
  readonly hostname: string;
  readonly platformId: string;
  readonly decision: 'block' | 'coach' | 'log';
  readonly riskScore: number;
  /** Type names, doubles allowed. */
  readonly classifications: readonly string[];
  /** `critical`, `high` …, for alerts. */
  readonly alertSeverity: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** What a leak test looks for: these never rest and never leave. */
export const FAKE_PROMPT_TEXT = 'FAKE PROMPT: please summarise the made-up contract of Ms Example';
export const FAKE_RAW_VALUES: Readonly<Record<string, string>> = {
  EMAIL: 'fake.person@example.invalid',
  PHONE: '+33 0 00 00 FAKE',
  CREDIT_CARD: '0000-FAKE-CARD-0000',
  IBAN: 'FR00-FAKE-IBAN-0000',
  SSN: '000-FAKE-SSN',
  NIR: '0-00-00-FAKE-NIR',
  PASSPORT: 'FAKE-PASSPORT-00',
};
