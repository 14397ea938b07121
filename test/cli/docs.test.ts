/** docs/cli.md and the command line say the same: every command, every option, and nothing else. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { buildProgram } from '../../cli/program.ts';

const DOCS = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
/** Chapters that are about no command. */
const GENERAL = ['Which relay, and as whom', 'Secrets', 'Output and exit codes', 'Tenant files'];

const program: CommandUnknownOpts = buildProgram(() => async () => undefined);

/** Commands that do something themselves, by their whole name. */
function leaves(command: CommandUnknownOpts, names: readonly string[] = []): [string, CommandUnknownOpts][] {
  const inner = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
  if (inner.length === 0) return [[names.join(' '), command]];
  return inner.flatMap((one) => leaves(one, [...names, one.name()]));
}

const sections = new Map(
  DOCS.split(/^## /m)
    .slice(1)
    .map((text) => {
      const [title = ''] = text.split('\n');
      return [title, text];
    }),
);

function documentedOptions(section: string): string[] {
  return [...section.matchAll(/^\| `(-[^`]+)`/gm)].map((match) => match[1] ?? '').toSorted();
}

const commands = leaves(program);

describe('docs/cli.md', () => {
  it('has a chapter for every command, and no other', () => {
    const documented = [...sections.keys()].filter((title) => !GENERAL.includes(title));
    expect(documented.toSorted()).toEqual(commands.map(([name]) => name).toSorted());
  });

  it.each(commands)('%s has all its options and no other', (name, command) => {
    expect(documentedOptions(sections.get(name) ?? '')).toEqual(
      command.options.map(({ flags }) => flags).toSorted(),
    );
  });

  it.each(commands)('%s is shown as it is typed', (name) => {
    expect(sections.get(name)).toContain(`npx noxys-relay ${name}`);
  });

  it('has the options of all commands, and no other', () => {
    expect(documentedOptions(sections.get('Which relay, and as whom') ?? '')).toEqual(
      [...program.options.map(({ flags }) => flags), '-h, --help'].toSorted(),
    );
  });

  it('has every exit code', () => {
    const documented = [...(sections.get('Output and exit codes') ?? '').matchAll(/^\| (\d+) /gm)].map(
      (match) => Number(match[1]),
    );
    expect(documented).toEqual(Object.values(EXIT));
  });

  it('has links that lead somewhere', () => {
    const anchors = new Set(
      [...sections.keys()].map((title) =>
        title
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    const links = [...DOCS.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !anchors.has(link))).toEqual([]);
  });

  it('is what --help points to, with one line for every command', () => {
    for (const [, command] of commands) expect(command.summary().length).toBeGreaterThan(10);
  });
});
