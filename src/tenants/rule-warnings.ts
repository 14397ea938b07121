/** What is accepted of a tenant's rules but worth a word to the person who saved them. Pure; quotes no value of a rule but of fields that name no person. */

import { formatPath } from '../domain/config-faults.ts';
import { canDo } from '../domain/grants.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Response } from '../domain/verbs.ts';
import { CATALOG } from '../rules/catalog.ts';
import { parseCustom } from '../rules/parse-custom.ts';
import { resolveRules } from '../rules/resolve-rules.ts';
import { bundledHandles } from '../rules/rule-entry.ts';
import type { Rule } from '../rules/rule.ts';
import { neverWords } from '../rules/never-values.ts';
import { typesNeeded } from './types-needed.ts';

const NAMES_SHOWN_MAX = 3;
const ADDRESS = /[^\s@]@[^\s@]/u;

export function ruleWarnings(config: TenantConfig): string[] {
  const custom = parseCustom(config.rules.custom);
  const rules = custom.ok ? resolveRules(config, custom.value) : custom;
  // A config that is valid has none that can't be resolved.
  if (!rules.ok) return [];
  return [
    ...noRule(rules.value),
    ...silenced(rules.value),
    ...notForwarded(rules.value, config.forward.events),
    ...neverWords(rules.value),
    ...ungranted(config),
    ...forNobody(rules.value, config),
    ...twice(rules.value, config),
    ...namingSomebody(rules.value),
  ];
}

function noRule(rules: readonly Rule[]): string[] {
  return rules.some(({ isEnabled, alerts }) => isEnabled && alerts)
    ? []
    : [
        'No rule is on, so that nothing is detected: for those that come with the relay, write rules: {catalog: all}.',
      ];
}

/** Bundled rules that are meant to alert alone, and that a correlation of the tenant keeps from it, even one that is off. */
function silenced(rules: readonly Rule[]): string[] {
  const mains = new Set(CATALOG.map(({ documents: [main] }) => main?.id));
  const silent = rules.filter(
    ({ id, source, alerts, isEnabled }) => source === 'bundled' && mains.has(id) && isEnabled && !alerts,
  );
  if (silent.length === 0) return [];
  const [does, them] = silent.length === 1 ? ['does', 'it'] : ['do', 'them'];
  return [
    `${namesOf(silent)} ${does} not alert alone, as a correlation refers to ${them}: for that, write generate: true in the correlation.`,
  ];
}

/** What `responses` asks for in vain. */
function ungranted({ responses, destinations }: TenantConfig): string[] {
  return Object.entries(responses.by_level).flatMap(([level, asked]) => {
    const lacking = asked.filter((response) => !isGranted(response, destinations));
    if (lacking.length === 0) return [];
    const path = formatPath(['responses', 'by_level', level]);
    return [
      `${path} asks for ${lacking.join(', ')}, which no destination grants: see the actions of destinations.`,
    ];
  });
}

/** Rules whose detections are recorded, and reach nobody. */
function forNobody(
  rules: readonly Rule[],
  { rules: { catalog, overrides }, destinations }: TenantConfig,
): string[] {
  // That there is no destination is said as such.
  if (!destinations.some(({ enabled }) => enabled)) return [];
  const asking = rules.filter(
    ({ isEnabled, alerts, isDryRun, respond }) => isEnabled && alerts && !isDryRun && respond.length > 0,
  );
  const isDone = ({ respond }: Rule) => respond.some((response) => isGranted(response, destinations));
  // The guides' rules are for one product each: who takes all of them need not have all products.
  const isForOther = catalog === 'all' && asking.some((rule) => rule.source === 'bundled' && isDone(rule));
  // Of what somebody asks a bundled rule for, the guides know nothing.
  const meant = new Set(
    Object.entries(overrides).flatMap(([key, { respond }]) => (respond ? bundledHandles(key) : [])),
  );
  const vain = asking.filter(
    (rule) => !isDone(rule) && (!isForOther || rule.source !== 'bundled' || meant.has(rule.id)),
  );
  if (vain.length === 0) return [];
  const asked = [...new Set(vain.flatMap(({ respond }) => respond))];
  return [
    `${namesOf(vain)} ${vain.length === 1 ? 'asks' : 'ask'} for ${asked.join(', ')}, and no destination grants any of it: detections are recorded, and nobody is told.`,
  ];
}

/** One event and what a rule finds in it are two cases, or two incidents: only messages are joined. */
function twice(rules: readonly Rule[], { destinations }: TenantConfig): string[] {
  const active = rules.filter(({ isEnabled, alerts, isDryRun }) => isEnabled && alerts && !isDryRun);
  return destinations.flatMap((destination, i) => {
    const opens = openedFromLevel(destination);
    if (!opens || !destination.enabled || !canDo(destination, opens.response)) return [];
    const { response, level } = opens;
    if (!active.some(({ respond }) => respond.includes(response))) return [];
    const path = formatPath(['destinations', i, `${response}s`, 'events_at_or_above']);
    return [
      `${path} is ${level}, and rules are on: an event that is grave enough and that a rule finds opens two ${response}s, its own and its detection's. Leave it out to have those of rules alone.`,
    ];
  });
}

function openedFromLevel(destination: TenantConfig['destinations'][number]) {
  const { type } = destination;
  if (type !== 'falcon' && type !== 'harfanglab') return undefined;
  const [response, level] =
    type === 'falcon'
      ? (['case', destination.cases?.events_at_or_above] as const)
      : (['incident', destination.incidents?.events_at_or_above] as const);
  return level && { response, level };
}

function isGranted(response: Response, destinations: TenantConfig['destinations']): boolean {
  return destinations.some((destination) => destination.enabled && canDo(destination, response));
}

/** An address is not quoted, here either: a rule is told by its id, unless that is one. */
function namingSomebody(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ source, id, name, title }) => {
    if (source !== 'custom' || ![name, title].some((text) => ADDRESS.test(text))) return [];
    const which = ADDRESS.test(id) ? 'A rule of yours' : `The rule ${id}`;
    return [
      `${which} has an e-mail address in its title or name, which is told as it is written, in messages, cases and the audit, whatever privacy says: take it out.`,
    ];
  });
}

/** A rule on what is not received never fires. */
function notForwarded(rules: readonly Rule[], forwarded: readonly string[]): string[] {
  const byTypes = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (!rule.isEnabled || rule.isDryRun || rule.document.kind !== 'rule') continue;
    const needed = typesNeeded(rule.document);
    if (needed === undefined || needed.some((type) => forwarded.includes(type))) continue;
    const types = `${needed.length === 1 ? '' : 'one of '}${needed.join(', ')}`;
    byTypes.set(types, [...(byTypes.get(types) ?? []), rule]);
  }
  return [...byTypes].map(([types, lacking]) => {
    const isOne = lacking.length === 1;
    return `${namesOf(lacking)} ${isOne ? 'needs' : 'need'} ${types}, which forward.events does not name: ${isOne ? 'it never fires' : 'they never fire'}.`;
  });
}

function namesOf(rules: readonly Rule[]): string {
  const shown = rules.slice(0, NAMES_SHOWN_MAX).map(({ name }) => name);
  const more = rules.length - shown.length;
  return `${rules.length === 1 ? 'The rule' : 'The rules'} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
