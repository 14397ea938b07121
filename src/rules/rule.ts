/**
 * A tenant's rule as it is evaluated: the Sigma document with overrides, lists and filters in place and fields by their canonical names,
 * and what the relay does about it. Types only.
 */

import type { SigmaCorrelation, SigmaRule } from '../detection/document.ts';
import type { WindowState } from '../detection/correlation.ts';
import type { PlaybookName } from '../domain/playbook.ts';
import type { Level } from '../domain/severity.ts';
import type { Response } from '../domain/verbs.ts';

export interface Rule {
  /** The Sigma id; of a rule without one, its name. */
  readonly id: string;
  /** The Sigma name; of a rule without one, its id; without either, made of its title. Unique in a tenant. */
  readonly name: string;
  readonly title: string;
  readonly level: Level;
  readonly source: 'bundled' | 'custom';
  readonly document: SigmaRule | SigmaCorrelation;
  /** Names of the filters in it; absent: there are none. */
  readonly filters?: readonly string[];
  readonly isEnabled: boolean;
  /** False: it is there for a correlation alone. */
  readonly alerts: boolean;
  readonly isDryRun: boolean;
  readonly respond: readonly Response[];
  readonly playbook?: PlaybookName;
  /** How long its user is watched. */
  readonly watchMs?: number;
  /** Of a correlation: how long it is silent after an alert. Default: its timespan. */
  readonly suppressMs?: number;
  /** Of a correlation: `reset` counts anew after an alert. */
  readonly afterAlert: 'suppress' | 'reset';
}

/** Where the windows of a tenant are: one row per rule and group. In a transaction of the tenant's object, or in memory. */
export interface WindowPort {
  /** `rule` tells windows apart that count something else: it changes with what is counted, and with nothing else. */
  get(rule: string, key: string): WindowState | undefined;
  put(rule: string, key: string, state: WindowState): void;
}

/** A rule that fired on an event. */
export interface Found {
  readonly rule: Rule;
  /** 1 for a rule that is no correlation. */
  readonly count: number;
  /** 0 for a rule that is no correlation. */
  readonly windowMs: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Newest last, at most 100. */
  readonly eventIds: readonly string[];
  /** What it groups by, as text; absent: nothing. */
  readonly groupKey?: string;
}

/** A rule that threw: the event goes on without it. */
export interface RuleFailure {
  readonly rule: string;
  readonly cause: unknown;
}

export interface Evaluated {
  readonly found: readonly Found[];
  readonly failures: readonly RuleFailure[];
}
