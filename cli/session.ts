/** What every command has at hand: its surroundings, its output, and the relay that it talks to once it needs one. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ApiClient } from './api-client.ts';
import { credentialHeaders } from './credentials.ts';
import { invalidInput } from './failure.ts';
import type { Io } from './io.ts';
import { readOrigin } from './origin.ts';
import type { Concealed } from './output/concealed.ts';
import { Output } from './output/output.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly reason?: string;
  readonly json?: boolean;
  /** False with `--no-color`. */
  readonly color?: boolean;
}

/** As the relay takes it. */
const REASON_LENGTH_MAX = 200;
const CONTROL_PATTERN = /\p{Cc}/u;

export const { version: VERSION } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'),
) as { readonly version: string };

export class Session {
  readonly io: Io;
  readonly out: Output;
  readonly options: GlobalOptions;
  #api: Promise<ApiClient> | undefined;

  constructor(io: Io, options: GlobalOptions, concealed: Concealed) {
    this.io = io;
    this.options = options;
    const { json = false, color = true } = options;
    this.out = new Output(io, { isJson: json, isColourOff: !color, concealed });
  }

  /** Whether the caller said which relay: some commands do without. */
  get hasRelay(): boolean {
    return this.#address !== undefined;
  }

  /** The relay's origin. Throws a CliFailure when none was said. */
  get origin(): string {
    const address = this.#address;
    if (address !== undefined) return readOrigin(address);
    throw invalidInput(
      'Which relay is it? Neither NOXYS_RELAY_URL nor --url says so.',
      'Such as: export NOXYS_RELAY_URL=https://relay.example.com (local: http://127.0.0.1:8787).',
    );
  }

  /** The relay. Asks for the token once, if need be. */
  async api(): Promise<ApiClient> {
    this.#api ??= this.#connect();
    return this.#api;
  }

  get #address(): string | undefined {
    return this.options.url ?? (this.io.env['NOXYS_RELAY_URL']?.trim() || undefined);
  }

  async #connect(): Promise<ApiClient> {
    const { origin } = this;
    const reason = reasonHeader(this.options.reason);
    const credentials = await credentialHeaders(this.io, origin, this.options.tokenFile);
    for (const [name, value] of Object.entries(credentials)) {
      if (name !== 'CF-Access-Client-Id') this.out.conceal(value.replace(/^Bearer /, ''));
    }
    return new ApiClient({ origin, headers: { ...userAgent(), ...credentials, ...reason }, io: this.io });
  }
}

/** Said with every request. */
export function userAgent(): Record<string, string> {
  return { 'user-agent': `noxys-relay-cli/${VERSION}` };
}

/** Why it is done, for the audit. */
export function reasonHeader(reason: string | undefined): Record<string, string> {
  if (reason === undefined) return {};
  if (reason === '' || reason.length > REASON_LENGTH_MAX || CONTROL_PATTERN.test(reason)) {
    throw invalidInput(`--reason takes 1 to ${REASON_LENGTH_MAX} characters in one line.`);
  }
  return { 'relay-reason': encodeURIComponent(reason) };
}
