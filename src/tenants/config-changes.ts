/**
 * What a config changes of the stored one, path by path, defaults filled in on both sides. Secrets are compared in clear and shown
 * as fingerprints, those of a new tenant as `<set>`. Destinations are known by their names; where the order of a list means nothing, it is no change.
 */

import type { DestinationConfig, TenantConfig } from '../domain/tenant-config.ts';
import { mapSecrets } from '../domain/config-secrets.ts';
import { tenantConfigSchema } from '../domain/tenant-config.ts';
import { isRecord } from '../lib/record.ts';
import { CUSTOM_RULES, customRulesOf } from './custom-rule-leaves.ts';
import type { Fingerprint } from './fingerprint.ts';
import { KEPT_SECRET } from './kept-secret.ts';
import { UNOPENED } from './stored-secrets.ts';

export interface ConfigChange {
  /**
   * Such as `limits.burst`, `webhook.secrets`, `destinations.edr.token`, `rules.custom.my_rule.level`; `destinations.edr` or
   * `rules.custom.my_rule` when it comes or goes as a whole.
   * A key with a dot or a quotation mark is quoted: `body."event.kind"` is not `body.event.kind`.
   */
  readonly path: string;
  /** Absent: it was not there. */
  readonly from?: unknown;
  /** Absent: it goes. */
  readonly to?: unknown;
}

/** Secrets, newest first, what is sent as it is written, and what a rule counts in order. */
const ORDERED_LISTS =
  /^(?:webhook\.secrets|destinations\.[^.]+\.(?:secrets|body(?:\..*)?)|rules\.custom\..+\.(?:rules|groupBy|fields))$/s;
/** One value: its keys are users. */
const DEVICE_MAP = 'device_map';
const NOT_OPENED = '<does not open>';

/** Both configs with their secrets in clear; null: there is none yet. In the order of the new config, then what goes. */
export async function changesOf(
  before: TenantConfig | null,
  after: TenantConfig,
  fingerprint: Fingerprint,
): Promise<ConfigChange[]> {
  const old = before && (await leavesOf(before, fingerprint));
  // Of a new tenant nothing can be compared, and the key of its fingerprints is not stored yet: they would differ each time.
  const next = await leavesOf(
    after,
    before === null ? async () => Promise.resolve(KEPT_SECRET) : fingerprint,
  );
  const paths = [...next.keys(), ...[...(old?.keys() ?? [])].filter((path) => !next.has(path))];
  const changes = paths.flatMap((path): ConfigChange[] => {
    const [from, to] = [old?.get(path), next.get(path)];
    const whole = (to ?? from)?.whole;
    const isInBoth = whole === undefined || (old?.has(whole) === true && next.has(whole));
    // One that comes or goes is one change, one that stays is as many as it has.
    if (whole !== undefined && isInBoth === (whole === path)) return [];
    if (from?.text === to?.text) return [];
    if (path === DEVICE_MAP) return [{ path, ...mapChange(before, after) }];
    return [{ path, ...(from && { from: from.shown }), ...(to && { to: to.shown }) }];
  });
  const isOfRules = changes.some(({ path }) => path.startsWith(`${CUSTOM_RULES}.`));
  return isOfRules ? changes.filter(({ path }) => path !== CUSTOM_RULES) : changes;
}

/** In numbers: the map names persons, and a change is shown in plans and their logs. */
function mapChange(before: TenantConfig | null, after: TenantConfig): Pick<ConfigChange, 'from' | 'to'> {
  const [old, next] = [new Map(mapEntries(before)), new Map(mapEntries(after))];
  const added = [...next.keys()].filter((user) => !old.has(user)).length;
  const gone = [...old.keys()].filter((user) => !next.has(user)).length;
  const moved = [...next].filter(([user, host]) => old.has(user) && old.get(user) !== host).length;
  const to = `${next.size} users (${added} added, ${moved} on another host, ${gone} gone)`;
  return { ...(old.size > 0 && { from: `${old.size} users` }), ...(next.size > 0 && { to }) };
}

function mapEntries(config: TenantConfig | null): readonly (readonly [string, string])[] {
  return Object.entries(config?.device_map ?? {});
}

/** Whether a change is of what ingest reads from KV. */
export function touchesIngest(changes: readonly ConfigChange[]): boolean {
  return changes.some(({ path }) => /^(?:webhook|forward|privacy|residency)(?:\.|$)/.test(path));
}

interface Leaf {
  /** Equal for equal values. */
  readonly text: string;
  readonly shown: unknown;
  /** Path of what it is a part of, or itself, and which comes or goes as a whole. */
  readonly whole?: string;
}

/** Every value by its path, and each destination and custom rule as a whole, too. The id is left out: it can't change. */
async function leavesOf(config: TenantConfig, fingerprint: Fingerprint): Promise<ReadonlyMap<string, Leaf>> {
  // What an earlier release stored may lack what has a default now.
  const filled = tenantConfigSchema.safeParse(config).data ?? config;
  const shown = await mapSecrets(filled, async (secret) =>
    secret === UNOPENED ? NOT_OPENED : fingerprint(secret),
  );
  const leaves = new Map<string, Leaf>();
  addLeaves(leaves, '', rootOf(filled), rootOf(shown));
  const users = mapEntries(filled).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (users.length > 0) leaves.set(DEVICE_MAP, { text: JSON.stringify(users), shown: undefined });
  for (const [index, destination] of filled.destinations.entries()) {
    const [parts, shownParts] = [partsOf(destination), partsOf(shown.destinations[index] ?? destination)];
    addWhole(leaves, `destinations.${destination.name}`, parts, { parts: shownParts, summary: shownParts });
  }
  addCustomRules(leaves, filled.rules.custom);
  return leaves;
}

function addCustomRules(leaves: Map<string, Leaf>, texts: readonly string[]): void {
  if (texts.length === 0) return;
  const shown = `${texts.length === 1 ? '1 text' : `${texts.length} texts`}, as to comments and layout`;
  leaves.set(CUSTOM_RULES, { text: canonical(texts, false), shown });
  for (const { name, parts, summary } of customRulesOf(texts))
    addWhole(leaves, `${CUSTOM_RULES}.${stepOf(name)}`, parts, { parts, summary });
}

/** What comes or goes as a whole, and its parts. */
function addWhole(
  leaves: Map<string, Leaf>,
  path: string,
  parts: object,
  shown: { readonly parts: object; readonly summary: object },
): void {
  leaves.set(path, { text: canonical(parts, true), shown: shown.summary, whole: path });
  const own = new Map<string, Leaf>();
  addLeaves(own, path, parts, shown.parts);
  for (const [inner, leaf] of own) leaves.set(inner, { ...leaf, whole: path });
}

function partsOf({ name: _name, ...parts }: DestinationConfig): object {
  return parts;
}

function rootOf({ id: _id, destinations: _destinations, device_map: _map, rules, ...root }: TenantConfig) {
  const { custom: _custom, ...bundled } = rules;
  return { ...root, rules: bundled };
}

function addLeaves(leaves: Map<string, Leaf>, path: string, value: unknown, shown: unknown): void {
  if (isRecord(value) && isRecord(shown) && !Array.isArray(value) && !isEmptyInBody(path, value)) {
    for (const key of Object.keys(value))
      addLeaves(leaves, path === '' ? key : `${path}.${stepOf(key)}`, value[key], shown[key]);
    return;
  }
  if (value !== undefined) leaves.set(path, { text: canonical(value, ORDERED_LISTS.test(path)), shown });
}

/** So that no two leaves have the same path. */
function stepOf(key: string): string {
  return /^[^."]+$/.test(key) ? key : JSON.stringify(key);
}

/** In a body an empty group is sent, too. */
function isEmptyInBody(path: string, value: object): boolean {
  return Object.keys(value).length === 0 && /^destinations\.[^.]+\.body(?:\.|$)/.test(path);
}

/** A text that is equal for equal values; of a list without an order, for the same members. */
function canonical(value: unknown, isOrdered: boolean): string {
  if (isOrdered || !Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify([...new Set(value.map((member) => JSON.stringify(member)))].toSorted());
}
