/**
 * Cloudflare Access as the relay sees it: a team's public keys below `/cdn-cgi/access/certs`, and assertions signed with them.
 * Source: Cloudflare Access, "Application token" and "Validate JWTs", read 2026-11.
 */

import { exportJWK } from 'jose/key/export';
import { generateKeyPair } from 'jose/key/generate/keypair';
import type { JWK } from 'jose';
import { SignJWT } from 'jose/jwt/sign';

export const CERTS_PATH = '/cdn-cgi/access/certs';
const SESSION_SECONDS = 3_600;

type Algorithm = 'RS256' | 'ES256';

interface KeyPair {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export interface AssertionChanges {
  /** Over those of a person's session; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Which of the keys signs; default the newest. */
  readonly key?: KeyPair;
}

export class AccessSimulator {
  readonly origin: string;
  readonly audience = 'ab'.repeat(32);
  readonly #nowMs: () => number;
  readonly #keys: KeyPair[] = [];
  /** URLs that were asked for. */
  readonly requests: string[] = [];
  /** How the keys are answered; a test makes it fail. */
  answers: () => Promise<Response> = async () => new Response(this.certs);

  private constructor(origin: string, nowMs: () => number) {
    this.origin = origin;
    this.#nowMs = nowMs;
  }

  static async create(
    origin = 'https://mssp.cloudflareaccess.com',
    nowMs = () => Date.now(),
    alg: Algorithm = 'ES256',
  ): Promise<AccessSimulator> {
    const access = new AccessSimulator(origin, nowMs);
    await access.rotate(alg);
    return access;
  }

  /** Another team's simulator with the same keys: what it signs is by another issuer. */
  as(origin: string): AccessSimulator {
    const other = new AccessSimulator(origin, this.#nowMs);
    other.#keys.push(...this.#keys);
    return other;
  }

  /** A new key beside the old ones. */
  async rotate(alg: Algorithm = 'ES256'): Promise<void> {
    this.#keys.push(await makeKeyPair(alg, `key-${this.#keys.length + 1}`));
  }

  get newest(): KeyPair {
    const key = this.#keys.at(-1);
    if (!key) throw new Error('there is always one');
    return key;
  }

  /** The body of the certs endpoint. */
  get certs(): string {
    return JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk), public_certs: [] });
  }

  readonly fetch: typeof fetch = async (input) => {
    this.requests.push(new Request(input).url);
    return this.answers();
  };

  /** Signs what Access sends in `Cf-Access-Jwt-Assertion`. */
  async assertion({ claims = {}, header = {}, key = this.newest }: AssertionChanges = {}): Promise<string> {
    const nowSeconds = Math.floor(this.#nowMs() / 1000);
    const session = {
      aud: [this.audience],
      email: 'ops@mssp.eu',
      exp: nowSeconds + SESSION_SECONDS,
      iat: nowSeconds,
      nbf: nowSeconds,
      iss: this.origin,
      type: 'app',
      identity_nonce: '6ei69kawdKzMIAPF',
      sub: '7335d417-61da-459d-899c-0a01c76a2f94',
      country: 'FR',
    };
    return new SignJWT({ ...session, ...claims })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }

  /** The variables that let it in. */
  variables(roles: string) {
    return { ACCESS_TEAM_DOMAIN: this.origin, ACCESS_AUD: this.audience, ACCESS_ROLES: roles };
  }
}

/** One that Access does not have, unless it is asked for by a `kid` of its own. */
export async function makeKeyPair(alg: Algorithm, kid: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { kid, alg, privateKey, jwk };
}
