/** How a secret is shown, and how a writer says "leave it as it is": secrets are write-only. */

/** Stands for every secret in an answer; in a PUT it keeps the stored one. No product issues a secret like it. */
export const KEPT_SECRET = '<set>';
