/** `noxys-relay completion SHELL`: the script that a shell needs, and (hidden) the answers that the script asks for. */

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';

import { CATALOG } from '../../src/rules/catalog.ts';
import type { Act } from '../action.ts';
import { candidatesFor } from '../completion/candidates.ts';
import { completionScript, FILES, NO_FILES, shellQuoted, SHELLS } from '../completion/scripts.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';

/** Where tenant files are by default: their names are the tenants that completion knows. */
const FOLDER = 'tenants';
/** Rules of a tenant's own are not known here. */
const BUNDLED = CATALOG.flatMap(({ documents: [rule] }) => rule?.name ?? []);

export function completionCommand(act: Act) {
  return new Command('completion')
    .summary('print the completion script of a shell')
    .description(
      "Prints what the shell needs to complete commands, options and tenants:\n\n  bash  source <(npx noxys-relay completion bash)\n  zsh   source <(npx noxys-relay completion zsh)\n  fish  npx noxys-relay completion fish | source\n\nIt completes the word noxys-relay: alias noxys-relay='npx noxys-relay'",
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(
      act(async ({ io }: Session, shell, _options: object) => {
        io.stdout.write(`${completionScript(shell, commandLine())}\n`);
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
        const { candidates, hasFiles } = candidatesFor(program(), known, {
          tenants: tenantsIn(io.cwd),
          rules: BUNDLED,
        });
        for (const { value, description } of candidates) {
          io.stdout.write(`${value}\t${printable(description)}\n`);
        }
        io.stdout.write(`${hasFiles ? FILES : NO_FILES}\n`);
        return undefined;
      }),
    );
}

/** This very Node and this very script: completion starts no npx at each Tab. */
function commandLine(): string {
  return [process.execPath, join(import.meta.dirname, '..', 'bin.mjs')].map(shellQuoted).join(' ');
}

function tenantsIn(cwd: string): readonly string[] {
  const folder = resolve(cwd, FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => /^([a-z0-9-]+)\.(?:ya?ml|json)$/.exec(name)?.[1] ?? []);
}
