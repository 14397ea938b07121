/** docs/guides-map.md is whole: a row for every heading of both Noxys guides, valid statuses, filters that compile, links that lead somewhere. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

import type { Where } from '../src/rules/where.ts';
import { compileWhere } from '../src/rules/where.ts';

const STATUSES = ['done', 'done differently', 'not yet', 'impossible'];

/** What each guide has, in its order, under names of our own. */
const HEADINGS = {
  'HarfangLab guide': [
    'Overview: AI activity in the console',
    'Overview: correlation with endpoint data',
    'Overview: custom detection rules',
    'Overview: automated incident response',
    'Overview: EU data residency',
    'Overview: data flow',
    'Prerequisites',
    'Step 1: API token',
    'Step 1: token permissions',
    'Step 2: API base URL',
    'Step 3: webhook in Noxys',
    'Step 3: test button',
    'Step 4: events in the console',
    'Step 5: detection rules',
    'Rule 1: blocked, platform not approved',
    'Rule 2: PII exposure attempt',
    'Rule 3: repeated violations of one user',
    'Step 6: response playbooks',
    'Step 7: dashboard',
    'Widget 1: event volume, 24 h',
    'Widget 2: violations by platform',
    'Widget 3: top users, 7 days',
    'Widget 4: incident trend',
    'Widget 5: blocked events, trend',
    'Step 8: test event',
    'Step 8: rule and incident',
    'Step 8: notifications and playbook',
    'Advanced: threat hunting query',
    'Advanced: indicators (IOCs)',
    'Advanced: automatic blocking',
    'Compliance: monthly report',
    'Troubleshooting: events not appearing',
    'Troubleshooting: rules not triggering',
    'Troubleshooting: playbook not executing',
    'Cost: HarfangLab prices',
    'Cost: the webhook',
    'Best practice: filter events',
    'Best practice: test rules first',
    'Best practice: playbooks for automation',
    'Best practice: regular review',
    'Best practice: document everything',
    'SOAR: workflows',
    'SOAR: correlation across platforms',
    'Retention: events',
    'Retention: incidents',
    'Retention: rules',
    'Disabling',
    'Re-enabling',
  ],
  'Falcon guide': [
    'Overview: AI platforms visible in Falcon',
    'Overview: correlation with endpoint activity',
    'Overview: custom detection rules',
    'Overview: automated playbooks',
    'Overview: combined risk score',
    'Overview: data flow',
    'Prerequisites',
    'Step 1: API client',
    'Step 1: scope `incidents_write`',
    'Step 1: scope `ioc_write`',
    'Step 1: scope `detection_write`',
    'Step 1: scope `host_read`',
    'Step 2: enable in Noxys',
    'Step 2: region',
    'Step 2: test connection',
    'Step 3: event forwarding',
    'Step 4: indicators',
    'Step 4: action block',
    'Step 5: custom detection rules',
    'Rule 1: blocked PII, unauthorised platform',
    'Rule 2: many violations of one user',
    'Rule 3: financial data',
    'Step 6: incidents',
    'Step 6: what an incident holds',
    'Step 7: response actions',
    'Step 7: block the process',
    'Step 8: monitor',
    'Advanced: behavioural analytics',
    'Troubleshooting: events not creating incidents',
    'Troubleshooting: incidents not detected',
    'Troubleshooting: high latency',
    'Playbook: credential exposure',
    'Compliance: integration health',
    'Cost: Falcon licence',
    'Cost: the integration',
    'Cost: API calls',
    'Best practice: forward only critical events',
    'Best practice: targeted rules',
    'Best practice: tags by platform and data type',
    'Best practice: alerting and digests',
    'Best practice: playbook effectiveness',
    'Disabling',
    'Re-enabling',
  ],
} as const;

type Guide = keyof typeof HEADINGS;
const GUIDES: readonly Guide[] = ['HarfangLab guide', 'Falcon guide'];

const PAGE = join(import.meta.dirname, '..', 'docs', 'guides-map.md');
const TEXT = readFileSync(PAGE, 'utf8');

/** The cells of each row of the tables in a text, without their header rows. An escaped bar does not end a cell. */
function rowsOf(text: string): string[][] {
  const lines = text.split('\n');
  const isRule = (line: string | undefined) => line !== undefined && /^\|(?: *:?-+:? *\|)+$/.test(line);
  return lines
    .filter((line, i) => line.startsWith('|') && !isRule(line) && !isRule(lines[i + 1]))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('\\|', '|')));
}

function rowsOfGuide(guide: Guide): string[][] {
  const section = TEXT.split(/^(?=## )/m).find((part) => part.startsWith(`## ${guide}\n`));
  return rowsOf(section ?? '');
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

describe.each(GUIDES)('the %s', (guide) => {
  it('has exactly one row for each heading, in its order', () => {
    expect(rowsOfGuide(guide).map(([heading]) => heading)).toEqual(HEADINGS[guide]);
  });

  it('gives each heading one of the four statuses, and says how or why not', () => {
    const odd = rowsOfGuide(guide).filter(
      ([, status = '', how = '', ...more]) => !STATUSES.includes(status) || how === '' || more.length > 0,
    );
    expect(odd).toEqual([]);
  });
});

describe('the page', () => {
  it('counts its statuses', () => {
    const counted = STATUSES.map((status) => [
      `\`${status}\``,
      ...GUIDES.map((guide) => String(rowsOfGuide(guide).filter((row) => row[1] === status).length)),
    ]);
    const [head = ''] = TEXT.split(/^## /m);
    expect(rowsOf(head).map(([status, , ...counts]) => [status, ...counts])).toEqual(counted);
  });

  it('shows only filters that the relay takes', () => {
    const filters = [...TEXT.matchAll(/`where: (\{[^`]+\})`/g)].map(([, yaml = '']) =>
      yaml.replaceAll('\\|', '|'),
    );
    expect(filters).toHaveLength(2);
    for (const yaml of filters) expect(compileWhere(load(yaml) as Where)).toMatchObject({ ok: true });
  });

  it('links to files and headings that exist', () => {
    const links = [...TEXT.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    expect(links.length).toBeGreaterThan(10);
    const broken = links.filter(([, path = '', anchor]) => {
      const file = path === '' ? PAGE : resolve(dirname(PAGE), path);
      return (
        !existsSync(file) || (anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).has(anchor))
      );
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
