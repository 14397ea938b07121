/** docs/operations.md, "Sign a webhook by hand": its very lines, with a curl that shows what it is given. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { signMessage } from '../../cli/signature/sign.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const SECTION = PAGE.split(/^## /m).find((part) => part.startsWith('Sign a webhook by hand')) ?? '';
const LINES = [...SECTION.matchAll(/```sh\n(.*?)```/gs)].map(([, lines = '']) => lines);
const CURL = `curl() { for word in "$@"; do printf '%s\n' "$word"; done; echo ----; }\n`;

it('makes a tenant that is valid, and signs as the relay verifies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'noxys-relay-by-hand-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, '.dev.vars'), 'RELAY_ENV=local\nRELAY_ADMIN_TOKEN=the-token\n');
  const output = execFileSync('bash', ['-euc', CURL + LINES.join('\n')], { cwd: folder, encoding: 'utf8' });
  const [put = [], hook = []] = output.split('----\n').map((words) => words.split('\n').slice(0, -1));
  expect(put).toContain('authorization: Bearer the-token');
  const document: unknown = JSON.parse(put.at(-1) ?? '');
  const config = validateTenantConfig(document, { env: 'local', residency: 'global', egressAllow: [] });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { webhook } = config.value;
  const header = (name: string) =>
    hook.find((word) => word.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  const signed = signMessage(webhook, {
    secret: webhook.secrets[0] ?? '',
    webhookId: header('webhook-id'),
    timestampSeconds: Number(header('webhook-timestamp')),
    body: new TextEncoder().encode(hook.at(-1)),
  });
  expect(signed).toMatchObject({
    ok: true,
    value: { 'webhook-signature': header('webhook-signature') },
  });
});
