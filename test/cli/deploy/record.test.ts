import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readRecord, recordPath, writeRecord } from '../../../cli/deploy/record.ts';

const RECORD = { kvId: 'a'.repeat(32), domain: 'relay.example.com', egressAllow: 'edr.acme.fr' };
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'noxys-relay-record-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('a record', () => {
  it('is read as it was written', () => {
    expect(readRecord(folder, 'eu')).toBeUndefined();
    writeRecord(folder, 'eu', RECORD);
    expect(readRecord(folder, 'eu')).toEqual(RECORD);
  });

  it.each([
    ['an id that is none', { ...RECORD, kvId: '../../x' }],
    ['no id', { domain: 'relay.example.com' }],
    ['a domain with a path', { ...RECORD, domain: '*.example.com/x' }],
    ['a domain that is not public', { ...RECORD, domain: 'relay.internal' }],
    ['a domain that is no text', { ...RECORD, domain: ['relay.example.com'] }],
    ['hosts that are no text', { ...RECORD, egressAllow: 7 }],
    ['a list', []],
    ['nothing', null],
  ])('that was changed to %s is not believed', (_what, value) => {
    writeFileSync(recordPath(folder, 'eu'), JSON.stringify(value));
    expect(() => readRecord(folder, 'eu')).toThrow('Delete it and run deploy:setup again');
  });

  it('gives on what it knows, and nothing else', () => {
    writeFileSync(recordPath(folder, 'eu'), JSON.stringify({ ...RECORD, routes: ['x'] }));
    expect(readRecord(folder, 'eu')).toEqual(RECORD);
  });
});
