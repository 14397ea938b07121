/**
 * A tenant's own rules as they were parsed: the table `custom_rules`, written when a config is saved, so that an object that starts
 * parses no YAML. `digest` tells which texts they are of: a config that an older Worker wrote is parsed when it is read.
 */

import type { SigmaDocument } from '../detection/document.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { Database } from '../lib/database.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import type { RulesLayer } from './rules-layer.ts';

/** Of what is stored: it changes when the parser makes other documents of the same text. */
const FORMAT = 1;
/** UTF-16 units: a row holds 2 MB. What is longer is parsed whenever the object starts. */
const STORED_LENGTH_MAX = 600_000;

export interface CustomRules {
  readonly digest: string;
  /** Of each text, in order; none, if it is no rule. */
  readonly documents: readonly (readonly SigmaDocument[])[];
  readonly faults: readonly ConfigFault[];
}

/** The documents of custom texts: those that are stored, if they are of these texts and can be read. */
export function customRules(
  db: Database,
  layer: Pick<RulesLayer, 'parseCustom'>,
  texts: readonly string[],
): CustomRules {
  const digest = sha256Hex(JSON.stringify([FORMAT, texts]));
  const stored = storedDocuments(db, digest);
  if (stored) return { digest, documents: stored, faults: [] };
  const parsed = layer.parseCustom(texts);
  if (parsed.ok) return { digest, documents: parsed.value, faults: [] };
  const documents = texts.map((text) => {
    const alone = layer.parseCustom([text]);
    return alone.ok ? alone.value.flat() : [];
  });
  return { digest, documents, faults: parsed.error };
}

/** Writes what was parsed, unless it is there already, in part only, or too long. Call inside the transaction of the config. */
export function writeCustomRules(db: Database, { digest, documents, faults }: CustomRules): void {
  if (faults.length > 0 || storedDocuments(db, digest)) return;
  if (documents.length === 0) {
    if (db.first('SELECT 1 FROM custom_rules')) db.run('DELETE FROM custom_rules');
    return;
  }
  const text = JSON.stringify(documents);
  if (text.length > STORED_LENGTH_MAX) return;
  db.run(
    'INSERT INTO custom_rules (id, digest, documents) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, documents = excluded.documents',
    digest,
    text,
  );
}

function storedDocuments(db: Database, digest: string): SigmaDocument[][] | undefined {
  const row = db.first<{ documents: string }>('SELECT documents FROM custom_rules WHERE digest = ?', digest);
  const texts: unknown = row && jsonIn(row.documents);
  return Array.isArray(texts) && texts.every(isDocuments) ? texts : undefined;
}

function isDocuments(value: unknown): value is SigmaDocument[] {
  return Array.isArray(value) && value.every(isRecord);
}
