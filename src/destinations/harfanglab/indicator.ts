/**
 * An IOC rule of a domain: what the relay wants it to be, what HarfangLab says it is, and whether the two agree.
 * Pure. Names rules and platforms, never a person. HarfangLab lets none expire, so the end of its time stands in its comment.
 * Source: Netskope and OpenCTI connectors, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import type { WantedIndicator as Wanted } from '../indicator-wishes.ts';

/** Of a description: as much as Falcon takes. HarfangLab's own limit is not published. */
const DESCRIPTION_LENGTH_MAX = 200;
const TYPE = 'domain_name';
/** In a comment, beside which people may write. */
const STAMP_PATTERN = /\[noxys-relay (nx-[a-z2-7]{16})(?:( detection)? until ([^\]\s]+))?\]/;

export type DomainAction = 'alert' | 'block';
export type WantedIndicator = Wanted<DomainAction>;

export interface ExistingIndicator {
  readonly id: string;
  readonly domain: string;
  /** As the manager has it; without those that it does not tell. */
  readonly fields: Readonly<Record<PropertyKey, unknown>>;
}

/** How the relay finds it again. */
export const DOMAIN_QUERY = { type: TYPE } as const;

/** All that the relay sets of an indicator. */
export function fieldsOf(wanted: WantedIndicator, ownTag: string): Readonly<Record<string, unknown>> {
  return { description: cut(wanted.description), comment: stampOf(wanted, ownTag), ...stateOf(wanted) };
}

/** Of a new one. */
export function bodyOf(
  wanted: WantedIndicator,
  { ownTag, sourceId }: { readonly ownTag: string; readonly sourceId: string },
): Readonly<Record<string, unknown>> {
  return { source_id: sourceId, type: TYPE, value: wanted.domain, ...fieldsOf(wanted, ownTag) };
}

/** Whether this destination made it. */
export function isOwn(existing: ExistingIndicator, ownTag: string): boolean {
  return STAMP_PATTERN.exec(commentOf(existing))?.[1] === ownTag;
}

/** Whether it was made for a detection and its time is not over. */
export function isValidResponse(existing: ExistingIndicator, nowMs: number): boolean {
  const [, , isDetections, until = ''] = STAMP_PATTERN.exec(commentOf(existing)) ?? [];
  return isDetections !== undefined && Date.parse(until) > nowMs;
}

/** Whether one of ours is already what it should be. What the manager does not tell counts as right. */
export function agrees(existing: ExistingIndicator, wanted: WantedIndicator, ownTag: string): boolean {
  const { fields } = existing;
  const { description } = fields;
  return (
    commentOf(existing).includes(stampOf(wanted, ownTag)) &&
    typeof description === 'string' &&
    description.trim() === cut(wanted.description).trim() &&
    Object.entries(stateOf(wanted)).every(
      ([name, value]) => fields[name] === undefined || fields[name] === value,
    )
  );
}

/** An indicator of a source as a list answers it; undefined: it is of another source or another type, or none. */
export function readIndicator(row: unknown, sourceId: string): ExistingIndicator | undefined {
  if (!isRecord(row)) return undefined;
  const { id, value, type, source_id: source = row['source'] } = row;
  if (typeof id !== 'string' || id === '' || typeof value !== 'string') return undefined;
  if (type !== TYPE || source !== sourceId) return undefined;
  return { id, domain: value.trim().replace(/\.$/, '').toLowerCase(), fields: row };
}

/** What it does. An alert in testing shows apart from what analysts must look at; what blocks is meant. */
function stateOf({ action, severity }: WantedIndicator): Readonly<Record<string, unknown>> {
  const isBlock = action === 'block';
  return {
    enabled: true,
    hl_status: isBlock ? 'stable' : 'testing',
    global_state: isBlock ? 'block' : 'alert',
    block_on_agent: isBlock,
    quarantine_on_agent: false,
    rule_level_override: severity,
  };
}

function stampOf({ isResponse, expiresAtMs }: WantedIndicator, ownTag: string): string {
  const until = expiresAtMs === undefined ? '' : ` until ${new Date(expiresAtMs).toISOString()}`;
  return `[noxys-relay ${ownTag}${isResponse ? ' detection' : ''}${until}]`;
}

function commentOf({ fields: { comment } }: ExistingIndicator): string {
  return typeof comment === 'string' ? comment : '';
}

function cut(text: string): string {
  return text.slice(0, DESCRIPTION_LENGTH_MAX).toWellFormed();
}
