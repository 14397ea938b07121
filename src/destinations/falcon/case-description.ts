/**
 * What stands in a case: plain text, a line for each fact, the least important lines left out where there is no room.
 * Pure. Names the user and the device only where the entry at hand does: it is reduced to the destination's privacy already.
 */

import type { CanonicalEvent, PolicyDecision } from '../../domain/event.ts';
import { platformName } from '../../domain/platforms.ts';
import { activityText, checklistOf, countText, earlierText } from '../../domain/playbook-words.ts';
import type { UserActivity } from '../../domain/user-activity.ts';
import { cutText, listWithin, oneLine } from '../../lib/short-text.ts';
import { attackOf } from '../attack-tags.ts';
import { entryUrl } from '../entry-url.ts';
import { platformLabel } from './case-name.ts';
import { type CaseRecord, recordSeverity } from './case-record.ts';

/** Source: falcon-mcp modules/cases.py, read 2026-11. */
const DESCRIPTION_LENGTH_MAX = 2048;
/** Notes that leave less than this to the relay are left alone with the whole description. */
const OWN_LENGTH_MIN = 600;
const VALUE_LENGTH_MAX = 200;
const LIST_LENGTH_MAX = 400;
/** What analysts write after it is kept. A line of its own: the texts of others never hold it. */
const MARKER = '-- noxys-relay updates what stands above. Notes below this line stay.';
const MARKER_LINE = new RegExp(`^${MARKER.replaceAll('.', '\\.')}(?=[ \\t\\r]*$)`, 'gm');

/** Of a checklist. */
const [UNTICKED, TICKED] = ['[ ] ', '[x] '];

const DECIDED: Readonly<Record<PolicyDecision, string>> = {
  block: 'blocked',
  coach: 'coached',
  log: 'logged',
};

export interface DescriptionFacts {
  /** The entry at hand: the newest. */
  readonly event: CanonicalEvent;
  readonly record: CaseRecord;
  readonly tenant: string;
  readonly publicUrl: string | undefined;
  /** What came of the look for the host's alerts. Absent: none was taken. */
  readonly alertsNote?: string;
  /** Of the user. Absent: not known. */
  readonly activity?: UserActivity | undefined;
  /** What the destination grants. Absent: not known. */
  readonly granted?: readonly string[];
  /** What stands in the case now: what analysts ticked stays so. */
  readonly earlier?: string | undefined;
  /** Only of a storm case: the cap. */
  readonly stormAbove?: number;
  /** What analysts wrote below the marker. */
  readonly notes?: string;
}

interface Line {
  readonly text: string;
  /** The lower, the sooner it is left out. */
  readonly weight: number;
}

export function caseDescription(facts: DescriptionFacts): string {
  const { notes = '' } = facts;
  const lines = facts.stormAbove === undefined ? entryLines(facts) : stormLines(facts, facts.stormAbove);
  const roomMax = DESCRIPTION_LENGTH_MAX - MARKER.length - notes.length - 1;
  return `${within(lines, roomMax).join('\n')}\n${MARKER}${notes}`;
}

/**
 * What analysts wrote into a description that the relay made: all that stands below the marker. Undefined where the marker is gone, or
 * so much was written that the relay has no room: that description is theirs.
 */
export function analystNotes(description: string): string | undefined {
  const marked = markerIn(description);
  if (!marked) return undefined;
  const notes = description.slice(marked.index + marked[0].length).trimEnd();
  return notes.length > DESCRIPTION_LENGTH_MAX - MARKER.length - OWN_LENGTH_MIN ? undefined : notes;
}

/** The last one counts. */
function markerIn(description: string): RegExpExecArray | undefined {
  return [...description.matchAll(MARKER_LINE)].at(-1);
}

/**
 * The description with one more line right above the marker; the lines before it give way where there is no room. Undefined where the
 * description is the analysts'.
 */
export function withLine(description: string, added: string): string | undefined {
  const notes = analystNotes(description);
  if (notes === undefined) return undefined;
  // Where analysts took away what stood above, nothing does.
  const above = description.slice(0, markerIn(description)?.index ?? 0).trimEnd();
  const lines = above === '' ? [] : above.split('\n');
  const roomMax = DESCRIPTION_LENGTH_MAX - `${added}\n${MARKER}${notes}`.length;
  while (lines.length > 1 && lines.join('\n').length + 1 > roomMax) lines.pop();
  return `${[...lines, added].join('\n')}\n${MARKER}${notes}`;
}

function entryLines(facts: DescriptionFacts): readonly Line[] {
  const { event, record } = facts;
  const { detection, user, device, policy } = event;
  return [
    line(100, undefined, headline(event)),
    line(95, detection ? 'Time of the detection' : 'Time of the policy decision', event.occurredAt),
    line(80, 'Severity', severityText(record)),
    line(90, 'User', pair(user?.id, user?.email)),
    line(88, 'Device', pair(device?.hostname, device?.id)),
    line(75, 'Platform', platformsOf(event)),
    line(70, 'Classifications', listWithin(record.classifications.map(oneLine), LIST_LENGTH_MAX)),
    line(50, 'Policy', policy?.name),
    line(45, 'Risk score', detection ? undefined : event.riskScore?.toString()),
    line(72, 'Rule', detection && `${detection.ruleName} (${detection.ruleId})`),
    line(65, 'Level', detection?.level),
    line(60, 'Count', entriesText(facts)),
    line(55, 'First and last', isOneMoment(facts) ? undefined : `${record.firstAt}, ${record.lastAt}`),
    line(35, 'ATT&CK', listWithin(attackOf(detection?.tags), LIST_LENGTH_MAX)),
    line(58, "The user's last 24 hours", detection?.playbook ? undefined : dayText(facts)),
    line(40, 'Host alerts', facts.alertsNote),
    line(68, 'Relay', relayText(facts)),
    line(20, 'Event ids', listWithin(record.eventIds.map(oneLine), LIST_LENGTH_MAX)),
    ...checklistLines(facts),
  ].filter((one) => one !== undefined);
}

/** The playbook's, last of all: the heading goes last, and what a person does before what the relay knows. */
function checklistLines({ event, activity, granted, earlier }: DescriptionFacts): readonly Line[] {
  const playbook = event.detection?.playbook;
  if (!playbook) return [];
  const ticked = new Set(earlier?.split('\n').map((text) => text.trimEnd().replace(/^\[X\] /, TICKED)));
  const lines = checklistOf({ playbook, language: 'en', event, activity, ...(granted && { granted }) });
  return lines.map((text, i) => {
    const done = text.replace(UNTICKED, TICKED);
    const weight = i === 0 ? 67 : text.startsWith(UNTICKED) ? 66 : 57;
    return { text: ticked.has(done) ? done : text, weight: weight - i / 100 };
  });
}

function dayText({ activity }: DescriptionFacts): string | undefined {
  if (!activity) return undefined;
  return `${activityText(activity, 'en')}; earlier detections: ${earlierText(activity, 'en')}`;
}

/** One detection of a rule that counts nothing: its time is told. */
function isOneMoment({ event: { detection }, record }: DescriptionFacts): boolean {
  return detection?.windowSeconds === 0 && record.count === 1;
}

function stormLines(facts: DescriptionFacts, above: number): readonly Line[] {
  const { record, tenant } = facts;
  const kinds = Object.entries(record.kinds ?? {}).toSorted(([, a], [, b]) => b - a);
  const counted = kinds.map(([kind, count]) => `${count} of ${oneLine(kind)}`);
  const tops = listWithin(counted, LIST_LENGTH_MAX);
  return [
    line(100, undefined, `More than ${above} new cases were due within an hour: what came above is here.`),
    line(95, 'Entries', `${record.count}`),
    line(90, 'Most of them', tops),
    line(80, 'Severity', severityText(record)),
    line(70, 'Classifications', listWithin(record.classifications.map(oneLine), LIST_LENGTH_MAX)),
    line(60, 'First and last', `${record.firstAt}, ${record.lastAt}`),
    line(65, 'Tenant', tenant),
    line(68, 'Relay', facts.publicUrl),
    line(20, 'Event ids', listWithin(record.eventIds.map(oneLine), LIST_LENGTH_MAX)),
  ].filter((one) => one !== undefined);
}

function headline(event: CanonicalEvent): string {
  const { detection, policy, platform } = event;
  if (detection) return detection.title;
  const place = platform ? platformLabel(platform) : 'an AI platform';
  const verb = policy?.decision ? DECIDED[policy.decision] : 'reported';
  return `Noxys ${verb} an interaction with ${place}.`;
}

function severityText(record: CaseRecord): string {
  const { severity, alertSeverity } = record;
  if (alertSeverity === 0) return `${severity}`;
  return `${recordSeverity(record)} (${severity} by Noxys, ${alertSeverity} by the host's alerts)`;
}

function platformsOf({ detection, platform }: CanonicalEvent): string | undefined {
  if (!detection) return platform && platformLabel(platform);
  const names = detection.platforms.map((id) => oneLine(platformName(id)));
  return listWithin(names, LIST_LENGTH_MAX);
}

function entriesText({ event: { detection }, record }: DescriptionFacts): string | undefined {
  if (!detection) return record.count === 1 ? '1 event' : `${record.count} events`;
  const counted = countText(detection, 'en');
  if (record.count === 1) return counted;
  return `${record.count} detections${counted === undefined ? '' : `; the newest: ${counted}`}`;
}

function relayText({ event, tenant, publicUrl }: DescriptionFacts): string {
  return entryUrl({ tenant, publicUrl }, event) ?? `tenant ${tenant}, ${event.type} ${event.id}`;
}

function pair(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return `${cutText(first, VALUE_LENGTH_MAX / 2)} (${cutText(second, VALUE_LENGTH_MAX / 2)})`;
}

/** Undefined where there is nothing to say. A link is never cut: it is whole, or left out with its line. */
function line(weight: number, label: string | undefined, value: string | undefined): Line | undefined {
  const text = oneLine(value ?? '').replaceAll(MARKER, '…');
  if (text === '') return undefined;
  const shown =
    label === 'Relay' ? text : cutText(text, label === undefined ? VALUE_LENGTH_MAX : LINE_LENGTH_MAX);
  return { weight, text: label === undefined ? shown : `${label}: ${shown}` };
}

/** Lists have been fitted already. */
const LINE_LENGTH_MAX = LIST_LENGTH_MAX + VALUE_LENGTH_MAX;

function within(lines: readonly Line[], lengthMax: number): readonly string[] {
  let kept = lines;
  while (kept.length > 1 && lengthOf(kept) > lengthMax) {
    const lightest = kept.reduce((a, b) => (b.weight < a.weight ? b : a));
    kept = kept.filter((one) => one !== lightest);
  }
  return kept.map(({ text }) => text);
}

function lengthOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { text }) => sum + text.length + 1, 0);
}
