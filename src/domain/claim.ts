/**
 * How long a new tenant's id is claimed, so that it never gets two objects, one in each place. Constants only.
 * An EU object is the judge of its id: it takes a first config itself, or grants a claim for the other place, never both.
 *
 * Why it holds: the writer looks into both places first, and its first config counts for CREATION_MS after that. Say a global one was
 * saved under a claim granted at T, so before T + CREATION_MS. An EU one is saved only when no claim is live: after T + CLAIM_MS.
 * Its writer looked at most CREATION_MS earlier, when the global one was there to be seen. Clocks may differ by what is between.
 */

/** From a writer's look at both places to its first config. An object answers in well under a second. */
export const CREATION_MS_MAX = 10_000;
/** Twice that, and 10 s for clocks that differ. */
export const CLAIM_MS = 30_000;
