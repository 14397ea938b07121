/**
 * A text of YAML 1.2 as plain values, and where in the text each of them stands.
 * Refuses what no rule needs and what could hurt: aliases, deep nesting, large texts. Pure.
 */

import {
  boolCoreTag,
  EVENT_ID,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';

import { quote } from './fault-words.ts';
import type { Path } from './fault.ts';

const TEXT_BYTES_MAX = 65_536;
const NESTING_MAX = 32;
const MEMBERS_MAX = 1_000;
/** Such as 007, 0x1F and 0o17, which YAML 1.1 and 1.2 read as different numbers. */
const AMBIGUOUS_NUMBER = /^[-+]?0[0-9xo]/;

export interface YamlDocument {
  readonly value: unknown;
  /** Where it stands, or else what is around it. */
  readonly offsetOf: (path: Path, isOfName: boolean) => number;
}

type Note = (offset: number, message: string, path: Path) => void;

/** Empty documents are left out. */
export function readYaml(text: string, note: Note): YamlDocument[] {
  if (new TextEncoder().encode(text).length > TEXT_BYTES_MAX) {
    note(0, `The text must be at most ${TEXT_BYTES_MAX / 1024} KiB: split it.`, []);
    return [];
  }
  try {
    return readDocuments(text, parseEvents(text, { maxDepth: NESTING_MAX }), note);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    note(error.mark?.position ?? 0, `This is not YAML: ${error.reason}.`, []);
    return [];
  }
}

function readDocuments(text: string, events: readonly Event[], note: Note): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let next = 0;
  let places = new Map<string, { readonly name: number; readonly value: number }>();

  function readNode(path: Path, nameAt: number): unknown {
    const event = events[next++];
    const place = event === undefined ? -1 : placeOf(event);
    const at = place < 0 ? nameAt : place;
    places.set(path.join('\0'), { name: nameAt, value: at });
    if (event?.type === EVENT_ID.SCALAR) return readScalar(text, event, (words) => note(at, words, path));
    if (event?.type === EVENT_ID.SEQUENCE) {
      const list: unknown[] = [];
      while (events[next]?.type !== EVENT_ID.POP) list.push(readNode([...path, list.length], at));
      next += 1;
      if (list.length > MEMBERS_MAX)
        note(at, `A list must have at most ${MEMBERS_MAX} members: split it.`, path);
      return list;
    }
    if (event?.type === EVENT_ID.MAPPING) return readMap(path, at);
    note(at, 'An alias (*) is not taken: write it out.', path);
    return null;
  }

  function readMap(path: Path, start: number): unknown {
    const map = new Map<string, unknown>();
    while (events[next]?.type !== EVENT_ID.POP) {
      const event = events[next];
      const name = event?.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : undefined;
      const at = event === undefined ? start : placeOf(event);
      if (name === undefined) {
        note(at, 'A name must be text.', path);
        readNode([...path, ''], at);
      } else next += 1;
      if (name !== undefined && map.has(name)) note(at, `${quote(name)} is there twice.`, [...path, name]);
      map.set(name ?? '', readNode([...path, name ?? ''], at < 0 ? start : at));
    }
    next += 1;
    // Own properties, also of `__proto__`.
    return Object.fromEntries(map);
  }

  while (next < events.length) {
    next += 1;
    places = new Map();
    const found = places;
    const value = readNode([], 0);
    next += 1;
    const offsetOf = (path: Path, isOfName: boolean): number => {
      const place = found.get(path.join('\0'));
      if (place !== undefined) return isOfName ? place.name : place.value;
      return path.length === 0 ? 0 : offsetOf(path.slice(0, -1), isOfName);
    };
    if (value !== null) documents.push({ value, offsetOf });
  }
  return documents;
}

function placeOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  return 'start' in event ? event.start : -1;
}

function readScalar(text: string, event: ScalarEvent, note: (words: string) => void): unknown {
  const source = getScalarValue(text, event);
  if (event.tagStart >= 0) note('A tag (!) is not taken: put text in quotes.');
  if (event.style !== SCALAR_STYLE.PLAIN) return source;
  for (const tag of [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag]) {
    const value: unknown = tag.resolve(source, false, tag.tagName);
    if (value === NOT_RESOLVED) continue;
    if (typeof value === 'number') {
      const isExact = Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
      if (!isExact || AMBIGUOUS_NUMBER.test(source)) {
        note(`${source} is not read alike everywhere: put it in quotes, or write a plain decimal number.`);
      }
    }
    return value;
  }
  return source;
}
