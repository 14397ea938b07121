/** The relay that a tenant moves to: the same one, or another with a token of its own. The source's credentials never go there. */

import { ApiClient } from '../api-client.ts';
import { credentialHeaders } from '../credentials.ts';
import { invalidInput } from '../failure.ts';
import { readOrigin } from '../origin.ts';
import { type Session, reasonHeader, userAgent } from '../session.ts';

export interface TargetOptions {
  readonly toUrl?: string | undefined;
  readonly toTokenFile?: string | undefined;
}

export async function targetApi(session: Session, { toUrl, toTokenFile }: TargetOptions): Promise<ApiClient> {
  if (toUrl === undefined) {
    if (toTokenFile !== undefined) throw invalidInput('--to-token-file belongs to --to-url.');
    return session.api();
  }
  const origin = readOrigin(toUrl, '--to-url');
  if (origin === session.origin) throw invalidInput('--to-url is the relay itself: leave it out.');
  if (toTokenFile === undefined)
    throw invalidInput(
      '--to-url needs --to-token-file.',
      'The other deployment has tokens of its own: mint one there for every tenant, with the role admin.',
    );
  const { io, out, options } = session;
  const { NOXYS_TO_ACCESS_CLIENT_ID: id, NOXYS_TO_ACCESS_CLIENT_SECRET: secret } = io.env;
  const env = { CF_ACCESS_CLIENT_ID: id, CF_ACCESS_CLIENT_SECRET: secret };
  const credentials = await credentialHeaders({ ...io, env }, origin, toTokenFile);
  for (const [name, value] of Object.entries(credentials)) {
    if (name !== 'CF-Access-Client-Id') out.conceal(value.replace(/^Bearer /, ''));
  }
  const headers = { ...userAgent(), ...credentials, ...reasonHeader(options.reason) };
  return new ApiClient({ origin, option: '--to-url', headers, io });
}
