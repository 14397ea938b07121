/**
 * What a case is called: as the Noxys guide shows it, such as `Policy violation: Block PII on ChatGPT`.
 * Pure. Names nobody: neither user nor device is in it.
 */

import { categoriesPhrase, dataCategories } from '../../domain/data-categories.ts';
import type { CanonicalEvent, PolicyDecision } from '../../domain/event.ts';
import { platformName } from '../../domain/platforms.ts';
import { cutText, oneLine } from '../../lib/short-text.ts';

/** Source: falcon-mcp modules/cases.py, read 2026-11. */
const NAME_LENGTH_MAX = 256;

const LABELS: Readonly<Record<string, string>> = {
  'interaction.policy_violated': 'Policy violation',
  'interaction.high_risk': 'High-risk interaction',
  'alert.severity_critical': 'Critical alert',
  'alert.severity_high': 'High alert',
};
const DECISIONS: Readonly<Record<PolicyDecision, string>> = { block: 'Block', coach: 'Coach', log: 'Log' };
/** Where the categories of what was found are not known. */
const UNNAMED_DATA = 'restricted data';

/** The name of the case that an entry opens. */
export function caseName(event: CanonicalEvent): string {
  return cutText(oneLine(event.detection ? detectionName(event) : eventName(event)), NAME_LENGTH_MAX);
}

/** The name of the case that stands for all above the cap. */
export function stormName(perHourMax: number): string {
  return `Noxys: more than ${perHourMax} new cases in an hour`;
}

/** As people know it: the relay's own name before the one that was sent. */
export function platformLabel(platform: NonNullable<CanonicalEvent['platform']>): string {
  const known = platformName(platform.id);
  return oneLine(known === platform.id ? platform.name : known);
}

function eventName(event: CanonicalEvent): string {
  const label = Object.hasOwn(LABELS, event.type) ? LABELS[event.type] : undefined;
  const subject = subjectOf(event);
  const place = event.platform ? ` on ${platformLabel(event.platform)}` : '';
  return `${label ?? 'Interaction'}${subject === '' ? '' : `: ${subject}`}${place}`;
}

/** `Block PII`, `PII detected`, `Block interaction`, or nothing. */
function subjectOf({ type, policy, classifications }: CanonicalEvent): string {
  const data = categoriesPhrase(dataCategories(classifications));
  const isDataMeant = classifications.length > 0 || type === 'interaction.high_risk';
  const named = data === '' && isDataMeant ? UNNAMED_DATA : data;
  if (policy?.decision) return `${DECISIONS[policy.decision]} ${named === '' ? 'interaction' : named}`;
  return named === '' ? '' : `${named.charAt(0).toUpperCase()}${named.slice(1)} detected`;
}

function detectionName({ detection, platform }: CanonicalEvent): string {
  const { title = '', platforms = [] } = detection ?? {};
  const names = platforms.map((id) => (id === platform?.id ? platformLabel(platform) : platformName(id)));
  const missing = names.filter((name) => !title.toLowerCase().includes(name.toLowerCase()));
  return missing.length === 0 ? title : `${title} on ${missing.join(', ')}`;
}
