/** What messages say in French, with its spaces that do not break: before a colon and inside « », and the narrow one before ; ! ?. */

import type { Words } from './words.ts';

/** In French, one and a half is singular, and so is none. */
const plural = (count: number, one: string, many: string): string => (count < 2 ? one : many);

export const WORDS_FR: Words = {
  locale: 'fr-FR',
  colon: '\u00A0: ',
  labels: {
    level: 'Niveau',
    decision: 'Décision',
    user: 'Utilisateur',
    device: 'Poste',
    platforms: 'Plateformes',
    classifications: 'Classifications',
    riskScore: 'Score de risque',
    policy: 'Politique',
    rule: 'Règle',
    rules: 'Autres règles',
    at: 'Heure',
    lane: 'Flux',
    since: 'Depuis',
    counted: 'Comptés',
    events: 'Événements',
    detections: 'Détections',
    limited: 'Refusés au-delà de la limite',
    untold: 'Comptés, non signalés un par un',
    byLevel: 'Par niveau',
    byDecision: 'Par décision',
    byPlatform: 'Plateformes',
    byClassification: 'Classifications',
    byRule: 'Détections par règle',
    notices: 'Avis',
    blockedLanes: 'Bloqués en ce moment',
  },
  levels: {
    informational: 'Information',
    low: 'Faible',
    medium: 'Moyen',
    high: 'Élevé',
    critical: 'Critique',
  },
  decisions: { block: 'blocage', coach: 'avertissement', log: 'journalisation' },
  events: {
    'interaction.policy_violated': 'violation de politique',
    'interaction.high_risk': 'interaction à haut risque',
    'alert.severity_critical': 'alerte Noxys',
    'alert.severity_high': 'alerte Noxys',
  },
  otherEvent: 'interaction',
  notices: {
    lane_blocked: 'flux bloqué',
    lane_recovered: 'flux rétabli',
    dead_letters: 'événements écartés, faute de pouvoir être livrés',
    events_expired: 'événements expirés sans avoir été livrés',
    retention_near: 'événements non livrés en fin de conservation',
    rule_failed: 'une règle de détection a échoué',
    isolation_waits: 'un isolement attend une décision humaine',
    inbound_limited: 'webhooks refusés au-delà de la limite',
  },
  link: 'Ouvrir dans le relais',
  on: (platforms) => ` sur ${platforms}`,
  andMore: (count, shown) => `et ${shown}\u00A0${plural(count, 'autre', 'autres')}`,
  otherRules: (count) => ` et ${count}\u00A0${plural(count, 'autre règle', 'autres règles')}`,
  ruleCount: (count, shown, duration) =>
    `${shown}\u00A0${plural(count, 'événement', 'événements')} en ${duration}`,
  followUp: 'Cela concerne un événement déjà signalé.',
  moreSince: (count, shown, since) =>
    `Et ${shown}\u00A0${plural(count, 'autre', 'autres')} du même type depuis ${since}.`,
  storm: {
    title: (cap) => `Plus de ${cap}\u00A0messages en une heure\u00A0: les autres sont comptés`,
    text: (count, shown, since) =>
      `${shown}\u00A0${plural(count, 'autre a été compté', 'autres ont été comptés')} depuis ${since}, sans être ${plural(count, 'signalé', 'signalés')} un par un. Au-delà de la limite, tout est compté jusqu’au retour au calme\u202F; le bilan en donne le total et le relais conserve l’ensemble.`,
  },
  test: {
    title: 'Test de connexion noxys-relay',
    text: 'Les messages arrivent bien ici. Il ne s’est rien passé, aucune action n’est requise.',
  },
  digest: {
    title: { daily: 'Bilan quotidien', weekly: 'Bilan hebdomadaire' },
    span: (from, to, zone) => `Du ${from} au ${to} (${zone})`,
    nothing: 'Rien à signaler.',
    nothingAfter: (shown) => `Aucun événement reçu\u202F; la période précédente en comptait ${shown}.`,
    eventCount: (count, shown) => `${shown}\u00A0${plural(count, 'événement', 'événements')}`,
    detectionCount: (count, shown) => `${shown}\u00A0${plural(count, 'détection', 'détections')}`,
    change: {
      daily: (percent) => `${percent} par rapport à la veille`,
      weekly: (percent) => `${percent} par rapport à la semaine précédente`,
    },
    noneBefore: { daily: 'rien la veille', weekly: 'rien la semaine précédente' },
  },
};
