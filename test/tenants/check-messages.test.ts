import { describe, expect, it } from 'vitest';

import { type ValidationSettings, validateTenantConfig } from '../../src/tenants/validate.ts';
import { LOCAL, PRODUCTION, sampleDocument, sampleHook, sampleSlack, sampleTeams } from './sample.ts';

/** A tenant that may send anywhere, unless told otherwise. */
function check(destination: object, settings: ValidationSettings = PRODUCTION, residency = 'global') {
  return validateTenantConfig({ ...sampleDocument(), residency, destinations: [destination] }, settings);
}

function faultsOf(destination: object, settings: ValidationSettings = PRODUCTION, residency = 'global') {
  const checked = check(destination, settings, residency);
  return checked.ok ? [] : checked.error;
}

function accepted(destination: object) {
  const checked = check(destination);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value.destinations[0];
}

const at = (url: string) => ({
  slack: { ...sampleSlack(), url },
  teams: { ...sampleTeams(), url },
  webhook: { ...sampleHook(), url },
});
type Type = keyof ReturnType<typeof at>;
/** Of an incoming webhook; in parts, so that nobody takes it for a leaked one. */
const incoming = (host: string) => `https://${host}/${['services', 'T01', 'B02', 'x03'].join('/')}`;

describe('the address of what tells people', () => {
  it.each<[Type, string, string]>([
    ['slack', ` ${sampleSlack().url}\n`, sampleSlack().url],
    ['slack', incoming('hooks.slack-gov.com'), incoming('hooks.slack-gov.com')],
    [
      'teams',
      'https://prod-1.westeurope.logic.azure.com:443/workflows/1?sig=a%2Fb',
      'https://prod-1.westeurope.logic.azure.com/workflows/1?sig=a%2Fb',
    ],
    ['webhook', 'https://Tickets.acme.fr#part', 'https://tickets.acme.fr/'],
    ['webhook', '<set>', '<set>'],
  ])('of %s is taken in one spelling: %j', (type, written, url) => {
    expect(accepted(at(written)[type])).toMatchObject({ url });
  });

  it.each<[Type, string, RegExp]>([
    ['slack', 'https://example.com/services/T1/B2/x3', /for another address use type: webhook$/],
    ['slack', incoming('hooks.slack.com.example.com'), /use type: webhook$/],
    ['slack', incoming('hooks.slack.com:8443'), /use type: webhook$/],
    ['slack', 'https://hooks.slack.com/workflows/T1/A2/3/x4', /takes no blocks: use an incoming webhook/],
    ['slack', 'https://hooks.slack.com/triggers/T1/2/x3', /takes no blocks: use an incoming webhook/],
    ['slack', 'https://hooks.slack.com/services/T1', /must be the whole address/],
    ['slack', incoming('hooks.slack.com').replace('https', 'http'), /must begin with https/],
    ['teams', 'https://acme.webhook.office.com/webhookb2/1', /Microsoft has retired: make a workflow/],
    ['teams', 'https://outlook.office.com/webhook/1', /Microsoft has retired/],
    ['webhook', 'http://tickets.acme.fr', /must begin with https/],
    ['webhook', 'ftp://tickets.acme.fr', /must begin with https/],
    ['webhook', 'tickets.acme.fr', /must be a whole address/],
    ['webhook', 'https://tickets.acme.fr/a b', /must be a whole address/],
    ['webhook', 'https://user:hunter2@tickets.acme.fr', /no user and no password.*headers/],
    ['webhook', 'https://203.0.113.7/hook', /on the public internet/],
    ['webhook', 'https://tickets/hook', /on the public internet/],
    ['webhook', 'https://tickets.local/hook', /on the public internet/],
    ['webhook', 'https://127.0.0.1/hook', /on the public internet/],
  ])('of %s is never %j, and the fault says what to do without quoting it', (type, url, message) => {
    const faults = faultsOf(at(url)[type]);
    expect(faults).toEqual([{ path: 'destinations[0].url', message: expect.stringMatching(message) }]);
    expect(JSON.stringify(faults)).not.toMatch(/hunter2|T1|203\.0/);
  });

  it.each<Type>(['slack', 'teams', 'webhook'])('of %s may be this machine for a local relay', (type) => {
    const destination = at('http://127.0.0.1:9004/hook')[type];
    expect(faultsOf(destination, LOCAL)).toEqual([]);
    expect(faultsOf(destination)).toHaveLength(1);
  });

  it.each<[Type, string, RegExp]>([
    ['slack', sampleSlack().url, /Slack is outside the EU.*hooks\.slack\.com to RELAY_EGRESS_ALLOW/],
    ['teams', sampleTeams().url, /Microsoft decides where.*RELAY_EGRESS_ALLOW/],
    ['webhook', sampleHook().url, /add its host name to RELAY_EGRESS_ALLOW$/],
  ])('of %s must be on the allow-list of an EU tenant', (type, url, message) => {
    const destination = at(url)[type];
    expect(faultsOf(destination, PRODUCTION, 'eu')).toEqual([
      { path: 'destinations[0].url', message: expect.stringMatching(message) },
    ]);
    const egressAllow = [new URL(url).hostname];
    expect(faultsOf(destination, { ...PRODUCTION, egressAllow }, 'eu')).toEqual([]);
  });

  it('is checked in the same round as what the schema refuses', () => {
    const faults = faultsOf({ ...sampleSlack(), url: 'https://example.com', chanel: '#soc' });
    expect(faults.map(({ path }) => path)).toEqual(['destinations[0].chanel', 'destinations[0].url']);
    expect(faultsOf({ ...sampleSlack(), url: '' })).toEqual([
      { path: 'destinations[0].url', message: 'must not be empty' },
    ]);
  });
});

describe('the signing secrets of a webhook destination', () => {
  it('are Standard Webhooks ones, without the space around them, or kept', () => {
    const secrets = [' whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n', '<set>'];
    expect(accepted({ ...sampleHook(), secrets })).toMatchObject({
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '<set>'],
    });
  });

  it.each(['whsec_not base64!', 'whsec_', '  '])('are never %j', (secret) => {
    expect(faultsOf({ ...sampleHook(), secrets: [sampleHook().secrets[0], secret] })).toEqual([
      { path: 'destinations[0].secrets[1]', message: expect.stringContaining('openssl rand -base64 32') },
    ]);
  });

  it('are three at most', () => {
    const [secret] = sampleHook().secrets;
    expect(faultsOf({ ...sampleHook(), secrets: [secret, secret, secret, secret] })).toEqual([
      { path: 'destinations[0].secrets', message: 'must have at most 3 entries' },
    ]);
  });
});

describe('the headers of a webhook destination', () => {
  const withHeaders = (headers: object) => ({ ...sampleHook(), headers });

  it('are taken without the space around their values', () => {
    expect(accepted(withHeaders({ 'X-Api-Key': ' a b ', Authorization: '<set>' }))).toMatchObject({
      headers: { 'X-Api-Key': 'a b', Authorization: '<set>' },
    });
  });

  it.each([
    'Host',
    'content-length',
    'Content-Type',
    'content-encoding',
    'Transfer-Encoding',
    'connection',
    'webhook-id',
    'Webhook-Signature',
    'Idempotency-Key',
    'User-Agent',
    'cf-connecting-ip',
    'proxy-authorization',
  ])('are never %s, which is not the customer’s to set', (name) => {
    expect(faultsOf(withHeaders({ 'X-Own': 'a', [name]: 'hunter2' }))).toEqual([
      {
        path: `destinations[0].headers.${name}`,
        message: expect.stringContaining(`can't be set: ${name.toLowerCase()}`),
      },
    ]);
  });

  it.each(['a\nb', 'a\r\nX-Other: b', 'é', '  '])('have no value such as %j', (value) => {
    const faults = faultsOf(withHeaders({ 'X-Own': value }));
    expect(faults).toEqual([
      { path: 'destinations[0].headers.X-Own', message: expect.stringContaining('one line of printable') },
    ]);
  });

  it('are there once, in whatever spelling', () => {
    expect(faultsOf(withHeaders({ 'X-Own': 'a', 'x-own': 'b' }))).toEqual([
      { path: 'destinations[0].headers.x-own', message: 'is there already, in another spelling: keep one' },
    ]);
  });

  it('have names of headers, and are ten at most', () => {
    expect(faultsOf(withHeaders({ 'X Own': 'a' }))).toHaveLength(1);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`X-${index}`, 'a']));
    expect(faultsOf(withHeaders(many))).toEqual([
      { path: 'destinations[0].headers', message: 'must have at most 10 entries' },
    ]);
  });
});
