/** `noxys-relay signature try`: which `webhook:` settings verify a captured request. Works without a relay. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { readSecret } from '../read-secret.ts';
import type { Session } from '../session.ts';
import { readHeaders } from '../signature/read-headers.ts';
import { reportOf } from '../signature/report.ts';
import { tryAll } from '../signature/try-all.ts';

const FILE_BYTES_MAX = 8 * 1024 * 1024;
const SECRETS_MAX = 8;

interface Options {
  readonly headers: string;
  readonly body: string;
  readonly secretFile?: string | undefined;
}

export function signatureCommand(act: Act) {
  const signature = new Command('signature').summary('find out how a captured webhook is signed');
  signature.addCommand(tryCommand(act));
  return signature;
}

function tryCommand(act: Act) {
  return new Command('try')
    .summary('try every scheme and encoding on a captured request')
    .description(
      'Tries every scheme, secret encoding and header name on a captured request and prints the `webhook:` part that fits.\nHeaders: `Name: value` lines, the output of curl -v, a HAR, or JSON. Body: its bytes as they are.\nThe secret comes from --secret-file, NOXYS_WEBHOOK_SECRET or a prompt; several, one a line, are all tried.\nNothing is sent anywhere. Exit code 1 when nothing fits.',
    )
    .requiredOption('--headers <file>', 'file with the headers of the request; - is stdin')
    .requiredOption('--body <file>', 'file with the body of the request, byte for byte; - is stdin')
    .option('--secret-file <file>', 'file with the webhook secret')
    .action(act(async (session: Session, options) => tryCapture(session, options)));
}

async function tryCapture(session: Session, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  if (options.headers === '-' && options.body === '-') {
    throw invalidInput('Only one of --headers and --body can come from stdin.');
  }
  const headers = readHeaders(new TextDecoder().decode(await readInput(session, options.headers)));
  if (!headers.ok) throw invalidInput(`${options.headers} ${headers.error}.`);
  const body = await readInput(session, options.body);
  const secret = await readSecret(io, {
    what: 'The webhook secret',
    option: '--secret-file',
    file: options.secretFile,
    variable: 'NOXYS_WEBHOOK_SECRET',
  });
  const secrets = secretsIn(secret);
  for (const one of secrets) out.conceal(one);
  const report = reportOf(
    await tryAll({ headers: headers.value, body, secrets, signal: io.signal }),
    secrets.length,
    io.nowMs(),
  );
  const { words, ...facts } = report;
  out.result({ ...facts, notes: words }, () => [...words, '', report.yaml].join('\n'));
  return report.fits ? EXIT.ok : EXIT.failed;
}

function secretsIn(text: string): readonly string[] {
  const secrets = text.split(/\r?\n/).flatMap((line) => line.trim() || []);
  if (secrets.length <= SECRETS_MAX) return secrets;
  throw invalidInput(`There are ${secrets.length} secrets, one a line: at most ${SECRETS_MAX} are tried.`);
}

async function readInput({ io }: Session, file: string): Promise<Uint8Array> {
  if (file === '-') return io.stdin.readAll();
  try {
    const bytes = readFileSync(resolve(io.cwd, file));
    if (bytes.byteLength <= FILE_BYTES_MAX) return bytes;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw invalidInput(`Can't read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}.`);
  }
  throw invalidInput(`${file} is larger than 8 MiB: no webhook is.`);
}
