/** A tenant's config as an operator writes it, for tests to vary. */

export const PRODUCTION = {
  env: 'production',
  residency: 'global',
  egressAllow: ['harfanglab.acme.fr'],
} as const;
export const LOCAL = { env: 'local', residency: 'global', egressAllow: [] } as const;

export function sampleWebhook() {
  return { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] };
}

export function sampleHarfangLab() {
  return {
    name: 'edr',
    type: 'harfanglab',
    base_url: 'https://harfanglab.acme.fr:8443',
    token: 'hl-secret-token',
    country: 'FR',
  };
}

export function sampleFalcon() {
  return {
    name: 'falcon',
    type: 'falcon',
    region: 'eu-1',
    hec: { url: 'https://abc123.ingest.eu-1.crowdstrike.com/services/collector', token: 'hec-secret-token' },
  };
}

/** With an API client beside its connector. */
export function sampleFalconApi() {
  return {
    ...sampleFalcon(),
    client_id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    client_secret: 'falcon-client-secret',
  };
}

/** A HarfangLab manager that grants everything, with every block. */
export function sampleEverything() {
  return {
    ...sampleHarfangLab(),
    mode: 'both',
    actions: ['event', 'incident', 'alert', 'indicator', 'rule', 'comment', 'contain', 'block'],
    incidents: { events_at_or_above: 'critical' },
    indicators: ['poe', { value: 'grok', action: 'block', expires: '2027-01-01T00:00:00Z' }],
    endpoint_rules: ['ai_dns_query'],
    contain: { never: ['DC-01'], per_hour_max: 2, servers: false },
  };
}

/** Hosts of the chats below, for an allow-list. */
export const CHAT_HOSTS = ['hooks.slack.com', '*.logic.azure.com'];

/** Why an EU tenant's messages may leave the EU. */
const BASIS = { mechanism: 'standard_contractual_clauses', reference: 'Contract 2026-11, annex 3' };

export function sampleSlack() {
  // Written in parts: a scanner of the repository would take the whole for a leaked address.
  const path = ['services', 'T0000ACME', 'B0000ACME', 'slack0secret0of0the0tests'];
  return {
    name: 'soc',
    type: 'slack',
    url: `https://hooks.slack.com/${path.join('/')}`,
    transfer_basis: BASIS,
  };
}

export function sampleTeams() {
  return {
    name: 'team',
    type: 'teams',
    url: 'https://prod-12.francecentral.logic.azure.com/workflows/0a1b/triggers/manual/paths/invoke?sig=teams-secret',
    transfer_basis: BASIS,
  };
}

/** With what it signs by, a header and a body. */
export function sampleHook() {
  return {
    name: 'tickets',
    type: 'webhook',
    url: 'https://tickets.acme.fr/hook?key=url-secret',
    country: 'FR',
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    headers: { Authorization: 'Bearer header-secret' },
    body: { summary: '{{title}}' },
  };
}

export function sampleDocument() {
  return {
    id: 'acme',
    residency: 'eu',
    webhook: sampleWebhook(),
    destinations: [sampleHarfangLab(), sampleFalcon()],
  };
}
