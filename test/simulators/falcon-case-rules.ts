/**
 * What Falcon's Cases API demands of a case's fields. Pure: a value goes in, the reason of its refusal comes out.
 * Sources: gofalcon falcon/models/operations_create_case_request.go; falcon-mcp modules/cases.py and tests/integration/test_cases.py.
 */

import { isJsonObject } from './request.ts';

const NAME_CHARACTERS_MAX = 256;
const DESCRIPTION_CHARACTERS_MAX = 2048;
/** Of all tags of a case together. */
const TAGS_CHARACTERS_MAX = 128;
/** Of alerts, events and leads together. */
export const EVIDENCE_ITEMS_MAX = 100;

export const STATUSES_ON_CREATE: readonly string[] = ['new', 'in_progress'];
export const STATUSES: readonly string[] = [...STATUSES_ON_CREATE, 'closed', 'reopened'];
export const EVIDENCE_KINDS = ['alerts', 'events', 'leads'] as const;

export type Evidence = Readonly<Record<(typeof EVIDENCE_KINDS)[number], readonly string[]>>;

type Body = Readonly<Record<string, unknown>>;

/** Why these fields are refused, if they are; a field that is absent is not looked at. */
export function caseFieldsFault(fields: Body, statuses: readonly string[]): string | undefined {
  const { name, description, severity, status, tags, template } = fields;
  const format = fields['description_format'];
  if (name !== undefined && !isText(name, 1, NAME_CHARACTERS_MAX)) {
    return `name must have 1 to ${NAME_CHARACTERS_MAX} characters`;
  }
  if (description !== undefined && !isText(description, 0, DESCRIPTION_CHARACTERS_MAX)) {
    return `description must have at most ${DESCRIPTION_CHARACTERS_MAX} characters`;
  }
  if (format !== undefined && format !== 'markdown' && format !== 'plaintext') {
    return 'description_format must be markdown or plaintext';
  }
  if (severity !== undefined && !isSeverity(severity)) return 'severity must be an integer from 1 to 100';
  if (status !== undefined && !(typeof status === 'string' && statuses.includes(status))) {
    return `status must be one of ${statuses.join(', ')}`;
  }
  if (template !== undefined && !(isJsonObject(template) && typeof template['id'] === 'string')) {
    return 'template must have an id';
  }
  return tags === undefined ? undefined : tagsFault(tags);
}

export function tagsFault(tags: unknown): string | undefined {
  if (!isTexts(tags)) return 'tags must be a list of texts';
  const characters = tags.reduce((sum, tag) => sum + tag.length, 0);
  return characters > TAGS_CHARACTERS_MAX
    ? `tags must have at most ${TAGS_CHARACTERS_MAX} characters combined`
    : undefined;
}

/** The ids of each kind. Items are objects with an id, not the ids themselves. */
export function readEvidence(value: unknown): { evidence: Evidence } | { fault: string } {
  if (value !== undefined && !isJsonObject(value)) return { fault: 'evidence must be an object' };
  const evidence = { alerts: [] as string[], events: [] as string[], leads: [] as string[] };
  for (const kind of EVIDENCE_KINDS) {
    const ids = evidenceIds(value?.[kind] ?? []);
    if (ids === undefined) return { fault: `evidence.${kind} must be a list of objects with an id` };
    evidence[kind] = ids;
  }
  const fault = evidenceFault(evidence);
  return fault === undefined ? { evidence } : { fault };
}

export function evidenceFault(evidence: Evidence): string | undefined {
  const items = EVIDENCE_KINDS.reduce((sum, kind) => sum + evidence[kind].length, 0);
  return items > EVIDENCE_ITEMS_MAX ? `evidence must have at most ${EVIDENCE_ITEMS_MAX} items` : undefined;
}

export function evidenceIds(items: unknown): string[] | undefined {
  if (!Array.isArray(items)) return undefined;
  const ids = (items as readonly unknown[]).map((item) => (isJsonObject(item) ? item['id'] : undefined));
  return isTexts(ids) ? ids : undefined;
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '');
}

function isText(value: unknown, charactersMin: number, charactersMax: number): value is string {
  return typeof value === 'string' && value.length >= charactersMin && value.length <= charactersMax;
}

function isSeverity(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100;
}
