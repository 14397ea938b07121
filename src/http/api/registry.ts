/** The token registry, as an admin route asks it. */

import type { NoteRequest, RegistryWrite, TokenRegistryRpc } from '../../domain/registry.ts';
import type { AuditDetail } from '../../domain/audit.ts';
import type { Result } from '../../lib/result.ts';
import type { Call } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { askRegistry } from '../registry.ts';

/** What asking takes of a request. */
export type RegistryCaller = Pick<Call, 'c' | 'deployment' | 'options' | 'actor'>;

/** What the registry answers; `write` is what each request that writes carries. */
export async function askTokens<T>(
  { c, deployment, options, actor }: RegistryCaller,
  ask: (registry: TokenRegistryRpc, write: RegistryWrite) => Promise<T>,
): Promise<Result<T, RequestFailure>> {
  const asked = { env: c.env, settings: deployment.settings, requestId: c.get('requestId') };
  return askRegistry(asked, async (registry) => ask(registry, { v: 1, actor, nowMs: options.nowMs() }));
}

/** Ends every token of a tenant, and says of how many. */
export async function revokeTokens(
  call: RegistryCaller,
  tenant: string,
): Promise<Result<number, RequestFailure>> {
  return askTokens(call, async (registry, write) => registry.revokeTenant({ ...write, tenant }));
}

/** Notes in the deployment's audit that a tenant came, goes or went; whoever asks decides what a failure means. */
export async function noteTenant(
  call: RegistryCaller,
  action: NoteRequest['action'],
  detail: AuditDetail & { readonly tenant: string },
): Promise<Result<void, RequestFailure>> {
  return askTokens(call, async (registry, write) => registry.note({ ...write, action, detail }));
}
