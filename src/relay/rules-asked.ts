/** The rules that a request is about: one of the tenant, all that alert, or those of a text that is in no config. Pure. */

import type { ConfigFault } from '../domain/fault.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { failure } from '../lib/result.ts';
import { CATALOG } from '../rules/catalog.ts';
import type { Rule } from '../rules/rule.ts';
import { rulesOfText as withWhatItNames } from '../rules/text-rules.ts';

/** By its id or its name; a bundled one by the name of its file, too, as a config may name it. */
export function findRule(rules: readonly Rule[], reference: string): Rule | undefined {
  const [main] =
    CATALOG.find(({ file }) => file === reference || file === `${reference}.yml`)?.documents ?? [];
  const isMain = ({ source, id, name }: Rule): boolean =>
    source === 'bundled' && main !== undefined && (id === main.id || name === main.name);
  return (
    rules.find(({ id }) => id === reference) ??
    rules.find(({ name }) => name === reference) ??
    rules.find(isMain)
  );
}

export function alertsIfOn({ isEnabled, alerts }: Rule): boolean {
  return isEnabled && alerts;
}

/** The rules of a Sigma text and what comes along with it, or its faults, below `text`. */
export function rulesOfText(
  text: string,
  config: Pick<TenantConfig, 'rules' | 'responses' | 'platforms' | 'privacy'>,
): Result<readonly Rule[], ConfigFault[]> {
  const rules = withWhatItNames(text, config);
  return rules.ok ? rules : failure(rules.error.map(belowText));
}

function belowText({ path, message }: ConfigFault): ConfigFault {
  return { path: path.replace(/^rules\.custom\[0\]/, 'text'), message };
}
