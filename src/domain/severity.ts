/**
 * The one severity table: from an event to a level, from a level to every product's own scale.
 * Pure.
 */

export const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

/** A high-risk interaction above this score is critical. Source: HarfangLab guide, rule 2. */
const CRITICAL_RISK_SCORE = 0.9;

const ECS_SEVERITY: Record<Level, number> = {
  informational: 10,
  low: 30,
  medium: 50,
  high: 70,
  critical: 90,
};

/** Falcon's scale of a case, 1 to 100. Source: falcon-mcp modules/cases.py, read 2026-11. */
const CASE_SEVERITY: Record<Level, number> = {
  informational: 1,
  low: 25,
  medium: 50,
  high: 75,
  critical: 100,
};

/** What an event's level depends on. */
export interface Graded {
  readonly type: string;
  readonly policy?: { readonly decision?: string };
  /** 0 to 1. */
  readonly riskScore?: number;
}

/** The level of an event, from its type, policy decision and risk score. */
export function levelOfEvent(event: Graded): Level {
  switch (event.type) {
    case 'alert.severity_critical':
      return 'critical';
    case 'alert.severity_high':
      return 'high';
    case 'interaction.high_risk':
      return (event.riskScore ?? 0) > CRITICAL_RISK_SCORE ? 'critical' : 'high';
    case 'interaction.policy_violated':
      return levelOfDecision(event.policy?.decision);
    default:
      return 'informational';
  }
}

function levelOfDecision(decision: string | undefined): Level {
  if (decision === 'block') return 'high';
  return decision === 'coach' ? 'medium' : 'low';
}

/** ECS `event.severity`: 10 · 30 · 50 · 70 · 90. */
export function ecsSeverity(level: Level): number {
  return ECS_SEVERITY[level];
}

/** Falcon's severity of a case: 1 · 25 · 50 · 75 · 100. */
export function caseSeverity(level: Level): number {
  return CASE_SEVERITY[level];
}

/** Whether a level is another one or graver. */
export function isAtLeast(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}
