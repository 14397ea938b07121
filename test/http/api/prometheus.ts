/**
 * The text format 0.0.4, read strictly: every line must be one that the format knows, in the order that it asks for.
 * Source: prometheus.io/docs/instrumenting/exposition_formats, read 2026-11.
 */

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"`;
const HELP_LINE = new RegExp(String.raw`^# HELP (${NAME}) ((?:[^\\\n]|\\[\\n])+)$`);
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`);
const SAMPLE_LINE = new RegExp(
  String.raw`^(${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$`,
);

/** The families by name; throws with the line that is wrong. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed');
  const families = new Map<string, Family>();
  const lines = text.slice(0, -1).split('\n');
  for (let i = 0; i < lines.length;) {
    const help = HELP_LINE.exec(lines[i] ?? '');
    const type = TYPE_LINE.exec(lines[i + 1] ?? '');
    const name = help?.[1];
    if (!name || type?.[1] !== name) throw new Error(`no HELP and TYPE of one metric at: ${lines[i]}`);
    if (families.has(name)) throw new Error(`${name} comes in two groups`);
    if ((type[2] === 'counter') !== name.endsWith('_total'))
      throw new Error(`${name} is no ${type[2]} by its name`);
    const family: Family = { type: type[2] ?? '', help: help[2] ?? '', samples: [] };
    families.set(name, family);
    for (i += 2; i < lines.length && !lines[i]?.startsWith('#'); i++)
      family.samples.push(sampleIn(lines[i], name));
    const seen = new Set(family.samples.map(({ labels }) => labelKey(labels)));
    if (seen.size !== family.samples.length || seen.size === 0)
      throw new Error(`${name} has a sample twice, or none`);
  }
  return families;
}

function sampleIn(line: string | undefined, name: string): Family['samples'][number] {
  const match = SAMPLE_LINE.exec(line ?? '');
  if (match?.[1] !== name) throw new Error(`no sample of ${name}: ${line}`);
  const pairs = [...(match[2] ?? '').matchAll(new RegExp(LABEL, 'g'))].map(([pair]) => {
    const [label = '', ...rest] = pair.split('=');
    const text = rest.join('=').slice(1, -1);
    return [label, text.replaceAll(/\\(.)/g, (_all, c: string) => (c === 'n' ? '\n' : c))] as const;
  });
  if (new Set(pairs.map(([label]) => label)).size !== pairs.length) throw new Error(`a label twice: ${line}`);
  return { labels: Object.fromEntries(pairs), value: Number(match[3]) };
}

/** The same for the same labels in any order. */
export function labelKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
