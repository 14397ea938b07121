import { gzipSync } from 'node:zlib';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { EXIT } from '../../cli/exit-codes.ts';
import { importWebhookKeys, verifySignature } from '../../src/ingest/signature.ts';
import { webhookSchema } from '../../src/domain/tenant-config.ts';
import { type SignatureOptions, signatureHeaders } from '../simulators/noxys-signature.ts';
import { FakeIo, NOW_MS } from './fake-io.ts';

const SECRET = 'whsec_3q2+7wAAESIzRFVmd4iZqrvM3e7/ABEiM0RVZneImao=';
/** Readable in each of the four ways, and to a different key in each. */
const HEX_SECRET = 'whsec_00112233445566778899aabbccddeeff0123456789abcdef';
const BODY = '{"type":"interaction.high_risk","id":"evt_1"}';
const SIGNED_AT_SECONDS = NOW_MS / 1000 - 3 * 86_400;

interface Capture {
  readonly options: SignatureOptions;
  readonly secret: string;
  readonly body: string;
}

function headersOf({ options, secret, body }: Capture): Record<string, string> {
  const signed = signatureHeaders(
    {
      secret,
      webhookId: 'msg_2b',
      timestampSeconds: SIGNED_AT_SECONDS,
      body: new TextEncoder().encode(body),
    },
    options,
  );
  return {
    host: 'relay.example.com',
    'user-agent': 'Noxys/1.0',
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-request-id': '8f14e45f',
    ...signed,
  };
}

const linesOf = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

async function tryOut(
  capture: Capture,
  { headers, body }: { headers?: string; body?: string | Uint8Array } = {},
) {
  const shell = new FakeIo({
    env: { NOXYS_WEBHOOK_SECRET: capture.secret },
    files: { headers: headers ?? linesOf(headersOf(capture)), body: body ?? capture.body },
  });
  return shell.run('signature try --headers headers --body body --json');
}

interface Reported {
  readonly fits: boolean;
  readonly yaml: string;
  readonly body: string;
  readonly encoding: string;
  readonly signedAt?: string;
  readonly notes: readonly string[];
}

/** Every layout that a sender may have. */
const layouts: fc.Arbitrary<SignatureOptions> = fc.record({
  scheme: fc.constantFrom('standard-webhooks', 'timestamped-hmac', 'hmac'),
  secretEncoding: fc.constantFrom('base64', 'text', 'whole', 'hex'),
  layout: fc.constantFrom('one_header', 'two_headers'),
  digestEncoding: fc.constantFrom('hex', 'base64'),
  digestPrefix: fc.constantFrom('', 'sha256='),
  headers: fc.constantFrom(
    {},
    { id: 'svix-id', timestamp: 'svix-timestamp', signature: 'svix-signature' },
    { id: 'x-noxys-delivery', timestamp: 'x-noxys-time', signature: 'x-noxys-signature' },
  ),
});

describe('signature try', { timeout: 60_000 }, () => {
  it('finds every scheme, encoding and header layout, and prints YAML under which the relay verifies', async () => {
    await fc.assert(
      fc.asyncProperty(layouts, fc.constantFrom(SECRET, HEX_SECRET), async (options, secret) => {
        fc.pre(options.secretEncoding !== 'hex' || secret === HEX_SECRET);
        const capture = { options, secret, body: BODY };
        const ran = await tryOut(capture);
        const { yaml, fits, body } = ran.json<Reported>();
        expect({ code: ran.code, fits, body }).toEqual({ code: EXIT.ok, fits: true, body: 'as_it_is' });
        expect(ran.all).not.toContain(secret);
        const webhook = webhookSchema.parse((parse(yaml) as { webhook: unknown }).webhook);
        const verifier = await importWebhookKeys({ ...webhook, secrets: [secret] });
        if (!verifier.ok) throw new Error(verifier.error.message);
        const verified = await verifySignature({
          verifier: verifier.value,
          headers: new Headers(headersOf(capture)),
          body: new TextEncoder().encode(BODY),
          nowMs: SIGNED_AT_SECONDS * 1000,
        });
        expect(verified.ok).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it.each(
    (['standard-webhooks', 'timestamped-hmac', 'hmac'] as const).flatMap((scheme) =>
      (['base64', 'text', 'whole', 'hex'] as const).map((secretEncoding) => ({ scheme, secretEncoding })),
    ),
  )('tells $scheme with a secret read as $secretEncoding from all others', async (options) => {
    const ran = await tryOut({ options, secret: HEX_SECRET, body: BODY });
    expect(ran.json()).toMatchObject({ scheme: options.scheme, encoding: options.secretEncoding });
  });

  const usual: Capture = { options: { scheme: 'standard-webhooks' }, secret: SECRET, body: BODY };

  it('leaves out of the YAML what the scheme does by itself, and never shows the secret', async () => {
    const { yaml, signedAt, notes } = (await tryOut(usual)).json<Reported>();
    expect(yaml).toBe('webhook:\n  secrets:\n    - ${NOXYS_WEBHOOK_SECRET}\n  scheme: standard-webhooks');
    expect(signedAt).toBe('2026-11-19T05:00:00.000Z');
    expect(notes.at(-1)).toContain('It was signed 3 d ago');
  });

  it.each<[string, string | Uint8Array, string]>([
    ['an editor’s final line break', `${BODY}\n`, 'no_final_line_break'],
    ['white space around it', `\n  ${BODY} \n\n`, 'trimmed'],
    ['a byte order mark', `\uFEFF${BODY}`, 'no_byte_order_mark'],
    ['pretty-printed JSON', JSON.stringify(JSON.parse(BODY), null, 2), 'compact_json'],
    ['a compressed capture', gzipSync(BODY), 'unzipped'],
  ])('sees through %s and says so', async (_what, body, name) => {
    const ran = await tryOut(usual, { body });
    expect(ran.json<Reported>()).toMatchObject({ fits: true, body: name });
    expect(ran.json<Reported>().notes.join(' ')).toContain('Only the capture is damaged');
  });

  it.each([
    ['LF for CRLF', '{\r\n"type": "a"}\r\n', '{\n"type": "a"}\n', 'crlf'],
    ['CRLF for LF', '{\n"type": "a"}\n', '{\r\n"type": "a"}\r\n', 'lf'],
    ['a lost final line break', '{"type": "a" }\n', '{"type": "a" }', 'final_line_break'],
  ])('sees through %s', async (_what, sent, captured, name) => {
    expect((await tryOut({ ...usual, body: sent }, { body: captured })).json()).toMatchObject({
      fits: true,
      body: name,
    });
  });

  const headers = headersOf(usual);
  it.each([
    [
      'a whole request',
      `POST /hooks/acme HTTP/1.1\r\n${linesOf(headers).replaceAll('\n', '\r\n')}\r\n\r\n${BODY}`,
    ],
    [
      'curl -v',
      `* Connected\n> POST / HTTP/2\n${linesOf(headers).replaceAll(/^/gm, '> ')}\n>\n< HTTP/2 401\n< webhook-id: other`,
    ],
    ['an object', JSON.stringify(headers)],
    [
      'an object of lists',
      JSON.stringify({ headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]])) }),
    ],
    [
      'a HAR',
      JSON.stringify({
        log: {
          entries: [
            { request: { headers: Object.entries(headers).map(([name, value]) => ({ name, value })) } },
          ],
        },
      }),
    ],
    ['a list of pairs', JSON.stringify(Object.entries(headers))],
  ])('reads headers from %s', async (_what, text) => {
    expect((await tryOut(usual, { headers: text })).json()).toMatchObject({ fits: true });
  });

  it('takes the timestamp that is named as the signature is, and says that the other may be meant', async () => {
    const own = { timestamp: 'x-noxys-timestamp', signature: 'x-noxys-signature' };
    const options: SignatureOptions = { scheme: 'timestamped-hmac', layout: 'two_headers', headers: own };
    const capture: Capture = { options, secret: SECRET, body: BODY };
    const lines = `x-amz-time: ${SIGNED_AT_SECONDS}\n${linesOf(headersOf(capture))}`;
    const { yaml, notes } = (await tryOut(capture, { headers: lines })).json<Reported>();
    expect(yaml).not.toContain('x-amz-time');
    expect(notes.join(' ').includes('x-amz-time')).toBe(yaml.includes('x-noxys-timestamp'));
    const foreign = { timestamp: 'x-noxys-when', signature: 'x-noxys-mac' };
    const other: Capture = { ...capture, options: { ...options, headers: foreign } };
    const found = (
      await tryOut(other, { headers: `x-amz-time: ${SIGNED_AT_SECONDS}\n${linesOf(headersOf(other))}` })
    ).json<Reported>();
    expect(found.yaml).toContain('timestamp: x-noxys-when');
    expect(found.notes.join(' ')).toContain('x-amz-time holds the same value');
  });

  it('ends at the first Ctrl-C', async () => {
    const shell = new FakeIo({
      env: { NOXYS_WEBHOOK_SECRET: SECRET },
      files: { headers: linesOf(headersOf(usual)), body: BODY },
    });
    shell.controller.abort();
    expect((await shell.run('signature try --headers headers --body body')).code).toBe(EXIT.interrupted);
  });

  it('tries several secrets, one a line, and says which one fits', async () => {
    const shell = new FakeIo({
      files: { headers: linesOf(headers), body: BODY, secrets: `whsec_b3RoZXItc2VjcmV0\n${SECRET}\n` },
    });
    const ran = await shell.run('signature try --headers headers --body body --secret-file secrets');
    expect(ran).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining('Of the 2 secrets it is number 2.'),
    });
    expect(ran.all).not.toContain(SECRET);
  });

  it('says what is nearest when nothing fits, and exits with 1', async () => {
    const other = await tryOut(usual, { body: '{"type":"another"}' });
    expect(other.code).toBe(EXIT.failed);
    expect(other.json<Reported>().notes[0]).toMatch(
      /headers are those of standard-webhooks, but no reading of the secret/,
    );
    const none = await tryOut(usual, { headers: 'host: relay.example.com\nwebhook-id: msg_1' });
    expect(none.json<Reported>().notes).toEqual([
      'Nothing fits.',
      'standard-webhooks: there is no header webhook-timestamp.',
      'timestamped-hmac: there is no header webhook-signature.',
      'hmac: there is no header x-hub-signature-256.',
    ]);
  });

  it('never crashes on headers and bodies of any kind, nor shows the secret', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.uint8Array(), async (text, body) => {
        const ran = await tryOut(usual, { headers: text, body });
        expect([EXIT.failed, EXIT.invalid]).toContain(ran.code);
        expect(ran.all).not.toContain(SECRET);
      }),
      { numRuns: 50 },
    );
  });
});
