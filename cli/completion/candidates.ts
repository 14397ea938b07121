/** What could come next on a half-typed command line, from the commands and options themselves. Pure. */

import type { CommandUnknownOpts } from '@commander-js/extra-typings';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** Names of files fit here, too. */
  readonly hasFiles: boolean;
}

type AnyOption = CommandUnknownOpts['options'][number];

/** What is known here of the values of some arguments. */
export interface Known {
  /** Ids. */
  readonly tenants: readonly string[];
  /** Names. */
  readonly rules: readonly string[];
}

/** `words` are those after the program's name, the last one half typed. */
export function candidatesFor(
  program: CommandUnknownOpts,
  words: readonly string[],
  known: Known,
): Candidates {
  const typed = words.at(-1) ?? '';
  const { command, options, position, awaiting } = follow(program, words.slice(0, -1));
  const [flag, value] = splitFlag(typed);
  const valued = awaiting ?? (value === undefined ? undefined : options.find(({ long }) => long === flag));
  if (valued) return fitting(valuesOf(valued, known, value === undefined ? '' : `${flag}=`), typed);
  if (typed.startsWith('-')) return fitting({ candidates: options.flatMap(flagOf), hasFiles: false }, typed);
  const visible = command.createHelp().visibleCommands(command);
  const inner = visible.map((one) => ({ value: one.name(), description: one.summary() }));
  const argument = command.registeredArguments[position] ?? variadicOf(command);
  const name = argument?.name() ?? '';
  const values = name.startsWith('tenant')
    ? known.tenants.map((id) => ({ value: id, description: 'tenant' }))
    : name === 'rule'
      ? known.rules.map((rule) => ({ value: rule, description: 'bundled rule' }))
      : (argument?.argChoices ?? []).map((choice) => ({ value: choice, description: '' }));
  const hasFiles = name === 'files';
  return fitting({ candidates: [...(position === 0 ? inner : []), ...values], hasFiles }, typed);
}

interface Followed {
  readonly command: CommandUnknownOpts;
  /** Those of the command and of all above it. */
  readonly options: readonly AnyOption[];
  /** Which argument comes next. */
  readonly position: number;
  /** The option whose value comes next. */
  readonly awaiting: AnyOption | undefined;
}

function follow(program: CommandUnknownOpts, words: readonly string[]): Followed {
  let command = program;
  let options = [...program.options];
  let position = 0;
  let awaiting: AnyOption | undefined;
  for (const word of words) {
    if (awaiting) {
      awaiting = undefined;
    } else if (word.startsWith('-')) {
      const option = options.find(({ long, short }) => long === word || short === word);
      if (option?.required === true) awaiting = option;
    } else {
      const inner = position === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (inner) {
        command = inner;
        options = [...options, ...inner.options];
      } else {
        position++;
      }
    }
  }
  return { command, options, position, awaiting };
}

function variadicOf({ registeredArguments }: CommandUnknownOpts) {
  const last = registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

function flagOf({ long, description, hidden }: AnyOption): readonly Candidate[] {
  return long === undefined || long === null || hidden ? [] : [{ value: long, description }];
}

function splitFlag(typed: string): readonly [flag: string, value: string | undefined] {
  const at = typed.startsWith('--') ? typed.indexOf('=') : -1;
  return at === -1 ? [typed, undefined] : [typed.slice(0, at), typed.slice(at + 1)];
}

function valuesOf(option: AnyOption, { tenants, rules }: Known, prefix: string): Candidates {
  const about = option.attributeName();
  const values = about === 'tenant' ? tenants : about === 'rule' ? rules : (option.argChoices ?? []);
  return {
    candidates: values.map((value) => ({ value: `${prefix}${value}`, description: '' })),
    hasFiles: /<(?:file|path|folder)/.test(option.flags),
  };
}

function fitting({ candidates, hasFiles }: Candidates, typed: string): Candidates {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), hasFiles };
}
