/**
 * The answers of `init --answers`: a tenant's document whose secrets may be references, and whose webhook secret may be absent.
 * Then one is made up, to be replaced once Noxys shows its own.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { formatPath } from '../../src/domain/config-faults.ts';
import { parseDocument } from '../../src/http/api/document.ts';
import { isRecord } from '../../src/lib/record.ts';
import { invalidInput } from '../failure.ts';
import type { Session } from '../session.ts';
import { readEnvFile } from '../tenant-files/env-file.ts';
import { lookupsOf } from '../tenant-files/lookups.ts';
import { placeFaults } from '../tenant-files/place-faults.ts';
import { brokenFiles } from '../tenant-files/read-folder.ts';
import { resolveReferences } from '../tenant-files/references.ts';
import { inlineRuleFiles } from '../tenant-files/rule-files.ts';
import { newWebhookSecret } from './new-webhook-secret.ts';

/** The document with its references resolved. Throws a CliFailure with every fault and its place. */
export function readAnswers({ io }: Session, file: string): Record<string, unknown> {
  const path = resolve(io.cwd, file);
  const text = readText(path, file);
  const parsed = parseDocument(
    new TextEncoder().encode(text),
    path.endsWith('.json') ? 'application/json' : 'application/yaml',
  );
  if (!parsed.ok) {
    const faults = parsed.error.kind === 'document_unreadable' ? parsed.error.faults : [];
    throw brokenFiles(faults.map((fault) => ({ file, ...fault })));
  }
  const env = readEnvFile(dirname(path));
  const lookups = lookupsOf(
    { environment: io.env, own: env },
    { base: dirname(path), within: dirname(path) },
  );
  const inlined = inlineRuleFiles(parsed.value, { path, name: file, folder: dirname(path) });
  const resolved = resolveReferences(inlined.document, lookups);
  if (!resolved.ok || inlined.faults.length > 0) {
    const references = resolved.ok ? [] : resolved.error;
    const faults = references.map((fault) => ({ ...fault, path: formatPath(fault.path) }));
    throw brokenFiles(placeFaults({ name: file, text }, [...faults, ...inlined.faults]));
  }
  const { value } = resolved.value;
  if (!isRecord(value) || Array.isArray(value))
    throw invalidInput(`${file} holds no answers: see docs/cli.md.`);
  return Object.fromEntries(Object.entries(value));
}

/** The document with the rules that come with the relay, unless it says which. */
export function withRules(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...document, ...(!Object.hasOwn(document, 'rules') && { rules: { catalog: 'all' } }) };
}

/** The document with a webhook secret: its own, or a made-up one. */
export function withWebhookSecret(document: Readonly<Record<string, unknown>>): {
  readonly document: Record<string, unknown>;
  readonly isMadeUp: boolean;
} {
  const webhook = isRecord(document['webhook']) ? document['webhook'] : {};
  const isMadeUp = !('secrets' in webhook);
  const secrets = isMadeUp ? [newWebhookSecret()] : webhook['secrets'];
  return { document: { ...document, webhook: { ...webhook, secrets } }, isMadeUp };
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw invalidInput(`Can't read ${name}.`);
  }
}
