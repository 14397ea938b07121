/** Tenant files that name files of Sigma rules: what is sent, what is refused, and where a fault is shown. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { innerFinder } from '../../cli/tenant-files/positions.ts';
import { placeFaults } from '../../cli/tenant-files/place-faults.ts';
import { FakeIo } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const RULE = `title: Somebody uses grok
name: my_grok
logsource: { product: noxys }
detection:
  selection:
    platform_id: grok
  condition: selection
level: high
`;
/** Line 6, column 5: a field that no event has. */
const BAD_RULE = RULE.replace('platform_id', 'plaftorm_id');

const withRules = (...items: readonly string[]) => tenantYaml('acme', `rules:\n  custom:\n${items.join('')}`);
const named = (path: string) => `    - file: ${path}\n`;
const inline = (text: string) => `    - |\n${text.replaceAll(/^(?=.)/gm, '      ')}`;

function stage(files: Readonly<Record<string, string>> = {}) {
  const relay = new StandIn();
  const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS });
  for (const [path, text] of Object.entries(files)) shell.write(path, text);
  return { relay, shell };
}

/** The custom texts that the relay was sent. */
function sentTexts(relay: StandIn): unknown {
  const [put] = relay.sent('PUT');
  const document = JSON.parse(put?.body ?? '{}') as { rules?: { custom?: unknown } };
  return document.rules?.custom;
}

describe('rule files of a tenant file', () => {
  it('are sent as their texts, beside texts that stand in the tenant file', async () => {
    const inFile = RULE.replace('my_grok', 'in_file').replace('Somebody', 'Anybody');
    const { relay, shell } = stage({
      'tenants/rules/mine.yml': RULE,
      'tenants/acme.yaml': withRules(named('rules/mine.yml'), inline(inFile)),
    });
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('1 tenant created') });
    expect(sentTexts(relay)).toEqual([RULE.trimEnd(), inFile]);
  });

  it('are no tenants, though they lie in the folder of tenant files', async () => {
    const { relay, shell } = stage({
      'tenants/mine.yml': `${RULE}---\n${RULE.replace('my_grok', 'other').replace('Somebody', 'Anybody')}`,
      'tenants/with-id.yaml': `id: 2f2a4d4e-7b0e-4a53-9c6c-0d2f3a4b5c6d\n${RULE.replace('my_grok', 'third')}`,
      'tenants/acme.yaml': withRules(named('mine.yml'), named('with-id.yaml')),
    });
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran.code).toBe(EXIT.ok);
    expect([...relay.state.tenants.keys()]).toEqual(['acme']);
  });

  it('that no tenant names are told of, and nothing else is kept from being applied', async () => {
    const { relay, shell } = stage({
      'tenants/mine.yml': RULE,
      'tenants/acme.yaml': withRules(inline(RULE)),
    });
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stderr).toContain(
      'tenants/mine.yml is a Sigma rule that no tenant names: add it to rules.custom of one (- file: …), or move it.',
    );
    expect([...relay.state.tenants.keys()]).toEqual(['acme']);
    const alone = await shell.run('apply -f tenants/mine.yml --yes');
    expect(alone).toMatchObject({ code: EXIT.invalid });
    expect(alone.stderr).toContain('is a Sigma rule that no tenant names');
    expect(alone.stderr).toContain('1 fault in 1 file');
  });

  it('hide no tenant that somebody names as rules', async () => {
    const { relay, shell } = stage({
      'tenants/acme.yaml': withRules(named('beta.yaml')),
      'tenants/beta.yaml': tenantYaml('beta'),
    });
    const ran = await shell.run('apply -f tenants --prune --yes');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('tenants/beta.yaml') });
    expect([...relay.sent('PUT'), ...relay.sent('DELETE')]).toEqual([]);
  });

  it('keep what looks like a reference: Sigma is as its author wrote it', async () => {
    const rule = RULE.replace('platform_id: grok', "platform_name|contains: '${jndi:'");
    const { relay, shell } = stage({
      'tenants/rules/mine.yml': rule,
      'tenants/acme.yaml': withRules(
        named('rules/mine.yml'),
        inline(rule.replace('my_grok', 'two').replace('Somebody', 'Anybody')),
      ),
    });
    expect((await shell.run('apply -f tenants --yes')).code).toBe(EXIT.ok);
    expect(JSON.stringify(sentTexts(relay)).match(/\$\{jndi:/g)).toHaveLength(2);
  });

  it.each([
    [
      'is not there',
      'rules/gone.yml',
      /rules\.custom\[0\] refers to the file rules\/gone\.yml, which is not there/,
    ],
    ['is empty', 'rules/empty.yml', /which is empty/],
    ['is a folder', 'rules/folder.yml', /which is not a regular file/],
    ['is a FIFO', 'rules/fifo.yml', /which is not a regular file/],
    ['is larger than a rule may be', 'rules/large.yml', /which is larger than 64 KiB/],
    ['is not UTF-8', 'rules/latin.yml', /which is not UTF-8/],
    ['lies outside of the named folder', '../mine.yml', /name with -f the folder that holds both/],
    ['leads outside by a link', 'rules/link.yml', /name with -f the folder that holds both/],
    ['is named by its whole path', '/etc/hosts.yml', /name with -f the folder that holds both/],
    ['has another ending', '.env', /does not end in \.yml or \.yaml/],
    ['is a link to what has another ending', 'rules/env.yml', /does not end in \.yml or \.yaml/],
    ['has no name', '""', /does not end in \.yml or \.yaml/],
  ])('are refused, and nothing is sent, when one %s', async (_what, path, words) => {
    const { relay, shell } = stage({
      'mine.yml': RULE,
      'tenants/.env': 'SOME_KEY=never-to-be-shown\n',
      'tenants/rules/empty.yml': '\n',
      'tenants/rules/large.yml': `# ${'x'.repeat(65 * 1024)}`,
      'tenants/acme.yaml': withRules(named(path)),
    });
    const rules = join(shell.cwd, 'tenants/rules');
    mkdirSync(join(rules, 'folder.yml'));
    execFileSync('mkfifo', [join(rules, 'fifo.yml')]);
    execFileSync('sh', ['-c', `printf '# \\351t\\351\\n' > latin.yml`], { cwd: rules });
    symlinkSync('../../mine.yml', join(rules, 'link.yml'));
    symlinkSync('../.env', join(rules, 'env.yml'));
    const ran = await shell.run('apply -f tenants/acme.yaml --dry-run');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringMatching(words) });
    expect(ran.stderr).toContain('tenants/acme.yaml:13:7: rules.custom[0]');
    expect(ran.all).not.toContain('never-to-be-shown');
    expect(relay.requests).toEqual([]);
  });

  it('are all named that can not be read, beside the other faults of the file', async () => {
    const { shell } = stage({
      'tenants/acme.yaml': `${withRules(named('a.yml'), named('b.yml'))}retention: { events: 0 }\n`,
    });
    const { stderr } = await shell.run('apply -f tenants --dry-run');
    expect(stderr).toMatch(/a\.yml, which is not there/);
    expect(stderr).toMatch(/b\.yml, which is not there/);
    expect(stderr).toMatch(/retention\.events must be at least 1/);
  });

  it('are refused together where they are more than the relay takes at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { relay, shell } = stage({
      ...Object.fromEntries(
        names.map((name) => [`tenants/rules/${name}.yml`, `${RULE}# ${'x'.repeat(60 * 1024)}\n`]),
      ),
      'tenants/acme.yaml': withRules(...names.map((name) => named(`rules/${name}.yml`))),
    });
    const ran = await shell.run('apply -f tenants --dry-run');
    expect(ran.stderr).toMatch(
      /rules\.custom makes the document 30\d KiB large as it is sent, and the relay takes 256/,
    );
    expect(relay.requests).toEqual([]);
  });

  it('show a fault with their own name, line and column', async () => {
    const { shell } = stage({
      'tenants/rules/mine.yml': BAD_RULE,
      'tenants/acme.yaml': `${withRules(named('rules/mine.yml'))}retention: { events: 0 }\n`,
    });
    const { stderr } = await shell.run('apply -f tenants --dry-run');
    expect(stderr).toMatch(/^tenants\/rules\/mine\.yml:6:5: detection\.selection\S* .*platform_id/m);
  });

  it('show a fault once, though two tenants share it, and without the relay, too', async () => {
    const { relay, shell } = stage({
      'tenants/rules/mine.yml': BAD_RULE,
      'tenants/acme.yaml': withRules(named('rules/mine.yml')),
      'tenants/beta.yaml': withRules(named('rules/mine.yml')).replace('id: acme', 'id: beta'),
      'tenants/gamma.yaml': 'id: 7\n',
    });
    const { stderr } = await shell.run('apply -f tenants --dry-run');
    expect(stderr.match(/^tenants\/rules\/mine\.yml:6:5: /gm)).toHaveLength(1);
    expect(relay.requests).toEqual([]);
  });

  it('show a fault of a text in the tenant file with its place there', async () => {
    const { shell } = stage({
      'tenants/acme.yaml': `${withRules(inline(BAD_RULE))}retention: { events: 0 }\n`,
    });
    const { stderr } = await shell.run('apply -f tenants --dry-run');
    expect(stderr).toMatch(
      /^tenants\/acme\.yaml:19:11: rules\.custom\[0\]: detection\.selection\S*: .*platform_id/m,
    );
  });
});

describe('the place of a fault within a rule', () => {
  const text =
    'rules:\n  custom:\n    - |\n      title: A\n\n      b: 1\n    - "one\\nline"\n    - |2\n        c: 1\n';
  const find = innerFinder(text);

  it.each([
    ['of a block', 0, { line: 3, column: 4 }, { line: 6, column: 10 }],
    ['of an empty line', 0, { line: 2, column: 1 }, { line: 5, column: 1 }],
    ['of a block with an indentation of its own', 2, { line: 1, column: 3 }, { line: 9, column: 9 }],
    ['of a text in quotes, whose lines are none of the file', 1, { line: 2, column: 1 }, undefined],
    ['past the end', 0, { line: 9, column: 1 }, undefined],
    ['of a text that is not there', 7, { line: 1, column: 1 }, undefined],
  ])('is found, %s', (_what, index, inner, expected) => {
    expect(find(`rules.custom[${index}]`, inner)).toEqual(expected);
  });

  it('is told in words where the text has no lines of its own', () => {
    const message = 'line 2, column 1, detection: is missing';
    expect(placeFaults({ name: 'a.yaml', text }, [{ path: 'rules.custom[1]', message }])).toEqual([
      { file: 'a.yaml', line: 7, column: 7, path: 'rules.custom[1]', message },
    ]);
  });

  it('is the rule file as a whole where the fault has no line', () => {
    const ruleFiles = new Map([[1, 'rules/mine.yml']]);
    const message = '"A" refers to nothing';
    expect(placeFaults({ name: 'a.yaml', text, ruleFiles }, [{ path: 'rules.custom[1]', message }])).toEqual([
      { file: 'rules/mine.yml', path: '', message },
    ]);
  });
});
