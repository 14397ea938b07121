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

export function sampleDocument() {
  return {
    id: 'acme',
    residency: 'eu',
    webhook: sampleWebhook(),
    destinations: [sampleHarfangLab(), sampleFalcon()],
  };
}
