/** A fault in something that a person wrote (a tenant's config): where, what, and how to mend it. Types only. */

export interface ConfigFault {
  /** Such as `destinations[0].base_url`; `` for the document itself. */
  readonly path: string;
  /** What is wrong and how to mend it, in one sentence; never quotes a secret. */
  readonly message: string;
}
