/** Why a tenant's object does not do what it is asked for now. Types only. */

/** `moving`: the tenant is on its way to another place. `moved`: it is there, and whoever asks here will learn of it. */
export type UnavailableReason = 'object_fault' | 'space_exhausted' | 'unknown_version' | 'moving' | 'moved';

/** So much was asked of late that others would wait: asked again later, it is done. */
export interface Busy {
  readonly kind: 'busy';
  readonly retryAfterSeconds: number;
}

/** There is no such tenant, or its object can't serve it now. */
export type Refused =
  { readonly kind: 'unknown_tenant' } | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };
