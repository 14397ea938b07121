/** `rules backtest --events FILE`: which rules, over which part of the file, and what is said of it. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { FORWARDED_EVENT_TYPES } from '../../src/domain/event.ts';
import { isRecord } from '../../src/lib/record.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { rulesOfText } from '../../src/rules/text-rules.ts';
import { instantAt } from '../event-filters.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { backtestText } from '../output/backtest-text.ts';
import { printable } from '../output/printable.ts';
import { startProgress } from '../output/progress.ts';
import { count } from '../output/time.ts';
import type { Session } from '../session.ts';
import { findTenantFile } from '../tenant-files/find-tenant.ts';
import { codeOf, unreadMessage } from '../tenant-files/regular-file.ts';
import { inlineRuleFiles } from '../tenant-files/rule-files.ts';
import { backtestFile, type FileReport } from './backtest-file.ts';
import { ALL_BUNDLED, DEFAULTS, localRules, partsOfDocument, type RuleParts } from './local-rules.ts';

export interface Wanted {
  readonly tenant: string;
  /** Of the bundled or the tenant's rules, only this one. */
  readonly rule: string | undefined;
  /** A Sigma text instead. */
  readonly text: string | undefined;
  readonly events: string;
  readonly options: {
    readonly since?: string | undefined;
    readonly until?: string | undefined;
    readonly file?: string | undefined;
    readonly persons?: true | undefined;
  };
}

export async function backtestEvents(session: Session, wanted: Wanted): Promise<ExitCode> {
  const { io, out } = session;
  const { tenant, rule, events, options } = wanted;
  const { parts, forwarded } = partsOf(session, wanted);
  const path = resolve(io.cwd, events);
  const bytes = bytesOf(path, events);
  const instantMs = (text: string | undefined, none: number): number =>
    text === undefined ? none : Date.parse(instantAt(text, io.nowMs()) ?? '');
  const progress = startProgress(io, 'Bytes', bytes);
  try {
    const report = await backtestFile({
      path,
      tenant,
      rules: onlyOf(rulesOf(parts, wanted.text), rule),
      forwarded,
      sinceMs: instantMs(options.since, -Infinity),
      untilMs: instantMs(options.until, Infinity),
      showsPersons: options.persons === true,
      nowMs: io.nowMs(),
      signal: io.signal,
      onBytes: (read) => progress.reach(read),
    });
    progress.stop();
    tell(session, events, report);
    out.result(report, () => backtestText(out, report));
    return report.scanned === 0 && report.skipped.count > 0 ? EXIT.invalid : EXIT.ok;
  } finally {
    progress.stop();
  }
}

interface Parts {
  readonly parts: RuleParts;
  readonly forwarded: readonly string[];
}

function partsOf(session: Session, { tenant, text, options: { file } }: Wanted): Parts {
  const forwarded: readonly string[] = FORWARDED_EVENT_TYPES;
  if (file === undefined) return { parts: text === undefined ? ALL_BUNDLED : DEFAULTS, forwarded };
  const document = documentOf(session, tenant, file);
  const forward: unknown = isRecord(document) ? document['forward'] : undefined;
  const types: unknown = isRecord(forward) ? forward['events'] : undefined;
  return {
    parts: partsOfDocument(document),
    forwarded: Array.isArray(types) ? types.map(String) : forwarded,
  };
}

/** With the texts of its rule files. Its secrets stay the references that they are: rules need none. */
function documentOf({ io }: Session, tenant: string, file: string): unknown {
  const found = findTenantFile(io.cwd, file, tenant);
  if (!found) throw invalidInput(`No tenant file in ${file} is of ${tenant}.`, 'Name its file with -f.');
  const { document, faults } = inlineRuleFiles(found.document, found);
  if (faults.length === 0) return document;
  throw invalidInput(faults.map(({ path, message }) => `${found.name}: ${path} ${message}`).join('\n'));
}

/** Of the parts; or of a text, with what it refers to of the parts. */
function rulesOf(parts: RuleParts, text: string | undefined): readonly Rule[] {
  const rules = text === undefined ? localRules(parts) : rulesOfText(text, parts);
  if (rules.ok) return rules.value;
  const lines = rules.error.map(({ path, message }) => `\n  ${printable(path)}: ${printable(message)}`);
  throw invalidInput(`The rules can't be used:${lines.join('')}`, 'See `npx noxys-relay rules check`.');
}

/** The others go on counting for it, and do not alert. */
function onlyOf(rules: readonly Rule[], wanted: string | undefined): readonly Rule[] {
  if (wanted === undefined) return rules;
  const isWanted = ({ id, name }: Rule) => id === wanted || name === wanted;
  if (rules.some(isWanted)) return rules.map((rule) => ({ ...rule, alerts: rule.alerts && isWanted(rule) }));
  throw new CliFailure(EXIT.notFound, 'rule_not_found', `No rule has the name or id ${wanted}.`);
}

function bytesOf(path: string, file: string): number {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return stats.size;
  } catch (error) {
    throw invalidInput(`${file} ${unreadMessage(codeOf(error))}.`);
  }
  throw invalidInput(`${file} is not a regular file.`);
}

/** What of the file was not counted, and why. */
function tell({ out }: Session, file: string, { skipped, duplicates, leftOut }: FileReport): void {
  for (const { line, reason } of skipped.lines) out.warn(`${file}:${line} ${reason}`);
  if (skipped.count > 0) out.warn(`${count(skipped.count, 'line')} of ${file} skipped.`);
  if (duplicates > 0) out.note(`${count(duplicates, 'event')} came again, and counted once.`);
  if (leftOut > 0)
    out.note(`${count(leftOut, 'event')} left out: of a type that is not forwarded, or of another time.`);
}
