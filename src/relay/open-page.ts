/** Opens a page of a move for one tenant. Stores nothing. What does not open as a page of this tenant is a refusal, never an exception. */

import { gunzipSync } from 'node:zlib';

import type { MoveFailure } from '../domain/move.ts';
import { MOVE_PURPOSE } from '../domain/move.ts';
import type { SealedTenantConfig, Residency } from '../domain/tenant-config.ts';
import { withLaterKeys } from '../domain/tenant-config.ts';
import { decodeBase64, decodeUtf8 } from '../lib/bytes.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Settings } from '../settings.ts';
import { reseal } from '../tenants/reseal.ts';
import { openConfig } from '../tenants/stored-secrets.ts';
import { validateTenantConfig } from '../tenants/validate.ts';
import type { MovePage } from './move-pages.ts';
import { MIGRATIONS } from './schema.ts';

/** A page's rows are a few MiB at the very most. */
const PAGE_BYTES_MAX = 32 * 1024 * 1024;

export async function openPage(
  sealer: Sealer,
  { tenant, to, sealed }: { readonly tenant: string; readonly to: Residency; readonly sealed: string },
): Promise<Result<MovePage, MoveFailure>> {
  const opened = await sealer.open(sealed, { tenant, purpose: MOVE_PURPOSE });
  if (!opened.ok) return refused(opened.error.kind === 'unknown_key' ? 'unknown_key' : 'unreadable');
  const page = readPage(opened.value);
  if (!page || page.to !== to) return refused('unreadable');
  const isNewer = page.v !== 1 || page.schema > (MIGRATIONS.at(-1)?.version ?? 0);
  return isNewer ? refused('newer_release') : success(page);
}

/** The config as the target's: valid here, in its new residency, every secret under the primary key. */
export async function arrivingConfig(
  sealer: Sealer,
  settings: Settings,
  { stored, to }: { readonly stored: SealedTenantConfig; readonly to: Residency },
): Promise<Result<SealedTenantConfig, MoveFailure>> {
  const config = { ...withLaterKeys(stored), residency: to };
  const opened = await openConfig(config, sealer);
  const unknown = [...opened.secrets, opened.pseudonymKey].some(
    ({ value }) => !value.ok && value.error.kind === 'unknown_key',
  );
  if (unknown) return refused('unknown_key');
  const resealed = await reseal(opened, sealer);
  if (!resealed.ok) return failure({ kind: 'config_invalid', faults: resealed.error });
  const valid = validateTenantConfig(opened.config, settings);
  return valid.ok ? resealed : failure({ kind: 'config_invalid', faults: valid.error });
}

function readPage(text: string): MovePage | undefined {
  const bytes = decodeBase64(text);
  if (!bytes) return undefined;
  try {
    const json = decodeUtf8(gunzipSync(bytes, { maxOutputLength: PAGE_BYTES_MAX }));
    const page = json === undefined ? undefined : jsonIn(json);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by a relay that wrote it as one
    return isRecord(page) && typeof page['v'] === 'number' ? (page as unknown as MovePage) : undefined;
  } catch {
    return undefined;
  }
}

function refused(
  reason: Extract<MoveFailure, { kind: 'move_refused' }>['reason'],
): Result<never, MoveFailure> {
  return failure({ kind: 'move_refused', reason });
}
