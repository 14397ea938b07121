/** What `doctor` finds: what, why it matters, and what to do. Pure. */

export type Level = 'ok' | 'info' | 'warning' | 'failure' | 'skipped';

export interface Finding {
  readonly level: Level;
  /** Stable, for scripts: such as `clock_skew`. */
  readonly check: string;
  /** Absent: it is about the deployment. */
  readonly tenant?: string;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
}

export function ok(check: string, what: string): Finding {
  return { level: 'ok', check, what };
}

/** As somebody wanted it, and worth to be remembered. */
export function info(check: string, what: string, fix: string): Finding {
  return { level: 'info', check, what, fix };
}

export function skipped(check: string, what: string, fix?: string): Finding {
  return { level: 'skipped', check, what, ...(fix === undefined ? {} : { fix }) };
}

export function warning(check: string, what: string, why: string, fix: string): Finding {
  return { level: 'warning', check, what, why, fix };
}

export function failing(check: string, what: string, why: string, fix: string): Finding {
  return { level: 'failure', check, what, why, fix };
}

/** The same findings, about a tenant. */
export function about(tenant: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, tenant }));
}
