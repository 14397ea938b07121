/**
 * Options that npm kept for itself: `npm run deploy:setup --dry-run`, without ` -- `, reaches the script as an environment variable
 * and not as an argument. Acting without them would be the opposite of what was asked. Pure.
 */

/** Those of both commands; `no-create` is, for npm, `create` switched off. */
const OPTIONS = ['env', 'record', 'domain', 'allow', 'dry-run', 'no-create', 'kv-id'] as const;

/** What to write instead, as one sentence; undefined when npm kept nothing. */
export function optionsKeptByNpm(
  script: 'deploy' | 'deploy:setup',
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  // In another script these variables are of that one.
  if (env['npm_lifecycle_event'] !== script) return undefined;
  const kept = OPTIONS.flatMap((name) => wordsOf(name, args, env));
  if (kept.length === 0) return undefined;
  const own = args.map((word) => (/^[\w./:=@,-]+$/.test(word) ? word : `'${word}'`));
  return `npm kept ${kept.map((words) => words[0]).join(', ')} for itself, as there is no " -- " before it. Nothing was done: write \`npm run ${script} -- ${[...kept.flat(), ...own].join(' ')}\``;
}

/** The option and its value; nothing when npm has not taken it, or we have it, too. */
function wordsOf(
  name: (typeof OPTIONS)[number],
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string[][] {
  const isSwitchedOff = name.startsWith('no-');
  const value = env[`npm_config_${name.replace(/^no-/, '').replaceAll('-', '_')}`];
  const isTaken = isSwitchedOff
    ? value === '' || value === 'false'
    : !['', 'false', undefined].includes(value);
  const isOurs = args.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  if (!isTaken || isOurs) return [];
  // npm makes `true` of an option whose value it takes for a word of its own: that word is among our arguments.
  return [[`--${name}`, ...(value === 'true' || isSwitchedOff ? [] : [value ?? ''])]];
}
