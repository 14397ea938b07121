/** Why a request is not done, by its facts: problem.ts makes words of it. Types only. */

import type { ConfigFault } from '../domain/fault.ts';
import type { Role } from '../domain/principal.ts';
import type { MoveRefusal } from '../domain/move.ts';
import type { LaneRest } from '../domain/rpc.ts';
import type { Residency } from '../domain/tenant-config.ts';

export type RequestFailure =
  | { readonly kind: 'body_too_large'; readonly bytesMax: number }
  | { readonly kind: 'body_interrupted' }
  | { readonly kind: 'body_too_slow'; readonly timeoutMs: number }
  | { readonly kind: 'unsupported_media_type'; readonly accepted: string }
  | { readonly kind: 'unsupported_encoding' }
  /** Every refusal of a webhook: bad, missing, stale signature, unknown tenant. */
  | { readonly kind: 'webhook_refused' }
  | { readonly kind: 'body_unusable'; readonly path: string; readonly detail: string }
  | { readonly kind: 'rate_limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number }
  /** Every refusal of an operator: a token or an assertion that is missing, malformed, wrong, expired, revoked. */
  | { readonly kind: 'operator_refused' }
  /** Known, but without the role that the route needs; without one: has none at all. */
  | {
      readonly kind: 'role_missing';
      readonly role?: Role;
      /** The role for a tenant is not enough. */
      readonly isForDeployment?: boolean;
    }
  | { readonly kind: 'too_many_requests'; readonly retryAfterSeconds: number }
  | { readonly kind: 'document_unreadable'; readonly faults: readonly ConfigFault[] }
  | { readonly kind: 'config_invalid'; readonly faults: readonly ConfigFault[] }
  /** The short body of an admin route; a config has its own. */
  | { readonly kind: 'body_invalid'; readonly faults: readonly ConfigFault[] }
  | { readonly kind: 'parameter_invalid'; readonly path: string; readonly detail: string }
  | { readonly kind: 'precondition_failed'; readonly version: number | null }
  | {
      readonly kind: 'version_conflict';
      /** What it is at now; absent: not known. */
      readonly version?: number | null;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'residency_change'; readonly stored: Residency }
  /** `one_place`: locally both residencies are. `not_served`: this deployment has no tenants of that residency. */
  | { readonly kind: 'move_refused'; readonly reason: MoveRefusal | 'one_place' | 'not_served' }
  | { readonly kind: 'tenant_not_found' }
  | { readonly kind: 'token_not_found' }
  | { readonly kind: 'too_many_tokens'; readonly max: number; readonly counted: 'valid' | 'kept' }
  /** It may not be deleted as it is. */
  | { readonly kind: 'tenant_has_undelivered'; readonly rest: readonly LaneRest[] }
  /** What is asked would remove what legal holds keep. */
  | { readonly kind: 'held'; readonly tenant: string; readonly holds: readonly number[] }
  | { readonly kind: 'hold_not_found' }
  | { readonly kind: 'too_many_holds'; readonly max: number }
  | { readonly kind: 'destination_not_found'; readonly known: readonly string[] }
  /** Nothing was done: no such host, several, or one that is not isolated. */
  | { readonly kind: 'containment_not_lifted'; readonly detail: string }
  | { readonly kind: 'containment_not_granted' }
  /** It was asked to do something at once, and did not. */
  | { readonly kind: 'destination_failed'; readonly detail: string; readonly reason?: string }
  | { readonly kind: 'event_not_found' }
  | { readonly kind: 'erasure_not_found' }
  /** `isOn`: the tenant keeps the sealed map. */
  | { readonly kind: 'name_not_found'; readonly isOn: boolean }
  | { readonly kind: 'rule_not_found' }
  | { readonly kind: 'detection_not_found' }
  /** The object that had it has started anew, or nobody asked for it for a while. */
  | { readonly kind: 'backtest_lost' }
  | { readonly kind: 'dead_letter_not_found' }
  /** It was asked for by itself, and can't be sent again now. */
  | { readonly kind: 'dead_letter_left' }
  | { readonly kind: 'route_not_found' }
  | { readonly kind: 'method_not_allowed'; readonly allowed: string }
  | { readonly kind: 'not_loopback' }
  | { readonly kind: 'internal_error' };
