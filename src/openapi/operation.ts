/** What is said of a route beyond what it says itself. Types only. */

import type * as z from 'zod/mini';

export interface Operation {
  /** Unique, camelCase. */
  readonly id: string;
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  /** More, in sentences; absent when the summary says it all. */
  readonly description?: string;
  /** By status: what a success answers. */
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema: z.ZodMiniType }>
  >;
  /** Statuses of failures beyond those that its role, parameters and body bring. */
  readonly failures?: readonly number[];
  /** `config`: a tenant's config, YAML or JSON; `optional_config`: the same, or nothing. */
  readonly body?: 'config' | 'optional_config';
  /** Takes `If-Match` and `If-None-Match`. */
  readonly isConditional?: boolean;
  /** Answers with an `ETag`. */
  readonly hasEtag?: boolean;
  /** Text instead of JSON. */
  readonly contentType?: string;
}

export type Operations = Readonly<Record<string, Operation>>;
