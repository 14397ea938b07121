/** What is accepted of a tenant's rules but worth a word to the person who saved them. Pure; quotes no value of a rule. */

import { formatPath } from '../domain/config-faults.ts';
import { canDo } from '../domain/grants.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Response } from '../domain/verbs.ts';
import { parseCustom } from '../rules/parse-custom.ts';
import { resolveRules } from '../rules/resolve-rules.ts';
import type { Rule } from '../rules/rule.ts';
import { typesNeeded } from './types-needed.ts';

const NAMES_SHOWN_MAX = 3;

export function ruleWarnings(config: TenantConfig): string[] {
  const custom = parseCustom(config.rules.custom);
  const rules = custom.ok ? resolveRules(config, custom.value) : custom;
  // A config that is valid has none that can't be resolved.
  if (!rules.ok) return [];
  return [
    ...noRule(rules.value),
    ...notForwarded(rules.value, config.forward.events),
    ...ungranted(config),
    ...forNobody(rules.value, config),
  ];
}

function noRule(rules: readonly Rule[]): string[] {
  return rules.some(({ isEnabled, alerts }) => isEnabled && alerts)
    ? []
    : [
        'No rule is on, so that nothing is detected: for those that come with the relay, write rules: {catalog: all}.',
      ];
}

/** What `responses` asks for in vain. */
function ungranted({ responses, destinations }: TenantConfig): string[] {
  return Object.entries(responses.by_level).flatMap(([level, asked = []]) => {
    const lacking = asked.filter((response) => !isGranted(response, destinations));
    if (lacking.length === 0) return [];
    const path = formatPath(['responses', 'by_level', level]);
    return [
      `${path} asks for ${lacking.join(', ')}, which no destination grants: see the actions of destinations.`,
    ];
  });
}

/** Rules whose detections are recorded, and reach nobody. */
function forNobody(rules: readonly Rule[], { destinations }: TenantConfig): string[] {
  // That there is no destination is said as such.
  if (!destinations.some(({ enabled }) => enabled)) return [];
  const vain = rules.filter(
    ({ isEnabled, alerts, isDryRun, respond }) =>
      isEnabled &&
      alerts &&
      !isDryRun &&
      respond.length > 0 &&
      !respond.some((response) => isGranted(response, destinations)),
  );
  if (vain.length === 0) return [];
  const asked = [...new Set(vain.flatMap(({ respond }) => respond))];
  return [
    `${namesOf(vain)} ${vain.length === 1 ? 'asks' : 'ask'} for ${asked.join(', ')}, and no destination grants any of it: detections are recorded, and nobody is told.`,
  ];
}

function isGranted(response: Response, destinations: TenantConfig['destinations']): boolean {
  return destinations.some((destination) => destination.enabled && canDo(destination, response));
}

/** A rule on what is not received never fires. */
function notForwarded(rules: readonly Rule[], forwarded: readonly string[]): string[] {
  return rules.flatMap((rule) => {
    if (!rule.isEnabled || rule.isDryRun || rule.document.kind !== 'rule') return [];
    const needed = typesNeeded(rule.document);
    if (needed === undefined || needed.some((type) => forwarded.includes(type))) return [];
    const types = needed.length === 1 ? needed[0] : `one of ${needed.join(', ')}`;
    return [`The rule ${rule.name} needs ${types}, which forward.events does not name: it never fires.`];
  });
}

function namesOf(rules: readonly Rule[]): string {
  const shown = rules.slice(0, NAMES_SHOWN_MAX).map(({ name }) => name);
  const more = rules.length - shown.length;
  return `${rules.length === 1 ? 'The rule' : 'The rules'} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
