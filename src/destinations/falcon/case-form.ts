/** What Falcon is sent of a case: name, text, severity and tags, of a group's own case and of the one for all above the cap. Pure. */

import { dataCategories } from '../../domain/data-categories.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
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
}

/** The record with more entries in it. */
export function withEntries(
  { isStorm }: CaseTarget,
  record: CaseRecord,
  items: readonly CanonicalEvent[],
): CaseRecord {
  return isStorm ? withStormItems(record, items) : withItems(record, items);
}

/** The text of a case. */
export function describe(
  { config, context }: CaseTurn,
  { isStorm }: CaseTarget,
  facts: CaseFacts & { readonly notes?: string },
): string {
  const { record, items, alerts, notes } = facts;
  return caseDescription({
    event: newestOf(items),
    record,
    tenant: context.tenant,
    publicUrl: context.publicUrl,
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
