/**
 * What operators ask of the windows: what the rules that are on count now, by group, a page of it, and that of one user.
 * Whoever is counted is a key, never a name. Reads only, but for the audit of a search.
 */

import { LEFT_OUT, isPersonalKey } from '../domain/personal-fields.ts';
import type { WindowView, WindowsRequest } from '../domain/rule-views.ts';
import type { WindowsAnswer } from '../domain/rules-rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { resolveField } from '../domain/field-map.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import { boundsText } from '../rules/condition-text.ts';
import { type RuleEngine, compileRules } from '../rules/evaluate.ts';
import type { Rule } from '../rules/rule.ts';
import { groupOfKey } from '../rules/window-key.ts';
import type { Audit } from './audit.ts';
import { ROWS_PER_TURN_MAX, type ScanBudget } from './log-scan.ts';
import { type PersonKeys, openPersonKeys } from './person-keys.ts';
import { findRule } from './rules-asked.ts';
import { readMeta } from './schema.ts';
import { windowStateIn } from './window-store.ts';

const WINDOWS_PER_PAGE_MAX = 200;
/** What the place of a page is sealed for: it holds what a rule groups by, often a person. */
const PURPOSE = 'window-place';

export interface WindowQueryParts {
  readonly db: Database;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly budget: ScanBudget;
  readonly config: () => SealedTenantConfig;
  readonly rules: () => readonly Rule[];
  readonly nowMs: () => number;
  readonly isRemoved: () => boolean;
}

/** Of which windows, and after which key. */
interface Place {
  readonly id: string;
  readonly key: string;
}
interface Windows {
  readonly id: string;
  readonly rule: Rule;
}
interface Looked {
  readonly found: readonly WindowView[];
  readonly last: Place | undefined;
  readonly rows: number;
}
/** Field, value → what is shown of it, and whether it is the one who is searched for. */
type Shown = Readonly<Record<string, { readonly text: string; readonly isSearched: boolean }>>;

export class WindowQueries {
  readonly #parts: WindowQueryParts;
  #compiled: { readonly rules: readonly Rule[]; readonly engine: RuleEngine } | undefined;

  constructor(parts: WindowQueryParts) {
    this.#parts = parts;
  }

  async windows({ rule: reference, user, after, limit, actor }: WindowsRequest): Promise<WindowsAnswer> {
    const { audit, budget, sealer, config, rules, nowMs, isRemoved } = this.#parts;
    const binding = { tenant: config().id, purpose: PURPOSE };
    const opened = after === undefined ? undefined : await sealer.open(after, binding);
    if (opened && !opened.ok) return { kind: 'place_unknown' };
    const keys = await openPersonKeys(sealer, config());
    if (isRemoved()) return { kind: 'unknown_tenant' };
    const rule = reference === undefined ? undefined : findRule(rules(), reference);
    if (reference !== undefined && !rule) return { kind: 'not_found' };
    const key = user && ('key' in user ? user.key : keys.ofName(user));
    const place = opened && (JSON.parse(opened.value) as Place);
    const windowsMax = Math.min(Math.max(1, limit), WINDOWS_PER_PAGE_MAX);
    const looked = budget.turn(() => this.#look(this.#windowsOf(rule), { place, keys, key, windowsMax }));
    if ('kind' in looked) return looked;
    const { found, last } = looked;
    if (key !== undefined)
      audit.append('user.searched', actor, { key, what: 'windows', count: found.length }, nowMs());
    const nextAfter = last && (await sealer.seal(JSON.stringify(last), binding));
    return { kind: 'windows', windows: found, ...(nextAfter !== undefined && { nextAfter }) };
  }

  /** Of one rule, or of all, in the order of their names. */
  #windowsOf(only: Rule | undefined): Windows[] {
    const rules = this.#parts.rules();
    if (this.#compiled?.rules !== rules) this.#compiled = { rules, engine: compileRules(rules) };
    const { engine } = this.#compiled;
    return (only ? [only] : rules)
      .flatMap((rule) => {
        const id = engine.windowIdOf(rule);
        return id === undefined ? [] : [{ id, rule }];
      })
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Looks through a turn's worth of rows. */
  #look(
    all: readonly Windows[],
    asked: {
      readonly place: Place | undefined;
      readonly keys: PersonKeys;
      readonly key: string | undefined;
      readonly windowsMax: number;
    },
  ): Looked {
    const { place, keys, key, windowsMax } = asked;
    const nowMs = this.#parts.nowMs();
    const found: WindowView[] = [];
    let rows = 0;
    for (const { id, rule } of all) {
      if (place && id < place.id) continue;
      for (const row of this.#rowsOf(id, id === place?.id ? place.key : '', ROWS_PER_TURN_MAX - rows)) {
        rows++;
        const view = this.#viewOf(rule, row, { keys, key, nowMs });
        if (view) found.push(view);
        if (found.length >= windowsMax || rows >= ROWS_PER_TURN_MAX)
          return { found, last: { id, key: row.key }, rows };
      }
    }
    return { found, last: undefined, rows };
  }

  /** Of both tables: of a group that is in both the current one has it as it is. */
  #rowsOf(id: string, after: string, rowsMax: number): Iterable<{ key: string; state: string }> {
    const { db } = this.#parts;
    const turn = readMeta(db, 'windows_turn') === 1 ? 1 : 0;
    const [current, older] = [`windows_${turn}`, `windows_${1 - turn}`];
    const sql = `SELECT key, state FROM ${current} WHERE rule = ? AND key > ?
      UNION ALL SELECT key, state FROM ${older} AS o WHERE rule = ? AND key > ?
      AND NOT EXISTS (SELECT 1 FROM ${current} AS c WHERE c.rule = o.rule AND c.key = o.key)
      ORDER BY key LIMIT ?`;
    return db.each<{ key: string; state: string }>(sql, id, after, id, after, rowsMax);
  }

  /** Undefined: it holds nothing any more, or is not that of the user who is searched for. */
  #viewOf(
    rule: Rule,
    row: { readonly key: string; readonly state: string },
    {
      keys,
      key,
      nowMs,
    }: { readonly keys: PersonKeys; readonly key: string | undefined; readonly nowMs: number },
  ): WindowView | undefined {
    const shown = shownGroup(rule, row.key, keys, key);
    if (key !== undefined && !Object.values(shown).some(({ isSearched }) => isSearched)) return undefined;
    const state = windowStateIn(row.state);
    const view = state && this.#compiled?.engine.viewOf(rule, state, nowMs);
    if (!view || (view.lastAtMs === undefined && view.quietUntilMs === undefined)) return undefined;
    const { value, firstAtMs, lastAtMs, alertedAtMs, quietUntilMs } = view;
    const condition = rule.document.kind === 'correlation' ? boundsText(rule.document) : undefined;
    return {
      rule: rule.name,
      group: Object.fromEntries(Object.entries(shown).map(([field, { text }]) => [field, text])),
      value,
      ...(condition !== undefined && { condition }),
      ...time('firstAt', firstAtMs),
      ...time('lastAt', lastAtMs),
      ...time('alertedAt', alertedAtMs),
      ...time('quietUntil', quietUntilMs),
    };
  }
}

function time<K extends string>(name: K, ms: number | undefined): { readonly [key in K]?: string } {
  const named: { [key in K]?: string } = {};
  if (ms !== undefined) named[name] = new Date(ms).toISOString();
  return named;
}

const EMAIL_PATTERN = /[^\s@]+@[^\s@]+\.[^\s@]+/u;

/** The values that a window is grouped by: people and devices as keys, hosts of pages and addresses left out. */
function shownGroup(rule: Rule, key: string, keys: PersonKeys, searched: string | undefined): Shown {
  return Object.fromEntries(
    Object.entries(groupOfKey(rule, key)).map(([name, value]) => {
      const fields = fieldsOf(rule, name);
      const user = fields.includes('user_id')
        ? { id: value }
        : fields.includes('user_email')
          ? { email: value }
          : undefined;
      if (user)
        return [
          name,
          {
            text: keys.ofUser(user) ?? LEFT_OUT,
            isSearched: searched !== undefined && keys.isOf(searched, user),
          },
        ];
      return [name, { text: shownValue(fields, value, keys), isSearched: false }];
    }),
  );
}

function shownValue(fields: readonly string[], value: string, keys: PersonKeys): string {
  if (fields.includes('device_id')) return keys.ofDevice({ id: value }) ?? LEFT_OUT;
  if (fields.includes('hostname')) return keys.ofDevice({ hostname: value }) ?? LEFT_OUT;
  return fields.some((field) => isPersonalKey(field)) || EMAIL_PATTERN.test(value) ? LEFT_OUT : value;
}

/** The canonical fields that a name of a group stands for: several, of an alias. */
function fieldsOf({ document }: Rule, name: string): readonly string[] {
  const fields = (document.kind === 'correlation' && document.aliases[name]) || { name };
  return Object.values(fields).map((field) => resolveField(field) ?? field);
}
