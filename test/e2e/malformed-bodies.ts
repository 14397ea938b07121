/** Bodies that no well-meaning sender posts, each with what the relay must make of it once the signature is right. */

/** Stands in every body that can hold it: no answer may quote it. */
export const CANARY = 'CANARY-0451';

export interface MalformedBody {
  readonly what: string;
  readonly body: string | Uint8Array;
  /** Of a body that is refused. */
  readonly refused?: { readonly status: 400 | 413; readonly path?: string; readonly detail: RegExp };
  /** Of a body that is taken in whole or part: `faults` are the paths that the stored event names. */
  readonly taken?: {
    readonly accepted: number;
    readonly rejected: number;
    readonly faults: readonly string[];
  };
}

const TYPE = '"type":"interaction.high_risk"';
const CLEAN = { accepted: 1, rejected: 0, faults: [] } as const;

const notJson = (path = '') => ({ status: 400, path, detail: /must be JSON/ }) as const;
const notAnObject = (path: string) => ({ status: 400, path, detail: /must be a JSON object/ }) as const;
const noType = (path: string) => ({ status: 400, path, detail: /type as text/ }) as const;
const wrongType = (path: string) => ({ status: 400, path, detail: /must be text/ }) as const;
const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
const bytes = (text: string, ...more: readonly number[]) =>
  Uint8Array.from([...new TextEncoder().encode(text), ...more]);

const NOT_JSON: readonly MalformedBody[] = [
  { what: 'an empty body', body: '', refused: { status: 400, path: '', detail: /empty/ } },
  { what: 'only whitespace', body: ' \r\n\t', refused: { status: 400, path: '', detail: /empty/ } },
  { what: 'a form', body: `type=${CANARY}`, refused: notJson() },
  { what: 'an XML document', body: `<event>${CANARY}</event>`, refused: notJson() },
  { what: 'a JSON text that breaks off', body: `{${TYPE},"note":"${CANARY}`, refused: notJson() },
  { what: 'two JSON texts', body: `{${TYPE}}\n{${TYPE},"note":"${CANARY}"}`, refused: notJson() },
  { what: 'a NUL byte between tokens', body: `{${TYPE},\0"note":"${CANARY}"}`, refused: notJson() },
  { what: 'a raw NUL byte in a string', body: `{${TYPE},"note":"\0${CANARY}"}`, refused: notJson() },
  { what: 'NaN for a number', body: `{${TYPE},"risk_score":NaN,"note":"${CANARY}"}`, refused: notJson() },
  {
    what: 'invalid UTF-8',
    body: bytes(`{${TYPE},"note":"${CANARY}`, 0xff, 0xfe, 0x22, 0x7d),
    refused: { status: 400, path: '', detail: /UTF-8/ },
  },
  {
    what: 'UTF-16',
    body: Uint8Array.from(Buffer.from(`\ufeff{${TYPE}}`, 'utf16le')),
    refused: { status: 400, path: '', detail: /UTF-8/ },
  },
  { what: '100,000 open brackets', body: '['.repeat(100_000), refused: notJson() },
];

const NOT_AN_EVENT: readonly MalformedBody[] = [
  { what: 'null', body: 'null', refused: notAnObject('') },
  { what: 'true', body: 'true', refused: notAnObject('') },
  { what: 'a number', body: '1e999', refused: notAnObject('') },
  { what: 'a string', body: `"${CANARY}"`, refused: notAnObject('') },
  { what: 'an empty array', body: '[]', refused: { status: 400, path: '', detail: /no event/ } },
  { what: 'an array of null', body: '[null]', refused: notAnObject('[0]') },
  { what: 'nested arrays', body: `[[{${TYPE},"note":"${CANARY}"}]]`, refused: notAnObject('[0]') },
  { what: 'arrays in 100,000 levels', body: nested('[', ']', 100_000), refused: notAnObject('[0]') },
  {
    what: 'an array of 10,000 numbers',
    body: JSON.stringify(Array.from({ length: 10_000 }, () => 1)),
    refused: { status: 400, path: '', detail: /at most 100/ },
  },
  {
    what: 'an array of 101 events',
    body: `[${Array.from({ length: 101 }, () => `{${TYPE}}`).join()}]`,
    refused: { status: 400, path: '', detail: /at most 100/ },
  },
  { what: 'an empty object', body: '{}', refused: noType('type') },
  { what: 'a type that is a number', body: `{"type":7,"note":"${CANARY}"}`, refused: wrongType('type') },
  { what: 'a type that is a list', body: `{"type":["${CANARY}"]}`, refused: wrongType('type') },
  { what: 'a type that is null', body: '{"type":null}', refused: noType('type') },
  { what: 'a type that is empty', body: '{"type":"  "}', refused: noType('type') },
  {
    what: 'a type on the prototype',
    body: `{"__proto__":{${TYPE},"note":"${CANARY}"}}`,
    refused: noType('type'),
  },
  { what: 'an array with no usable element', body: `[{},"${CANARY}"]`, refused: noType('[0].type') },
  {
    what: 'a body over the cap',
    body: `{${TYPE},"note":"${'x'.repeat(256 * 1024)}"}`,
    refused: { status: 413, detail: /at most 262144 bytes/ },
  },
];

const ODD: readonly MalformedBody[] = [
  { what: 'a byte order mark', body: `\ufeff{${TYPE}}`, taken: CLEAN },
  {
    what: 'objects in 30,000 levels',
    body: `{${TYPE},"extra":${nested('{"a":[', ']}', 15_000)}}`,
    taken: CLEAN,
  },
  {
    what: '__proto__ and constructor keys',
    body: `{${TYPE},"__proto__":{"risk_score":1},"constructor":{"prototype":{"x":1}},"toString":1,"hasOwnProperty":1}`,
    taken: CLEAN,
  },
  { what: 'duplicate keys', body: `{"type":"${CANARY}","type":7,${TYPE}}`, taken: CLEAN },
  { what: 'a key of 100,000 characters', body: `{${TYPE},"${'k'.repeat(100_000)}":1}`, taken: CLEAN },
  {
    what: '10,000 unknown keys',
    body: `{${TYPE},${Array.from({ length: 10_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
    taken: CLEAN,
  },
  { what: 'an escaped NUL in an unknown field', body: `{${TYPE},"note":"\\u0000"}`, taken: CLEAN },
  {
    what: 'classifications in 30,000 levels',
    body: `{${TYPE},"classifications":${nested('[', ']', 30_000)}}`,
    taken: { accepted: 1, rejected: 0, faults: ['classifications'] },
  },
  {
    what: '10,000 classifications',
    body: `{${TYPE},"classifications":${JSON.stringify(Array.from({ length: 10_000 }, (_, i) => `C${i}`))}}`,
    taken: { accepted: 1, rejected: 0, faults: ['classifications'] },
  },
  {
    what: 'a number beyond all bounds',
    body: `{${TYPE},"risk_score":1e999}`,
    taken: { accepted: 1, rejected: 0, faults: ['risk_score'] },
  },
  {
    what: 'an id beyond 2^53',
    body: `{${TYPE},"id":9007199254740993}`,
    taken: { accepted: 1, rejected: 0, faults: ['id'] },
  },
  {
    what: 'a time beyond all bounds',
    body: `{${TYPE},"timestamp":-1e308}`,
    taken: { accepted: 1, rejected: 0, faults: ['timestamp'] },
  },
  {
    what: 'a lone surrogate',
    body: `{${TYPE},"user_id":"\\ud800","model":"x","hostname":"\\udfff"}`,
    taken: { accepted: 1, rejected: 0, faults: ['user_id', 'hostname'] },
  },
  {
    what: 'a NUL in an id',
    body: `{${TYPE},"id":"a\\u0000b"}`,
    taken: { accepted: 1, rejected: 0, faults: ['id'] },
  },
  {
    what: 'a wrong type in every field',
    body: `{${TYPE},"id":{},"timestamp":[],"user_id":true,"device_id":[1],"hostname":{},"platform_id":[],"policy_decision":5,"risk_score":"high","classifications":7,"classification_count":"many","interaction_id":false,"direction":{},"data":"${CANARY}"}`,
    taken: {
      accepted: 1,
      rejected: 0,
      faults: [
        'id',
        'timestamp',
        'user_id',
        'device_id',
        'hostname',
        'platform_id',
        'policy_decision',
        'risk_score',
        'classifications',
        'classification_count',
        'interaction_id',
        'direction',
      ],
    },
  },
  {
    what: 'usable and unusable elements',
    body: `[{${TYPE}},null,{"type":7},"${CANARY}",[],{${TYPE},"n":1}]`,
    taken: { accepted: 2, rejected: 4, faults: [] },
  },
];

export const MALFORMED_BODIES: readonly MalformedBody[] = [...NOT_JSON, ...NOT_AN_EVENT, ...ODD];
