/** What Falcon is sent of a case: name, text, severity and tags, of a group's own case and of the one for all above the cap. Pure. */

import { dataCategories } from '../../domain/data-categories.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import { grantsOf } from '../../domain/grants.ts';
import type { UserActivity } from '../../domain/user-activity.ts';
import type { HostAlerts } from './alerts.ts';
import type { NewCase } from './case-calls.ts';
import { caseDescription } from './case-description.ts';
import { caseName, stormName } from './case-name.ts';
import { type CaseRecord, recordSeverity, withItems, withStormItems } from './case-record.ts';
import { caseTags } from './case-tags.ts';
import { type CaseTarget, type CaseTurn, newestOf, perHourMaxOf } from './case-turn.ts';

export interface CaseFacts {
  readonly record: CaseRecord;
  /** The entries at hand, at least one: those that are new to the case, or were lost on the way. */
  readonly items: readonly CanonicalEvent[];
  readonly alerts: HostAlerts | undefined;
  /** What the user of the newest did in the day before it, where that is known. */
  readonly activity: UserActivity | undefined;
}

/** The record with more entries in it. */
export function withEntries(
  { isStorm }: CaseTarget,
  record: CaseRecord,
  items: readonly CanonicalEvent[],
): CaseRecord {
  return isStorm ? withStormItems(record, items) : withItems(record, items);
}

/** What the user of the newest entry did; not of a storm case, which names nobody. */
export async function activityOf(
  { io }: CaseTurn,
  { isStorm }: CaseTarget,
  items: readonly CanonicalEvent[],
): Promise<UserActivity | undefined> {
  return isStorm ? undefined : io.records.lastDay(newestOf(items));
}

/** The text of a case. */
export function describe(
  { config, context }: CaseTurn,
  { isStorm }: CaseTarget,
  facts: CaseFacts & { readonly notes?: string; readonly earlier?: string | undefined },
): string {
  const { record, items, alerts, activity, notes, earlier } = facts;
  return caseDescription({
    event: newestOf(items),
    record,
    tenant: context.tenant,
    publicUrl: context.publicUrl,
    activity,
    granted: grantsOf(config),
    earlier,
    ...(alerts && { alertsNote: alerts.note }),
    ...(isStorm && { stormAbove: perHourMaxOf(config) }),
    ...(notes !== undefined && { notes }),
  });
}

/** What Falcon is asked for. */
export function newCase({ config, ...turn }: CaseTurn, target: CaseTarget, facts: CaseFacts): NewCase {
  const { record, items, alerts } = facts;
  const event = newestOf(items);
  const { isStorm } = target;
  const platforms = event.detection?.platforms ?? (event.platform ? [event.platform.id] : []);
  return {
    name: isStorm ? stormName(perHourMaxOf(config)) : caseName(event),
    description: describe({ config, ...turn }, target, facts),
    severity: recordSeverity(record),
    tags: caseTags({
      unique: record.tag,
      isStorm,
      platforms: isStorm ? [] : platforms,
      categories: dataCategories(record.classifications),
    }),
    template: config.cases?.template,
    alerts: alerts?.ids ?? [],
  };
}
