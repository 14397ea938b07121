/**
 * Callers that no admin route may let in, by what is wrong with them, and Cloudflare Access as it is played for them.
 * Where it can be, the registry knows the token all the same: then nothing but the token itself is what is refused.
 */

import { decodeBase64 } from '../../src/lib/bytes.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { AccessSimulator, makeKeyPair } from '../simulators/access.ts';
import { FORGED_ID, forgedToken, kidOf, registerId, tokenFor, unknownTokenFor } from './callers.ts';
import { ADMIN_TOKEN, MASTER_KEY, type World } from './fakes.ts';

const OTHER_KEY = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE';
const HOUR_SECONDS = 3_600;

export const access = await AccessSimulator.create();
const otherTeam = access.as('https://evil.cloudflareaccess.com');
const rsaKey = await makeKeyPair('RS256', kidOf(MASTER_KEY));
const strangerKey = await makeKeyPair('ES256', access.newest.kid);
const unknownKey = await makeKeyPair('ES256', 'key-99');

export type HeaderFields = Record<string, string>;
export type MakeHeaders = (world: World) => HeaderFields | Promise<HeaderFields>;

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** Nobody here needs the registry to be refused. */
export const REFUSED_UNASKED: Readonly<Record<string, MakeHeaders>> = {
  'no token': () => ({}),
  'a wrong token': () => ({ authorization: 'Bearer wrong-admin-token-0123456789' }),
  'a token of another length': () => ({ authorization: 'Bearer x' }),
  'a token with one character more': () => ({ authorization: `Bearer ${ADMIN_TOKEN}x` }),
  'a token with one character less': () => bearer(ADMIN_TOKEN.slice(0, -1)),
  'another scheme': () => ({ authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }),
  'the token without a scheme': () => ({ authorization: ADMIN_TOKEN }),
  'an empty bearer': () => ({ authorization: 'Bearer ' }),
  'two tokens in one header': () => ({ authorization: `Bearer ${ADMIN_TOKEN}, Bearer ${ADMIN_TOKEN}` }),
  'the token in another header': () => ({ 'x-api-key': ADMIN_TOKEN }),
  'the token where Access puts its own': () => ({ 'cf-access-jwt-assertion': ADMIN_TOKEN }),
  'a token that is expired': async (world) =>
    bearer(await tokenFor(world, { role: 'admin', validMs: -1_000 })),
  'a token that expires now': async (world) => bearer(await tokenFor(world, { role: 'admin', validMs: 0 })),
  "an EU deployment's token": async (world) => another(world, { residency: 'eu' }),
  "a local relay's token": async (world) => another(world, { env: 'local' }),
  'a token signed with another master key': async (world) =>
    another(world, { masterKeys: { primary: decodeBase64(OTHER_KEY) ?? new Uint8Array() } }),
  ...forged({
    'a token for another audience': { claims: { aud: 'another-service' } },
    'a token for no audience': { claims: { aud: undefined } },
    'a token of another issuer': { claims: { iss: 'another-service' } },
    'a token of no issuer': { claims: { iss: undefined } },
    'a token without an end': { claims: { exp: undefined } },
    'a token whose end is a text': { claims: { exp: String(inSeconds(HOUR_SECONDS)) } },
    'a token without an id': { claims: { jti: undefined } },
    'a token of an unknown role': { claims: { role: 'root' } },
    'a token whose tenant is a pattern': { claims: { tenant: '*' } },
    'a token without a tenant claim': { claims: { tenant: undefined } },
    'a token that is not valid yet': { claims: { nbf: inSeconds(HOUR_SECONDS) } },
    'a token of another type': { header: { typ: 'JWT' } },
    'a token of no type': { header: { typ: undefined } },
    'a token with an unknown key': { header: { kid: 'AAAAAAAAAAA' } },
    'a token that names no key': { header: { kid: undefined } },
    'a token that names the other key': { header: { kid: kidOf(OTHER_KEY) } },
    'a token with a critical header': { header: { crit: ['exp'], exp: 1 } },
    'a token of HS512': { header: { alg: 'HS512' }, hash: 'sha512' },
    'a token signed with the master key itself': { key: decodeBase64(MASTER_KEY) ?? '' },
    'a token signed with nothing': { key: '' },
    "a token signed with the key's id": { key: kidOf(MASTER_KEY) },
    'a token of RS256 that is signed with the secret': { header: { alg: 'RS256' } },
  }),
  'a token of alg none': async (world) => {
    const [, payload] = forgedToken().split('.');
    const header = btoa(
      JSON.stringify({ alg: 'none', typ: 'noxys-relay-token+jwt', kid: kidOf(MASTER_KEY) }),
    );
    return registered(world, `${header.replaceAll('=', '')}.${payload}.`);
  },
  'a token without its signature': async (world) => registered(world, forgedToken().replace(/[^.]*$/, '')),
  'a token with another payload': async (world) => {
    const [header, , signature] = forgedToken({ claims: { role: 'viewer' } }).split('.');
    return registered(world, [header, forgedToken().split('.')[1], signature].join('.'));
  },
  'a token of RS256': async (world) =>
    registered(
      world,
      await access.assertion({
        key: rsaKey,
        header: { typ: 'noxys-relay-token+jwt' },
        claims: {
          iss: 'noxys-relay',
          aud: 'noxys-relay/production/global',
          jti: FORGED_ID,
          role: 'admin',
          tenant: null,
        },
      }),
    ),
  'a sealed secret': async (world) => {
    const sealer = createSealer(settingsOf(world.env).masterKeys);
    return bearer(await sealer.seal(ADMIN_TOKEN, { tenant: 'acme', purpose: 'webhook' }));
  },
  "Access's assertion as a bearer": async () => bearer(await access.assertion()),
  'a wrong bearer beside a good assertion': async () => ({
    authorization: 'Bearer wrong-admin-token-0123456789',
    ...(await asserted()),
  }),
  'an assertion for another application': async () => asserted({ claims: { aud: ['cd'.repeat(32)] } }),
  'an assertion for none': async () => asserted({ claims: { aud: undefined } }),
  "another team's assertion": async () => ({ 'cf-access-jwt-assertion': await otherTeam.assertion() }),
  'an assertion of no issuer': async () => asserted({ claims: { iss: undefined } }),
  'an assertion that is expired': async () => asserted({ claims: { exp: inSeconds(-60) } }),
  'an assertion without an end': async () => asserted({ claims: { exp: undefined } }),
  'an assertion that is not valid yet': async () => asserted({ claims: { nbf: inSeconds(HOUR_SECONDS) } }),
  'an assertion with a key that Access does not have': async () => asserted({ key: unknownKey }),
  "an assertion of a stranger's key under a known name": async () => asserted({ key: strangerKey }),
  'an assertion of a whole session': async () => asserted({ claims: { type: 'org' } }),
  'an assertion that names nobody': async () => asserted({ claims: { email: undefined } }),
  'an assertion of a service that is named like a person': async () =>
    asserted({ claims: { email: undefined, common_name: 'ops@mssp.eu' } }),
  'an assertion that is no JWT': () => ({ 'cf-access-jwt-assertion': 'x.y.z' }),
  'an assertion of alg none': async () => {
    const [, payload] = (await access.assertion()).split('.');
    const header = btoa(JSON.stringify({ alg: 'none', kid: access.newest.kid })).replaceAll('=', '');
    return { 'cf-access-jwt-assertion': `${header}.${payload}.` };
  },
  'an assertion signed with the public key as a secret': async () => {
    const [, payload = ''] = (await access.assertion()).split('.');
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<
      string,
      unknown
    >;
    const header = { alg: 'HS256', typ: 'JWT', kid: access.newest.kid };
    return { 'cf-access-jwt-assertion': forgedToken({ header, claims, key: access.certs }) };
  },
  'a minted token as an assertion': async (world) => ({
    'cf-access-jwt-assertion': await tokenFor(world, { role: 'admin' }),
  }),
};

/** Signed as they must be: only the registry can tell. */
export const REFUSED_BY_REGISTRY: Readonly<Record<string, MakeHeaders>> = {
  'a token that was revoked': async (world) => {
    const { text, record } = await unknownTokenFor(world, { role: 'admin' });
    await registerId(world, record.id, record.digest);
    const actor = { by: 'bootstrap', requestId: 'req-0' };
    await world.registry.revoke({ v: 1, actor, nowMs: Date.now(), id: record.id });
    return bearer(text);
  },
  'a token that the registry does not know': async (world) =>
    bearer((await unknownTokenFor(world, { role: 'admin' })).text),
  'a token that somebody made with the key, under a known id': async (world) => {
    await registerId(world, FORGED_ID, sha256Hex('the token that has this id'));
    return bearer(forgedToken());
  },
};

export function bearer(token: string): HeaderFields {
  return { authorization: `Bearer ${token}` };
}

export async function asserted(changes?: Parameters<AccessSimulator['assertion']>[0]): Promise<HeaderFields> {
  return { 'cf-access-jwt-assertion': await access.assertion(changes) };
}

/** Minted for another deployment, and known here all the same. */
async function another(
  world: World,
  deployment: Parameters<typeof unknownTokenFor>[2],
): Promise<HeaderFields> {
  const { text, record } = await unknownTokenFor(world, { role: 'admin' }, deployment);
  await registerId(world, record.id, record.digest);
  return bearer(text);
}

async function registered(world: World, text: string): Promise<HeaderFields> {
  await registerId(world, FORGED_ID, sha256Hex(text));
  return bearer(text);
}

function forged(
  cases: Readonly<Record<string, Parameters<typeof forgedToken>[0]>>,
): Record<string, MakeHeaders> {
  return Object.fromEntries(
    Object.entries(cases).map(([name, changes]) => [
      name,
      async (world: World) => registered(world, forgedToken(changes)),
    ]),
  );
}
