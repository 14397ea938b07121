/**
 * What the bundled rules must find in the events that Falcon got, worked out once more by hand: what the relay says is held to it.
 * Pure, and without the engine: predicates, and counts by brute force.
 */

const HOUR_MS = 3_600_000;
const APPROVED = ['chatgpt', 'claude', 'gemini'];
const RISKY = ['perplexity', 'deepseek', 'grok'];
const CREDENTIALS = [
  'EMAIL',
  'SSN',
  'PASSWORD',
  'CREDENTIALS',
  'API_KEY',
  'API_TOKEN',
  'ACCESS_TOKEN',
  'SECRET',
  'SECRET_KEY',
  'PRIVATE_KEY',
];

/** An event as Falcon has it. */
export interface EcsEvent {
  readonly '@timestamp': string;
  readonly event: { readonly id: string; readonly action: string; readonly risk_score?: number };
  readonly rule?: { readonly id: string };
  readonly user?: { readonly id?: string };
  readonly noxys: {
    readonly platform_id?: string;
    readonly policy_decision?: string;
    readonly classifications: readonly string[];
    readonly classification_count: number;
  };
}

const PLAIN: Readonly<Record<string, (event: EcsEvent) => boolean>> = {
  noxys_hl1_blocked_unauthorized_platform: (event) =>
    isBlocked(event) && !APPROVED.includes(event.noxys.platform_id ?? ''),
  noxys_hl2_pii_exposure: (event) => isRisky(event, 0.9) && has(event, ['CREDIT_CARD', 'IBAN', 'PASSPORT']),
  noxys_cs1_blocked_sensitive_data: (event) =>
    isBlocked(event) && RISKY.includes(event.noxys.platform_id ?? '') && event.noxys.classification_count > 0,
  noxys_cs3_financial_data: (event) => isRisky(event, 0.8) && has(event, ['CREDIT_CARD', 'IBAN', 'SSN']),
  noxys_cs4_credential_exposure: (event) => isInteraction(event) && has(event, CREDENTIALS),
  noxys_alert_critical: ({ event }) => event.action === 'alert.severity_critical',
  noxys_alert_high: ({ event }) => event.action === 'alert.severity_high',
};

/** By rule: more violations of one user within an hour than this. */
const COUNTED: Readonly<Record<string, number>> = {
  noxys_hl3_repeated_violations: 5,
  noxys_cs2_high_volume: 10,
};

/** How often each rule fires, also never, on events in the order of their acceptance. */
export function expectedDetections(events: readonly EcsEvent[]): ReadonlyMap<string, number> {
  const expected = new Map<string, number>();
  const add = (rule: string, count: number): void => void expected.set(rule, count);
  for (const [rule, holds] of Object.entries(PLAIN)) add(rule, events.filter(holds).length);
  const byUser = Map.groupBy(
    events.filter(({ event, user }) => isViolation(event.action) && user?.id !== undefined),
    ({ user }) => user?.id,
  );
  for (const [rule, most] of Object.entries(COUNTED)) {
    const alerts = [...byUser.values()].map((own) =>
      alertsOf(
        own.map((event) => Date.parse(event['@timestamp'])),
        most,
      ),
    );
    add(
      rule,
      alerts.reduce((sum, count) => sum + count, 0),
    );
  }
  return expected;
}

/** Times of one user, as they arrived: an alert when some hour with the new one in it has more than `most`, and none within an hour of it. */
function alertsOf(timesMs: readonly number[], most: number): number {
  const alertsMs: number[] = [];
  for (const [index, atMs] of timesMs.entries()) {
    const known = timesMs.slice(0, index + 1);
    const isMany = known
      .filter((endMs) => endMs >= atMs && endMs < atMs + HOUR_MS)
      .some((endMs) => known.filter((ms) => ms > endMs - HOUR_MS && ms <= endMs).length > most);
    if (isMany && alertsMs.every((ms) => Math.abs(atMs - ms) >= HOUR_MS)) alertsMs.push(atMs);
  }
  return alertsMs.length;
}

function isViolation(type: string): boolean {
  return type === 'interaction.policy_violated';
}

function isInteraction({ event }: EcsEvent): boolean {
  return isViolation(event.action) || event.action === 'interaction.high_risk';
}

function isBlocked({ event, noxys }: EcsEvent): boolean {
  return isViolation(event.action) && noxys.policy_decision === 'block';
}

function isRisky({ event }: EcsEvent, above: number): boolean {
  return event.action === 'interaction.high_risk' && (event.risk_score ?? 0) > above;
}

function has({ noxys }: EcsEvent, types: readonly string[]): boolean {
  return noxys.classifications.some((type) => types.includes(type));
}
