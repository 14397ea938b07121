/** Reads `relay:`, the attribute by which a rule says what the relay does about it. Pure. Unknown keys and values are faults. */

import type { SigmaDocument } from '../detection/document.ts';
import type { DocumentFault } from '../detection/sigma.ts';
import { PLAYBOOKS, type PlaybookName } from '../domain/playbook.ts';
import { RESPONSES, type Response } from '../domain/verbs.ts';
import { nearestWord } from '../lib/nearest.ts';
import { isRecord } from '../lib/record.ts';
import { DURATION_WORDS, parseDuration } from './duration.ts';

/** A place in a rule whose values may be replaced. */
export interface ListPlace {
  readonly selection: string;
  /** Without modifiers, in any spelling. */
  readonly field: string;
}

type Path = DocumentFault['path'];

export interface RelayAttribute {
  readonly respond?: readonly Response[];
  readonly watchMs?: number;
  readonly suppressMs?: number;
  readonly afterAlert?: 'suppress' | 'reset';
  readonly isDryRun?: boolean;
  readonly playbook?: PlaybookName;
  readonly lists?: Readonly<Record<string, ListPlace>>;
}

const KEYS = ['respond', 'watch', 'suppress', 'after_alert', 'dry_run', 'playbook', 'lists'] as const;
type Key = (typeof KEYS)[number];
/** Of a correlation alone: what tells once needs no silence. */
const CORRELATION_KEYS: readonly Key[] = ['suppress', 'after_alert'];
/** What other products call a response. */
const SYNONYMS: Readonly<Record<string, Response>> = {
  isolate: 'contain',
  isolation: 'contain',
  ioc: 'indicator',
  message: 'notify',
  slack: 'notify',
  teams: 'notify',
  ticket: 'case',
};
const AFTER_ALERT = ['suppress', 'reset'] as const;

/** What a document's attribute says, as far as it is right, and what is wrong with it. */
export function readRelay(document: SigmaDocument): {
  readonly relay: RelayAttribute;
  readonly faults: readonly DocumentFault[];
} {
  const written = document.custom?.['relay'];
  const faults: DocumentFault[] = [];
  const fault = (path: Path, message: string): undefined => {
    faults.push({ path: ['relay', ...path], message });
  };
  if (written === undefined) return { relay: {}, faults };
  if (!isRecord(written) || Array.isArray(written)) fault([], 'must be a group of keys');
  else if (document.kind === 'filter') fault([], 'is not for filters: write it in the rule');
  if (faults.length > 0 || !isRecord(written)) return { relay: {}, faults };
  let relay: RelayAttribute = {};
  for (const [name, value] of Object.entries(written)) {
    const key = KEYS.find((known) => known === name);
    if (key === undefined) fault([name], `is not a known key: ${oneOf(name, KEYS, 'known here are')}`);
    else if (CORRELATION_KEYS.includes(key) && document.kind !== 'correlation')
      fault([key], 'is for correlations alone: a rule without a window tells of every event');
    else if (key === 'lists' && document.kind !== 'rule')
      fault(['lists'], 'is for rules with selections: write it in the rule that the correlation counts');
    else relay = { ...relay, ...READERS[key](value, (path, message) => fault([key, ...path], message)) };
  }
  return { relay, faults };
}

/** The path is within the value. */
type Fault = (path: Path, message: string) => undefined;

const READERS: Readonly<Record<Key, (value: unknown, fault: Fault) => RelayAttribute | undefined>> = {
  respond: (value, fault) => {
    if (!Array.isArray(value)) return fault([], `must be a list of ${RESPONSES.join(', ')}`);
    const respond = value.map((one, index) => chosen(one, RESPONSES, (_, text) => fault([index], text)));
    return { respond: RESPONSES.filter((response) => respond.includes(response)) };
  },
  watch: (value, fault) => {
    const watchMs = duration(value, fault);
    return watchMs === undefined ? undefined : { watchMs };
  },
  suppress: (value, fault) => {
    const suppressMs = duration(value, fault);
    return suppressMs === undefined ? undefined : { suppressMs };
  },
  after_alert: (value, fault) => {
    const afterAlert = chosen(value, AFTER_ALERT, fault);
    return afterAlert && { afterAlert };
  },
  dry_run: (value, fault) =>
    typeof value === 'boolean' ? { isDryRun: value } : fault([], 'must be true or false'),
  playbook: (value, fault) => {
    const playbook = chosen(value, PLAYBOOKS, fault);
    return playbook && { playbook };
  },
  lists: (value, fault) => {
    if (!isRecord(value) || Array.isArray(value)) return fault([], 'must be a group of keys');
    const places = Object.entries(value).map(([name, place]) => {
      const [, selection = '', field = ''] = /^([\w-]+)\.([^|]+)$/.exec(String(place)) ?? [];
      if (field === '') fault([name], 'must be <selection>.<field>');
      return [name, { selection, field }] as const;
    });
    return { lists: Object.fromEntries(places) };
  },
};

function duration(value: unknown, fault: Fault): number | undefined {
  return parseDuration(value) ?? fault([], DURATION_WORDS);
}

function chosen<T extends string>(value: unknown, allowed: readonly T[], fault: Fault): T | undefined {
  return allowed.find((one) => one === value) ?? fault([], oneOf(value, allowed, 'must be one of'));
}

function oneOf(written: unknown, allowed: readonly string[], otherwise: string): string {
  const word = typeof written === 'string' ? written : undefined;
  const meant = word !== undefined && Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
  const nearest =
    meant !== undefined && allowed.includes(meant)
      ? meant
      : word === undefined
        ? undefined
        : nearestWord(word, allowed);
  return nearest === undefined ? `${otherwise} ${allowed.join(', ')}` : `did you mean ${nearest}?`;
}
