/** The words of incidents, alerts and comments, in every language of the relay. Pure: values are put in as they come. */

import type { PolicyDecision } from '../../domain/event.ts';
import type { Language } from '../../domain/language.ts';
import type { Level } from '../../domain/severity.ts';

export interface FindingWords {
  /** Of Noxys' event types; another one is `interaction`. */
  readonly types: Readonly<Record<string, string>>;
  readonly interaction: string;
  readonly levels: Readonly<Record<Level, string>>;
  readonly decisions: Readonly<Record<PolicyDecision, string>>;
  readonly on: string;
  readonly labels: Readonly<
    Record<
      | 'rule'
      | 'severity'
      | 'user'
      | 'device'
      | 'platforms'
      | 'classifications'
      | 'decision'
      | 'risk'
      | 'relay'
      | 'activity'
      | 'earlier'
      | 'first'
      | 'time',
      string
    >
  >;
  /** Between a label and its value. */
  readonly colon: string;
  span(first: string, last: string): string;
  /** `isGrouped`: they have more in common than the rule. */
  earlier(facts: { readonly number: number; readonly id: string }, isGrouped: boolean): string;
  /** Where it is not known what Noxys did about it. */
  readonly lookAtEvents: string;
  /** What to look at first, by what Noxys did about it. */
  readonly look: Readonly<Record<PolicyDecision, string>>;
  readonly lookAtDevice: string;
}

const EN: FindingWords = {
  types: {
    'interaction.policy_violated': 'Policy violation',
    'interaction.high_risk': 'High-risk interaction',
    'alert.severity_critical': 'Critical alert',
    'alert.severity_high': 'High alert',
  },
  interaction: 'Interaction',
  levels: {
    informational: 'informational',
    low: 'low',
    medium: 'medium',
    high: 'high',
    critical: 'critical',
  },
  decisions: { block: 'blocked', coach: 'coached', log: 'logged' },
  on: 'on',
  labels: {
    rule: 'Rule',
    severity: 'Severity',
    user: 'User',
    device: 'Device',
    platforms: 'AI platforms',
    classifications: 'Classifications',
    decision: 'Policy decision',
    risk: 'Risk score',
    relay: 'At the relay',
    activity: "The user's last 24 hours",
    earlier: 'Earlier detections in that time',
    first: 'Look first at',
    time: 'Time',
  },
  colon: ': ',
  span: (first, last) => `from ${first} to ${last}`,
  earlier: ({ number, id }, isGrouped) =>
    `Number ${number} of the same rule${isGrouped ? ' and group' : ''} within 7 days: the first one was ${id}.`,
  look: {
    block: 'other ways out, as Noxys blocked this one: other platforms and devices in the same hours',
    coach: 'whether the data left: the user was warned, and may have gone on',
    log: 'which data left, and whether the platform is approved: nothing was stopped',
  },
  lookAtEvents: 'the events that it counts, and whether Noxys let any of them pass',
  lookAtDevice: 'then what else this endpoint reported at that time',
};

const FR: FindingWords = {
  types: {
    'interaction.policy_violated': 'Violation de politique',
    'interaction.high_risk': 'Interaction à haut risque',
    'alert.severity_critical': 'Alerte critique',
    'alert.severity_high': 'Alerte élevée',
  },
  interaction: 'Interaction',
  levels: {
    informational: 'information',
    low: 'faible',
    medium: 'moyenne',
    high: 'élevée',
    critical: 'critique',
  },
  decisions: { block: 'bloquée', coach: 'avec avertissement', log: 'journalisée' },
  on: 'sur',
  labels: {
    rule: 'Règle',
    severity: 'Gravité',
    user: 'Utilisateur',
    device: 'Poste',
    platforms: "Plateformes d'IA",
    classifications: 'Classifications',
    decision: 'Décision de la politique',
    risk: 'Score de risque',
    relay: 'Dans le relais',
    activity: "Les dernières 24 heures de l'utilisateur",
    earlier: 'Détections antérieures sur cette période',
    first: "À vérifier d'abord",
    time: 'Date',
  },
  colon: ' : ',
  span: (first, last) => `de ${first} à ${last}`,
  earlier: ({ number, id }, isGrouped) =>
    `Numéro ${number} de la même règle${isGrouped ? ' et du même groupe' : ''} en 7 jours : le premier était ${id}.`,
  look: {
    block:
      'les autres voies, puisque Noxys a bloqué celle-ci : autres plateformes et postes aux mêmes heures',
    coach: "si les données sont parties : l'utilisateur a été averti et a pu continuer",
    log: "quelles données sont parties, et si la plateforme est approuvée : rien n'a été arrêté",
  },
  lookAtEvents: 'les événements comptés, et si Noxys en a laissé passer',
  lookAtDevice: "puis ce que ce poste a signalé d'autre à ce moment",
};

export const FINDING_WORDS: Readonly<Record<Language, FindingWords>> = { en: EN, fr: FR };
