/** `noxys-relay doctor [TENANT…]`: looks at everything from the outside and says what to do. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding, Level } from '../doctor/finding.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { interrupted } from '../failure.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import type { Output } from '../output/output.ts';
import type { Tone } from '../output/paint.ts';
import { count } from '../output/time.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly send?: true | undefined;
  readonly file: string;
  readonly verbose?: true | undefined;
  readonly concurrency: number;
}

export function doctorCommand(act: Act) {
  return new Command('doctor')
    .summary('check everything from the outside, and say what to do')
    .description(
      'Checks that the relay answers and is ready, clocks, queues, keys, tokens, and of each tenant: jurisdiction, secrets, config,\nlanes, the last webhook, storage, notices. Exit code 1 when something fails; warnings alone are 0.',
    )
    .argument('[tenants...]', 'only these tenants; without them, all')
    .option('--send', 'also send a test event to every destination')
    .option('-f, --file <path>', 'tenant files, to look at their secrets', 'tenants')
    .option('-v, --verbose', 'show what is in order, too')
    .option('--concurrency <n>', 'tenants asked at once', wholeNumber(1, 32), 8)
    .action(
      act(async (session: Session, tenants, options) => doctor(session, tenants.map(tenantId), options)),
    );
}

async function doctor(session: Session, tenants: readonly string[], options: Options): Promise<ExitCode> {
  const { file, send, concurrency, verbose } = options;
  const findings = await examine(session, { tenants, file, isSending: send === true, concurrency });
  if (session.io.signal.aborted) throw interrupted();
  const failures = numberOf(findings, 'failure');
  const document = { failures, warnings: numberOf(findings, 'warning'), findings };
  session.out.result(document, () => textOf(session.out, findings, verbose === true));
  return failures > 0 ? EXIT.failed : EXIT.ok;
}

const MARKS: Readonly<Record<Level, readonly [mark: string, tone: Tone]>> = {
  ok: ['✔', 'good'],
  info: ['·', 'faint'],
  skipped: ['–', 'faint'],
  warning: ['!', 'warning'],
  failure: ['✖', 'bad'],
};

function textOf(out: Output, findings: readonly Finding[], isVerbose: boolean): string {
  const shown = findings.filter(({ level }) => isVerbose || level !== 'ok');
  const good = findings.length - shown.length;
  return [
    ...shown.flatMap((finding) => linesOf(out, finding)),
    `${good > 0 ? `${count(good, 'check')} in order, ` : ''}${count(numberOf(findings, 'warning'), 'warning')}, ${count(numberOf(findings, 'failure'), 'failure')}.`,
  ].join('\n');
}

function linesOf(out: Output, { level, tenant, what, why, fix }: Finding): readonly string[] {
  const [mark, tone] = MARKS[level];
  const whose = tenant === undefined ? '' : `${out.paint('strong', tenant)} `;
  return [
    `${out.paint(tone, mark)} ${whose}${what}`,
    ...(why === undefined ? [] : [`    ${why}`]),
    ...(fix === undefined || fix === '' ? [] : [`    → ${fix}`]),
  ];
}

function numberOf(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}
