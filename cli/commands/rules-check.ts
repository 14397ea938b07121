/** `noxys-relay rules check FILE…`: whether Sigma files are right, before any tenant has them. Works without a relay. */

import { Command } from '@commander-js/extra-typings';

import type { Rule } from '../../src/rules/rule.ts';
import type { Act } from '../action.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { printable } from '../output/printable.ts';
import { count } from '../output/time.ts';
import { checkFiles } from '../rules/check-files.ts';
import { readRuleFile } from '../rules/read-inputs.ts';
import type { Session } from '../session.ts';
import { looksLikeTenant } from '../tenant-files/rule-files.ts';
import { byPlace, type FileFault, formatFileFault } from '../tenant-files/file-fault.ts';

export function checkCommand(act: Act) {
  return new Command('check')
    .summary('check Sigma files, without a relay')
    .description(
      'Parses the files and puts them together as the relay would: syntax, fields, references, the relay attribute. Files may refer to\neach other and to bundled rules. Whether a tenant may use a field depends on its privacy, and is checked when it is saved.\nExit code 1 when something is wrong.',
    )
    .argument('<files...>', 'Sigma files; - is stdin')
    .action(act(async (session: Session, names: string[], _options: object) => check(session, names)));
}

async function check({ io, out }: Session, names: readonly string[]): Promise<ExitCode> {
  const files: { readonly name: string; readonly text: string }[] = [];
  for (const name of names) {
    const text = await readRuleFile(io, name);
    if (looksLikeTenant(text))
      throw invalidInput(
        `${name} is a tenant file, and no Sigma rule.`,
        '`npx noxys-relay apply -f … --dry-run` checks it.',
      );
    files.push({ name, text });
  }
  const { faults, rules, filters, warnings } = checkFiles(files);
  const inOrder = faults.toSorted(byPlace);
  const shown = rules.map(({ id, name, title, level, document, alerts }) => ({
    id,
    name,
    title,
    level,
    kind: document.kind,
    alerts,
  }));
  out.result({ faults: inOrder, rules: shown, filters, warnings }, () =>
    faults.length > 0
      ? [...inOrder.map(placed), `${count(faults.length, 'fault')}.`].join('\n')
      : [
          ...rules.map((rule) => `${out.paint('good', '✔')} ${lineOf(rule)}`),
          ...filters.map((filter) => `${out.paint('good', '✔')} ${filterLine(filter)}`),
          `${whatOf(rules.length, filters.length)} in ${count(files.length, 'file')}: all right.`,
        ].join('\n'),
  );
  for (const warning of warnings) out.warn(printable(warning));
  return faults.length > 0 ? EXIT.failed : EXIT.ok;
}

/** What holds between rules has no line of its own. */
function placed(fault: FileFault): string {
  return fault.line === undefined
    ? `${printable(fault.file)}: ${printable(fault.message)}`
    : formatFileFault(fault);
}

function filterLine({ name, title, of }: { name: string; title: string; of: readonly string[] }): string {
  return printable(`${name} (filter of ${of.join(', ')}): ${title}`);
}

function whatOf(rules: number, filters: number): string {
  return filters === 0 ? count(rules, 'rule') : `${count(rules, 'rule')} and ${count(filters, 'filter')}`;
}

function lineOf({ name, title, level, document, alerts }: Rule): string {
  const kind = alerts ? document.kind : `${document.kind}, part of others`;
  return `${printable(name)} (${level}, ${kind}): ${printable(title)}`;
}
