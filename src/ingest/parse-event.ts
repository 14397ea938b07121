/**
 * One element of a webhook's body to one event, through the field map.
 * Pure. Odd fields of an authentic event are dropped or mended and named in `faults`, never quoted; only a missing type refuses it,
 * and under a scheme that signs no time an age that is too great or can't be told.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { LIST_LENGTH_MAX } from '../domain/event.ts';
import { platformName } from '../domain/platforms.ts';
import { levelOfEvent } from '../domain/severity.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import {
  readClassifications,
  readDecision,
  readPlatformId,
  readSensor,
  readUrlHost,
} from './field-meanings.ts';
import { FIELD_PATHS } from './field-paths.ts';
import { FieldReader } from './field-reader.ts';
import {
  numberReader,
  readAddress,
  readId,
  readLabel,
  readModel,
  readText,
  timeReader,
  toIso,
} from './field-values.ts';
import { isObject } from './own-value.ts';
import { present } from './present.ts';

/** What names a person, a device or a page: minimised before the event becomes a CanonicalEvent. */
export interface PersonalFields {
  readonly userId?: string;
  readonly userEmail?: string;
  readonly deviceId?: string;
  readonly hostname?: string;
  readonly urlHost?: string;
}

/** An event before minimisation. It lacks what a CanonicalEvent needs, so that it can't be stored by mistake. */
export type ParsedEvent = Omit<CanonicalEvent, 'user' | 'device' | 'urlHost' | 'source'> & {
  readonly personal: PersonalFields;
};

export interface ParseContext {
  /** The relay's tenant id, from the route. */
  readonly tenant: string;
  readonly receivedAtMs: number;
  /** Only where the scheme signs it. */
  readonly signedTimestampMs?: number;
  /** Only where the scheme signs it. */
  readonly webhookId?: string;
  /**
   * Only where the scheme signs no time: an older event may be a replay that nobody remembers. An event whose time can't be
   * used is refused too, because it may be as old; one that brings no time at all is accepted.
   */
  readonly oldestMs?: number;
}

/** Why an element can't be used, in a form that is safe to answer with. */
export interface ElementFailure {
  readonly path: string;
  readonly reason: 'not_an_object' | 'missing_type' | 'wrong_type' | 'too_old' | 'unusable_time';
}

const RISK_SCORE_MAX = 1;

/** Reads one element; `fallbackId` is asked for an id only when the element has none of its own. */
export function parseEvent(
  element: unknown,
  context: ParseContext,
  fallbackId: () => string,
): Result<ParsedEvent, ElementFailure> {
  if (!isObject(element)) return failure({ path: '', reason: 'not_an_object' });
  const fields = new FieldReader(element);
  const type = fields.read(FIELD_PATHS.type, readText);
  if (type === undefined) {
    const path = fields.faults[0]?.path;
    return failure(
      path === undefined ? { path: 'type', reason: 'missing_type' } : { path, reason: 'wrong_type' },
    );
  }
  const time = readTime(fields, context);
  if (!time.ok) return time;
  const event = {
    ...readEvent(fields, context, { type, occurredAt: time.value }),
    id: fields.read(FIELD_PATHS.id, readId) ?? fallbackId(),
  };
  return success({
    ...event,
    severity: levelOfEvent(event),
    personal: readPersonal(fields),
    faults: fields.faults.slice(0, LIST_LENGTH_MAX),
  });
}

/** When it happened: its own time, else the signed one, else that of receipt. */
function readTime(fields: FieldReader, context: ParseContext): Result<string, ElementFailure> {
  const { receivedAtMs, signedTimestampMs, oldestMs } = context;
  const faultsBefore = fields.faults.length;
  const own = fields.read(FIELD_PATHS.occurredAt, timeReader(receivedAtMs));
  const occurredAt = own ?? toIso(signedTimestampMs ?? receivedAtMs);
  if (oldestMs === undefined) return success(occurredAt);
  // An unusable time before a usable one has done no harm.
  const fault = fields.faults
    .slice(faultsBefore)
    .find(({ reason }) => own === undefined || reason === 'in_the_future');
  if (fault) return failure({ path: fault.path, reason: 'unusable_time' });
  return Date.parse(occurredAt) < oldestMs
    ? failure({ path: 'timestamp', reason: 'too_old' })
    : success(occurredAt);
}

type ReadFields = Omit<ParsedEvent, 'id' | 'severity' | 'personal' | 'faults'>;

function readEvent(
  fields: FieldReader,
  { tenant, receivedAtMs }: ParseContext,
  { type, occurredAt }: Pick<ReadFields, 'type' | 'occurredAt'>,
): ReadFields {
  const platformId = fields.read(FIELD_PATHS.platformId, readPlatformId);
  const decision = fields.read(FIELD_PATHS.policyDecision, readDecision);
  const policyName = fields.read(FIELD_PATHS.policyName, readText);
  const found = fields.read(FIELD_PATHS.classifications, readClassifications);
  const count = fields.read(FIELD_PATHS.classificationCount, numberReader(0, Number.MAX_SAFE_INTEGER, true));
  return {
    type,
    occurredAt,
    receivedAt: toIso(receivedAtMs),
    tenant,
    ...present('interactionId', fields.read(FIELD_PATHS.interactionId, readId)),
    ...(platformId === undefined ? {} : { platform: { id: platformId, name: platformName(platformId) } }),
    ...((decision ?? policyName) === undefined
      ? {}
      : { policy: { ...present('decision', decision), ...present('name', policyName) } }),
    ...present('riskScore', fields.read(FIELD_PATHS.riskScore, numberReader(0, RISK_SCORE_MAX, false))),
    ...present('direction', fields.read(FIELD_PATHS.direction, readLabel)),
    ...present('sensor', fields.read(FIELD_PATHS.sensor, readSensor)),
    ...present('interactionType', fields.read(FIELD_PATHS.interactionType, readLabel)),
    ...present('model', fields.read(FIELD_PATHS.model, readModel)),
    classifications: found?.names ?? [],
    classificationCount: count ?? found?.count ?? 0,
  };
}

function readPersonal(fields: FieldReader): PersonalFields {
  return {
    ...present('userId', fields.read(FIELD_PATHS.userId, readId)),
    ...present('userEmail', fields.read(FIELD_PATHS.userEmail, readAddress)),
    ...present('deviceId', fields.read(FIELD_PATHS.deviceId, readId)),
    ...present('hostname', fields.read(FIELD_PATHS.hostname, readText)),
    ...present('urlHost', fields.read(FIELD_PATHS.urlHost, readUrlHost)),
  };
}
