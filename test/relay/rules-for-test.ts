/** Sigma texts as tenants write them (JSON is YAML), and what a tenant's object holds of its rules. */

import type { Row } from '../../src/lib/database.ts';
import type { TenantRelay } from '../../src/relay/tenant-relay.ts';
import { type Tenant, readConfig } from './tenant.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

interface Repeated {
  readonly name?: string;
  /** Fires on the event that makes it more than so many. */
  readonly over?: number;
  readonly timespan?: string;
  readonly level?: string;
  readonly relay?: Readonly<Record<string, unknown>>;
}

/** As the guides' rules on repeated violations: more than `over` within a timespan, per user. */
export function repeatedViolations({
  name = 'repeated_violations',
  over = 5,
  timespan = '60m',
  level = 'medium',
  relay = { respond: ['case', 'notify'] },
}: Repeated = {}): string {
  const part = `${name}_part`;
  return documents(single({ name: part, type: 'interaction.policy_violated' }), {
    title: `More than ${over}: ${name}`,
    name,
    level,
    correlation: {
      type: 'event_count',
      rules: [part],
      'group-by': ['user_id'],
      timespan,
      condition: { gt: over },
    },
    relay,
  });
}

/** Fires on each event of a type. */
export function eachOf(
  type: string,
  { name = 'each', level = 'high', relay = {} }: Omit<Repeated, 'over' | 'timespan'> = {},
): string {
  return documents({ ...single({ name, type }), level, relay });
}

function single({ name, type }: { readonly name: string; readonly type: string }): object {
  return {
    title: `Each ${type}: ${name}`,
    name,
    logsource: { product: 'noxys', service: 'ai_firewall' },
    detection: { selection: { type }, condition: 'selection' },
  };
}

function documents(...parts: readonly object[]): string {
  return parts.map((part) => JSON.stringify(part)).join('\n---\n');
}

/** A config's rules: the texts, with other parts of `rules`. */
export function withRules(texts: readonly string[], rules: Readonly<Record<string, unknown>> = {}) {
  return (document: Record<string, unknown>): void => {
    document['rules'] = { custom: texts, ...rules };
  };
}

/** All rows of a query on a tenant's storage. */
export async function rowsOf<T extends Row = Row>(
  tenant: Tenant,
  sql: string,
  ...bindings: SqlStorageValue[]
): Promise<T[]> {
  return tenant.inside((_relay, { storage }) => storage.sql.exec<T>(sql, ...bindings).toArray());
}

/** What the rules found, in the order of the log: `{rule} {newest event}`. */
export async function detectionsOf(tenant: Tenant): Promise<string[]> {
  const rows = await rowsOf<{ rule: string; body: string }>(
    tenant,
    'SELECT rule, body FROM detections ORDER BY seq',
  );
  return rows.map(({ body }) => {
    const { detection } = JSON.parse(body) as { detection: { ruleName: string; eventIds: string[] } };
    return `${detection.ruleName} ${detection.eventIds.at(-1) ?? ''}`;
  });
}

/** Rows that some work makes a tenant's object write. */
export async function rowsWrittenBy(tenant: Tenant, work: () => Promise<unknown>): Promise<number> {
  const before = await tenant.inside((relay) => relay.rowsWritten);
  await work();
  return (await tenant.inside((relay) => relay.rowsWritten)) - before;
}

/** The answer to what waits for its keys, of a tenant that is removed meanwhile. */
export async function askedWhileRemoved<T>(
  tenant: Tenant,
  ask: (relay: TenantRelay) => Promise<T>,
): Promise<T> {
  const expectedVersion = (await readConfig(tenant.stub))?.version ?? 0;
  return tenant.inside(async (relay) => {
    const asked = ask(relay);
    await relay.remove({ v: 1, expectedVersion, discard: true });
    return asked;
  });
}
