/**
 * What a config changes of the stored one, path by path, defaults filled in on both sides. Secrets are compared in clear and shown
 * as fingerprints, those of a new tenant as `<set>`. Destinations are known by their names; where the order of a list means nothing, it is no change.
 */

import type { DestinationConfig, TenantConfig } from '../domain/tenant-config.ts';
import { mapSecrets } from '../domain/config-secrets.ts';
import { tenantConfigSchema } from '../domain/tenant-config.ts';
import { isRecord } from '../lib/record.ts';
import type { Fingerprint } from './fingerprint.ts';
import { KEPT_SECRET } from './kept-secret.ts';
import { UNOPENED } from './stored-secrets.ts';

export interface ConfigChange {
  /**
   * Such as `limits.burst`, `webhook.secrets`, `destinations.edr.token`; `destinations.edr` when it comes or goes as a whole.
   * A key with a dot or a quotation mark is quoted: `body."event.kind"` is not `body.event.kind`.
   */
  readonly path: string;
  /** Absent: it was not there. */
  readonly from?: unknown;
  /** Absent: it goes. */
  readonly to?: unknown;
}

/** Secrets, newest first, and what is sent as it is written. */
const ORDERED_LISTS = /^(?:webhook\.secrets|destinations\.[^.]+\.(?:secrets|body(?:\..*)?))$/s;
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
  const [oldNames, nextNames] = [namesOf(before), namesOf(after)];
  const paths = [...next.keys(), ...[...(old?.keys() ?? [])].filter((path) => !next.has(path))];
  return paths.flatMap((path): ConfigChange[] => {
    const destination = /^destinations\.([^.]+)/.exec(path)?.[1];
    const isWhole = path === `destinations.${destination}`;
    const isInBoth = destination === undefined || (oldNames.has(destination) && nextNames.has(destination));
    // One that comes or goes is one change, one that stays is as many as it has.
    if (destination !== undefined && isInBoth === isWhole) return [];
    const [from, to] = [old?.get(path), next.get(path)];
    if (from?.text === to?.text) return [];
    if (path === DEVICE_MAP) return [{ path, ...mapChange(before, after) }];
    return [{ path, ...(from && { from: from.shown }), ...(to && { to: to.shown }) }];
  });
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

function namesOf(config: TenantConfig | null): ReadonlySet<string> {
  return new Set(config?.destinations.map(({ name }) => name));
}

/** Whether a change is of what ingest reads from KV. */
export function touchesIngest(changes: readonly ConfigChange[]): boolean {
  return changes.some(({ path }) => /^(?:webhook|forward|privacy|residency)(?:\.|$)/.test(path));
}

interface Leaf {
  /** Equal for equal values. */
  readonly text: string;
  readonly shown: unknown;
}

/** Every value by its path, and each destination as a whole, too. The id is left out: it can't change. */
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
    const path = `destinations.${destination.name}`;
    const [parts, shownParts] = [partsOf(destination), partsOf(shown.destinations[index] ?? destination)];
    leaves.set(path, { text: canonical(parts, true), shown: shownParts });
    addLeaves(leaves, path, parts, shownParts);
  }
  return leaves;
}

function partsOf({ name: _name, ...parts }: DestinationConfig): object {
  return parts;
}

function rootOf({ id: _id, destinations: _destinations, device_map: _map, ...root }: TenantConfig) {
  return root;
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
