/** docs/destinations/falcon.md is whole: every field of the schema, every reason of a lane, every region, messages that the relay really says. */

import { describe, expect, it } from 'vitest';

import { FALCON_HOSTS, FALCON_REGIONS } from '../../src/destinations/falcon/regions.ts';
import { FALCON_VERBS, falconSchema } from '../../src/domain/falcon-config.ts';
import { BLOCKED_REASONS, RETRY_REASONS } from '../../src/domain/outcome.ts';
import { KNOWN_PLATFORMS } from '../../src/domain/platforms.ts';
import {
  below,
  exampleFaults,
  firstColumn,
  messageParts,
  messagesOfSource,
  ownFields,
  ownPaths,
  readPage,
} from './page.ts';

const TEXT = readPage('destinations/falcon.md');
const SOURCES = messagesOfSource('Falcon');

describe('the page about Falcon', () => {
  it('has every field of the schema, and no other', () => {
    expect(ownFields(TEXT)).toEqual(ownPaths(falconSchema));
  });

  it('has an example that the schema takes', () => {
    expect(exampleFaults(TEXT, falconSchema)).toEqual([undefined]);
  });

  it('has every action', () => {
    const actions = below(TEXT, '## Set it up').matchAll(/^ *\| [^|]+ \| `(\w+)` +\|/gm);
    expect(new Set([...actions].map(([, verb]) => verb))).toEqual(new Set(FALCON_VERBS));
  });

  it('has every reason for which a lane blocks, and no other', () => {
    expect(new Set(firstColumn(below(TEXT, '### A lane is blocked')))).toEqual(new Set(BLOCKED_REASONS));
  });

  it('has every reason for which a lane waits, and no other', () => {
    // Nothing of Falcon's is looked at again beside its lane: the page says so.
    expect(below(TEXT, '### A lane waits')).toContain('`pending` is not among them');
    const reasons = RETRY_REASONS.filter((reason) => reason !== 'pending');
    expect(new Set(firstColumn(below(TEXT, '### A lane waits')))).toEqual(new Set(reasons));
  });

  it.each(['### Refused when you save', '### A lane is blocked', '### A lane waits', '### Dead letters'])(
    'quotes messages that the relay really says: %s',
    (heading) => {
      const parts = messageParts(below(TEXT, heading));
      expect(parts.length).toBeGreaterThan(8);
      expect(parts.filter((part) => !SOURCES.includes(part))).toEqual([]);
    },
  );

  it('has every region with its hosts', () => {
    const rows = [...below(TEXT, '## Regions').matchAll(/^\| `([\w-]+)` +\|[^|]*\| (\S+) +\| (\S+) +\|/gm)];
    expect(rows.map(([, region, api, ingest]) => [region, api, ingest])).toEqual(
      FALCON_REGIONS.map((region) => [
        region,
        FALCON_HOSTS[region].api,
        FALCON_HOSTS[region].ingest ?? 'none',
      ]),
    );
  });

  it('names the platforms that the relay knows', () => {
    const [, list = ''] = /The relay knows the domains of ([^.]+)\./.exec(TEXT) ?? [];
    expect(list.split(/, | and /)).toEqual(KNOWN_PLATFORMS);
  });
});
