/** From a command line that commander has read to a command's function, and its exit code back. */

import type { CommandUnknownOpts } from '@commander-js/extra-typings';

import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Concealed } from './output/concealed.ts';
import { Session } from './session.ts';

/** What a command does; without an exit code it went well. */
export type Handler<Args extends unknown[]> = (
  session: Session,
  ...args: Args
) => Promise<ExitCode | undefined>;

/** Makes a handler an action of commander, whose last argument is the command itself. */
export type Act = <Args extends unknown[]>(
  handler: Handler<Args>,
) => (...args: [...Args, CommandUnknownOpts]) => Promise<void>;

export interface Acting {
  readonly act: Act;
  /** Of the last action. */
  readonly exitCode: () => ExitCode;
}

export function actingWith(io: Io, concealed: Concealed): Acting {
  let exitCode: ExitCode = EXIT.ok;
  const act: Act =
    <Args extends unknown[]>(handler: Handler<Args>) =>
    async (...args: [...Args, CommandUnknownOpts]) => {
      const command = args[args.length - 1] as CommandUnknownOpts;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commander appends itself to the handler's arguments
      const own = args.slice(0, -1) as unknown as Args;
      const session = new Session(io, command.optsWithGlobals(), concealed);
      exitCode = (await handler(session, ...own)) ?? EXIT.ok;
    };
  return { act, exitCode: () => exitCode };
}
