/**
 * A domain indicator: what the relay wants it to be, what Falcon says it is, and whether the two agree.
 * Pure. Names rules and platforms, never a person.
 * Source: terraform-provider-crowdstrike custom_ioc_resource.go, falcon-mcp tests/integration/test_ioc.py, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import type { WantedIndicator as Wanted } from '../indicator-wishes.ts';

/** Of every indicator that the relay makes, and of no other's. */
export const INDICATOR_SOURCE = 'Noxys';
const PRODUCT_TAG = 'noxys';
/** Made for a detection: it stays until it expires, whatever the config names. */
const RESPONSE_TAG = 'noxys-response';
const PLATFORMS: readonly string[] = ['windows', 'mac', 'linux'];
/** Of a description, in characters. Source: demisto/content CrowdStrikeFalcon README, read 2026-11. */
const DESCRIPTION_LENGTH_MAX = 200;

/** Severity is sent with `detect` alone: Falcon refuses it with the other. */
export type DomainAction = 'detect' | 'no_action';
export type WantedIndicator = Wanted<DomainAction>;

export interface ExistingIndicator {
  readonly id: string;
  readonly domain: string;
  readonly source: string;
  readonly tags: readonly string[];
  readonly action: string;
  readonly severity: string;
  readonly description: string;
  readonly platforms: readonly string[];
  readonly isGlobal: boolean;
  readonly expiresAtMs: number | undefined;
  /** Belongs to a parent account: it can't be changed from this one. */
  readonly isFromParent: boolean;
}

/** All that can be set of an indicator beside its type and value: an update clears what it does not name. */
export function fieldsOf(wanted: WantedIndicator, ownTag: string): Readonly<Record<string, unknown>> {
  const { action, severity, description, expiresAtMs } = wanted;
  return {
    action,
    ...(action === 'detect' && { severity }),
    description: cut(description),
    source: INDICATOR_SOURCE,
    tags: tagsOf(wanted, ownTag),
    platforms: PLATFORMS,
    applied_globally: true,
    ...(expiresAtMs !== undefined && { expiration: falconTime(expiresAtMs) }),
  };
}

/** Whether this destination made it. */
export function isOwn({ source, tags, isFromParent }: ExistingIndicator, ownTag: string): boolean {
  return source === INDICATOR_SOURCE && tags.includes(ownTag) && !isFromParent;
}

/** Whether it was made for a detection and has not expired. */
export function isValidResponse({ tags, expiresAtMs }: ExistingIndicator, nowMs: number): boolean {
  return tags.includes(RESPONSE_TAG) && expiresAtMs !== undefined && expiresAtMs > nowMs;
}

/** Whether an indicator of ours is already what it should be. */
export function agrees(existing: ExistingIndicator, wanted: WantedIndicator, ownTag: string): boolean {
  const severity = wanted.action === 'detect' ? wanted.severity : '';
  const expiresAtMs = wanted.expiresAtMs === undefined ? undefined : wholeSeconds(wanted.expiresAtMs);
  return (
    existing.action === wanted.action &&
    (wanted.action === 'no_action' || existing.severity === severity) &&
    existing.description === cut(wanted.description) &&
    hasSame(existing.tags, tagsOf(wanted, ownTag)) &&
    hasSame(existing.platforms, PLATFORMS) &&
    existing.isGlobal &&
    existing.expiresAtMs === expiresAtMs
  );
}

/** An indicator as a search answers it; undefined: it is none that could be told apart, or it is deleted. */
export function readIndicator(resource: unknown): ExistingIndicator | undefined {
  if (!isRecord(resource)) return undefined;
  const { id, value, deleted, expiration } = resource;
  if (typeof id !== 'string' || id === '' || typeof value !== 'string' || deleted === true) return undefined;
  const expiresAtMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  return {
    id,
    domain: value.toLowerCase(),
    source: textIn(resource['source']),
    tags: textsIn(resource['tags']),
    action: textIn(resource['action']),
    severity: textIn(resource['severity']),
    description: textIn(resource['description']),
    platforms: textsIn(resource['platforms']),
    isGlobal: resource['applied_globally'] === true,
    expiresAtMs: Number.isNaN(expiresAtMs) ? undefined : wholeSeconds(expiresAtMs),
    isFromParent: resource['from_parent'] === true,
  };
}

function tagsOf({ isResponse }: WantedIndicator, ownTag: string): readonly string[] {
  return [PRODUCT_TAG, ownTag, ...(isResponse ? [RESPONSE_TAG] : [])];
}

function falconTime(ms: number): string {
  return new Date(wholeSeconds(ms)).toISOString().replace('.000Z', 'Z');
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function cut(text: string): string {
  return text.slice(0, DESCRIPTION_LENGTH_MAX).toWellFormed();
}

function hasSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && others.every((text) => some.includes(text));
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : [];
}
