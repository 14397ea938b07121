/** What messages say in English. */

import type { Words } from './words.ts';

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

export const WORDS_EN: Words = {
  locale: 'en-GB',
  colon: ': ',
  labels: {
    level: 'Level',
    decision: 'Decision',
    user: 'User',
    device: 'Device',
    platforms: 'Platforms',
    classifications: 'Classifications',
    riskScore: 'Risk score',
    policy: 'Policy',
    rule: 'Rule',
    rules: 'Other rules',
    at: 'Time',
    lane: 'Lane',
    since: 'Since',
    counted: 'Counted',
    events: 'Events',
    detections: 'Detections',
    limited: 'Refused above the limit',
    untold: 'Counted, not told one by one',
    byLevel: 'By level',
    byDecision: 'By decision',
    byPlatform: 'Platforms',
    byClassification: 'Classifications',
    byRule: 'Detections by rule',
    notices: 'Notices',
    blockedLanes: 'Blocked now',
  },
  levels: {
    informational: 'Informational',
    low: 'Low',
    medium: 'Medium',
    high: 'High',
    critical: 'Critical',
  },
  decisions: { block: 'blocked', coach: 'coached', log: 'logged' },
  events: {
    'interaction.policy_violated': 'policy violation',
    'interaction.high_risk': 'high-risk interaction',
    'alert.severity_critical': 'Noxys alert',
    'alert.severity_high': 'Noxys alert',
  },
  otherEvent: 'interaction',
  notices: {
    lane_blocked: 'lane blocked',
    lane_recovered: 'lane recovered',
    dead_letters: 'events set aside as undeliverable',
    events_expired: 'undelivered events expired',
    retention_near: 'undelivered events near the end of their retention',
    inbound_limited: 'webhooks refused above the limit',
  },
  link: 'Open at the relay',
  on: (platforms) => ` on ${platforms}`,
  andMore: (_, shown) => `and ${shown} more`,
  otherRules: (count) => ` and ${count} other ${plural(count, 'rule', 'rules')}`,
  ruleCount: (count, shown, duration) => `${shown} ${plural(count, 'event', 'events')} in ${duration}`,
  followUp: 'It belongs to an event that was told before.',
  moreSince: (_, shown, since) => `And ${shown} more of the same kind since ${since}.`,
  storm: {
    title: (cap) => `More than ${cap} messages in an hour: the others are counted`,
    text: (count, shown, since) =>
      `${shown} more ${plural(count, 'was', 'were')} counted since ${since}, and not told one by one. What comes above the limit is counted until there is room, and the digest says how many; the relay has all of it.`,
  },
  test: {
    title: 'noxys-relay connection test',
    text: 'Messages arrive here. Nothing has happened, and nothing needs to be done.',
  },
  digest: {
    title: { daily: 'Daily digest', weekly: 'Weekly digest' },
    span: (from, to, zone) => `${from} to ${to} (${zone})`,
    nothing: 'Nothing happened.',
    nothingAfter: (shown) => `No event came; there were ${shown} in the period before.`,
    eventCount: (count, shown) => `${shown} ${plural(count, 'event', 'events')}`,
    detectionCount: (count, shown) => `${shown} ${plural(count, 'detection', 'detections')}`,
    change: {
      daily: (percent) => `${percent} on the day before`,
      weekly: (percent) => `${percent} on the week before`,
    },
    noneBefore: { daily: 'none the day before', weekly: 'none the week before' },
  },
};
