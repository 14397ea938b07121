/** `noxys-relay completion SHELL`: the script that a shell needs, and (hidden) the answers that the script asks for. */

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { script, ShellCompDirective } from '@bomb.sh/tab';
import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { candidatesFor } from '../completion/candidates.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
const NAME = 'noxys-relay';
/** Where tenant files are by default: their names are the tenants that completion knows. */
const FOLDER = 'tenants';

export function completionCommand(act: Act) {
  return new Command('completion')
    .summary('print the completion script of a shell')
    .description(
      `Prints what the shell needs to complete commands, options and tenants:\n\n  bash  source <(npx ${NAME} completion bash)\n  zsh   source <(npx ${NAME} completion zsh)\n  fish  npx ${NAME} completion fish | source\n\nIt completes the word ${NAME}: alias ${NAME}='npx ${NAME}'`,
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(
      act(async (_session: Session, shell, _options: object) => {
        script(shell, NAME, commandLine());
        return undefined;
      }),
    );
}

/** What the scripts call as `complete -- words…`. */
export function completeCommand(act: Act, program: () => CommandUnknownOpts) {
  return new Command('complete')
    .argument('[words...]')
    .allowUnknownOption()
    .action(
      act(async ({ io }: Session, words, _options: object) => {
        const known = words.length === 0 ? [''] : words;
        const { candidates, hasFiles } = candidatesFor(program(), known, tenantsIn(io.cwd));
        for (const { value, description } of candidates)
          io.stdout.write(`${value}\t${printable(description)}\n`);
        const { ShellCompDirectiveDefault, ShellCompDirectiveNoFileComp } = ShellCompDirective;
        io.stdout.write(`:${hasFiles ? ShellCompDirectiveDefault : ShellCompDirectiveNoFileComp}\n`);
        return undefined;
      }),
    );
}

/** This very Node and this very script: the completion starts no npx at each key. */
function commandLine(): string {
  const bin = join(import.meta.dirname, '..', 'bin.mjs');
  return [process.execPath, bin].map((path) => (/\s/.test(path) ? `'${path}'` : path)).join(' ');
}

function tenantsIn(cwd: string): readonly string[] {
  const folder = resolve(cwd, FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => /^([a-z0-9-]+)\.(?:ya?ml|json)$/.exec(name)?.[1] ?? []);
}
