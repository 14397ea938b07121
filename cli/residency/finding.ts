/** What `residency check` finds: about which component, what, and how to mend it. Pure. */

import type { ComponentId } from './components.ts';

/**
 * `warning`: a risk that somebody accepted, or has to. `unproven`: it could not be asked, which counts as a failure.
 * `skipped`: it was not asked, as the operator wanted.
 */
export type Level = 'ok' | 'warning' | 'failure' | 'unproven' | 'skipped';

export interface Finding {
  readonly level: Level;
  readonly component: ComponentId;
  /** Stable, for scripts: such as `kv_jurisdiction`. */
  readonly check: string;
  /** Absent: it is about the deployment. */
  readonly tenant?: string;
  readonly what: string;
  /** The sentence that mends it. */
  readonly fix?: string;
}

type Place = readonly [component: ComponentId, check: string];

export function ok([component, check]: Place, what: string): Finding {
  return { level: 'ok', component, check, what };
}

export function accepted([component, check]: Place, what: string, fix: string): Finding {
  return { level: 'warning', component, check, what, fix };
}

export function failing([component, check]: Place, what: string, fix: string): Finding {
  return { level: 'failure', component, check, what, fix };
}

export function unproven([component, check]: Place, what: string, fix: string): Finding {
  return { level: 'unproven', component, check, what, fix };
}

export function skipped([component, check]: Place, what: string): Finding {
  return { level: 'skipped', component, check, what };
}

/** The same findings, about a tenant. */
export function about(tenant: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, tenant }));
}

/** Whether nothing stands against the promise. */
export function isProven(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== 'failure' && level !== 'unproven');
}
