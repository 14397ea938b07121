/**
 * The relay's rules on endpoint telemetry as Sigma texts, and whether a text that a manager keeps says the same.
 * Pure. About AI platforms that are not approved: their domains, and what lies below them, never a name that only ends alike.
 * Source: HarfangLab's manual "Writing Sigma rules" and its categories and fields, in public integrations, read 2026-11.
 */

import { JSON_SCHEMA, load } from 'js-yaml';

import { normaliseDomain, isWithin } from '../../domain/domain-name.ts';
import type { EndpointRule } from '../../domain/harfanglab-config.ts';
import {
  KNOWN_PLATFORMS,
  approvedPlatformOf,
  platformDomains,
  platformName,
  sharedDomain,
} from '../../domain/platforms.ts';
import type { PlatformsConfig } from '../../domain/platforms-config.ts';
import { sha256Hex } from '../../lib/hmac.ts';
import { isRecord } from '../../lib/record.ts';

/** Of a manager's text: a rule is a small tree. */
const DEPTH_MAX = 16;

interface RuleText {
  /** In the console's list of rules, 100 characters at most. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  /** Of the telemetry. */
  readonly field: string;
}

const TEXTS: Readonly<Record<EndpointRule, RuleText>> = {
  ai_dns_query: {
    name: 'Noxys - unapproved AI platform (DNS)',
    title: 'DNS Query For Unapproved AI Platform',
    description: 'A computer looks up the name of an AI platform that is not approved.',
    category: 'dns_query',
    field: 'QueryName',
  },
  ai_tls_connection: {
    name: 'Noxys - unapproved AI platform (TLS)',
    title: 'TLS Connection To Unapproved AI Platform',
    description: 'A computer opens a TLS connection to an AI platform that is not approved.',
    category: 'network_dpi',
    field: 'OutgoingTlsSni',
  },
};

/** The domains of all platforms that the relay or the tenant knows and that are not approved; none that lies below another one. */
export function watchedDomains(platforms: PlatformsConfig): readonly string[] {
  const all = unapproved(platforms)
    .flatMap((id) => platformDomains(id, platforms.domains))
    .flatMap((text) => normaliseDomain(text) ?? [])
    .filter((domain) => approvedPlatformOf(domain, platforms) === undefined);
  const domains = [...new Set(all)].toSorted();
  return domains.filter((domain) => !domains.some((other) => other !== domain && isWithin(domain, other)));
}

/** In the console. */
export function ruleNameOf(rule: EndpointRule): string {
  return TEXTS[rule].name;
}

/**
 * The Sigma id of a rule of a destination: unique over all sources of a manager and never changed, so it is made from what never changes.
 * In the form of a random UUID, which Sigma recommends.
 */
export function sigmaIdOf(
  rule: EndpointRule,
  { tenant, destination }: { readonly tenant: string; readonly destination: string },
): string {
  const hex = sha256Hex(JSON.stringify(['noxys-relay sigma rule', tenant, destination, rule]));
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4] ?? '8';
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, variant + hex.slice(17, 20)];
  return [...parts, hex.slice(20, 32)].join('-');
}

/** The rule as YAML. Domains are letters, digits, dots, dashes and underscores: they need no escape in quotes. */
export function sigmaContent(
  rule: EndpointRule,
  { id, platforms }: { readonly id: string; readonly platforms: PlatformsConfig },
): string {
  const { title, description, category, field } = TEXTS[rule];
  const domains = watchedDomains(platforms);
  return `title: ${title}
id: ${id}
status: experimental
description: ${description}
author: noxys-relay
tags:
    - attack.exfiltration
    - attack.t1567
logsource:
    product: windows
    category: ${category}
detection:
    selection_name:
        ${field}:
${listed(domains)}
    selection_below:
        ${field}|endswith:
${listed(domains.map((domain) => `.${domain}`))}
    condition: selection_name or selection_below
falsepositives:
${falsePositives(platforms)
  .map((text) => `    - ${text}`)
  .join('\n')}
level: medium
confidence: moderate
`;
}

/** Whether a manager's text says what ours does. It writes YAML anew: keys in another order, keys of its own, names trimmed. */
export function saysTheSame(theirs: unknown, ours: string): boolean {
  const [kept, wanted] = [typeof theirs === 'string' ? yamlIn(theirs) : undefined, yamlIn(ours)];
  if (!isRecord(kept) || !isRecord(wanted)) return false;
  return Object.entries(wanted).every(([key, value]) => isSame(kept[key], value));
}

function unapproved({ approved, domains }: PlatformsConfig): readonly string[] {
  return [...new Set([...KNOWN_PLATFORMS, ...Object.keys(domains)])].filter((id) => !approved.includes(id));
}

function falsePositives(platforms: PlatformsConfig): readonly string[] {
  const shared = unapproved(platforms).flatMap((id) => {
    const found = sharedDomain(id, platforms.domains);
    return found ? [`${platformName(id)} is at ${found.domain}, where ${found.other} is, too`] : [];
  });
  return ['Use that the organisation has agreed to', ...shared];
}

function listed(domains: readonly string[]): string {
  return domains.map((domain) => `            - '${domain}'`).join('\n');
}

function yamlIn(text: string): unknown {
  try {
    // Scalars as JSON has them: an id that looks like a number stays a text.
    return load(text, { schema: JSON_SCHEMA, maxDepth: DEPTH_MAX });
  } catch {
    return undefined;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.trim() === b.trim();
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => isSame(item, b[i]))
    );
  }
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && others.every((key) => isSame(a[key], b[key]));
}
