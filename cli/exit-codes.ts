/** What the process ends with, for scripts. Constants only; docs/cli.md lists them. */

export const EXIT = {
  ok: 0,
  /** Something failed, or `doctor` and `signature try` found something. */
  failed: 1,
  /** Wrong usage or invalid input: nothing was changed. */
  invalid: 2,
  /** The relay can't be reached, or does not let this caller in. */
  unreachable: 3,
  /** What was named does not exist. */
  notFound: 4,
  /** Ctrl-C: 128 + SIGINT. Source: POSIX 2.8.2. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
