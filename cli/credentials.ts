/** The caller's token: from a file, the environment, a local relay's `.dev.vars`, or a prompt; never from an argument. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

import { invalidInput } from './failure.ts';
import { canAsk, type Io } from './io.ts';
import { isLoopback } from './origin.ts';
import { looksLikePath } from './secret-arguments.ts';

/** Printable ASCII without a space. Source: RFC 6750 2.1, taken generously. */
const TOKEN_PATTERN = /^[\x21-\x7e]{1,8192}$/;
const FILE_BYTES_MAX = 64 * 1024;

/** Environment variables that hold secrets. */
export const SECRET_VARIABLES = [
  'NOXYS_RELAY_TOKEN',
  'NOXYS_WEBHOOK_SECRET',
  'NOXYS_WEBHOOK_AUTH_TOKEN',
  'NOXYS_NEW_SECRET',
  'CF_ACCESS_CLIENT_SECRET',
] as const;

/** The headers that let a request in. Throws a CliFailure when there is none to be had. */
export async function credentialHeaders(
  io: Io,
  origin: string,
  tokenFile: string | undefined,
): Promise<Record<string, string>> {
  const access = accessHeaders(io.env);
  const token = await readToken(io, origin, tokenFile, Object.keys(access).length > 0);
  return { ...access, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
}

/** A Cloudflare Access service token, where Access stands in front. Source: Cloudflare docs, "Service tokens", read 2026-11. */
function accessHeaders(env: Io['env']): Record<string, string> {
  const { CF_ACCESS_CLIENT_ID: id, CF_ACCESS_CLIENT_SECRET: secret } = env;
  if (!id || !secret) return {};
  return { 'CF-Access-Client-Id': id.trim(), 'CF-Access-Client-Secret': secret.trim() };
}

async function readToken(
  io: Io,
  origin: string,
  tokenFile: string | undefined,
  isOptional: boolean,
): Promise<string | undefined> {
  if (tokenFile !== undefined) return checked(readSecretFile(io, tokenFile, '--token-file'), '--token-file');
  const fromEnv = io.env['NOXYS_RELAY_TOKEN']?.trim();
  if (fromEnv) return checked(fromEnv, 'NOXYS_RELAY_TOKEN');
  const local = isLoopback(origin) ? devToken(io) : undefined;
  if (local !== undefined) return checked(local, '.dev.vars');
  if (isOptional) return undefined;
  if (canAsk(io)) {
    const asked = await io.prompts.secret({ message: `Token for ${origin}` });
    return checked(asked.trim(), 'The token');
  }
  throw invalidInput(
    `There is no token for ${origin}.`,
    `Set NOXYS_RELAY_TOKEN, or name a file with --token-file${isLoopback(origin) ? ', or run it in the folder with .dev.vars' : ''}.`,
  );
}

function checked(token: string, source: string): string {
  if (TOKEN_PATTERN.test(token)) return token;
  throw invalidInput(
    `${source} holds no token: it must be one word of printable characters.`,
    'Copy it again, without spaces or line breaks inside.',
  );
}

/** RELAY_ADMIN_TOKEN of the local relay, which `npm run dev` wrote. */
function devToken({ cwd }: Io): string | undefined {
  try {
    return parseEnv(readFileSync(resolve(cwd, '.dev.vars'), 'utf8'))['RELAY_ADMIN_TOKEN'] || undefined;
  } catch {
    return undefined;
  }
}

/**
 * A file's content without the line break that editors add. Throws a CliFailure that names the option, and the file only where it
 * looks like one: people write the secret itself there.
 */
export function readSecretFile({ cwd }: Pick<Io, 'cwd'>, path: string, option: string): string {
  const name = looksLikePath(path) ? path : `the file of ${option}`;
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(cwd, path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw invalidInput(`Can't read ${name}${code === 'ENOENT' ? ': there is no such file' : ` (${code})`}.`);
  }
  if (bytes.byteLength > FILE_BYTES_MAX) throw invalidInput(`${path} is too large to be a secret.`);
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text.trim() === '') throw invalidInput(`${path} is empty.`);
  return text;
}
