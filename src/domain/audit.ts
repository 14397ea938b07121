/** What the audit of a tenant holds. Types and constants only. */

export const AUDIT_ACTIONS = [
  'config.saved',
  'secret.rotated',
  'secrets.resealed',
  'pauses.ended', // a config that changes nothing was saved again
  'destination.paused',
  'destination.resumed',
  'destination.tested',
  'host.isolated', // a rule asked for it: before it is sent, and with what came of it as far as an answer was seen
  'workflow.started', // likewise
  'host.containment_lifted', // twice: before it is asked for, and with what came of it
  'dead_letters.redriven',
  'persons.shown', // events were shown with the people in them
  'user.searched', // events of one user were searched
  'detection.judged', // true or false positive
  'user.key_shown', // a user's pseudonym was looked up
  'user.revealed', // the name behind a pseudonym was looked up in the sealed map
  'user.exported', // all that is stored of a user was given out
  'user.erased', // twice: before it begins, and with what was removed
  'hold.placed', // what is held is kept, whatever retention says
  'hold.lifted',
  'retention.applied', // what was older than it may be is gone
  'tenant.move_begun', // to another residency: nothing is taken or sent from here on
  'tenant.move_abandoned', // it stays, and goes on
  'tenant.moved', // written where it arrived
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What an audit entry says of its action: names, counts, paths, a user's key; never a secret, never a person. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface AuditEntry {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** A principal's id; `unknown` when an older Worker asked. */
  readonly by: string;
  readonly action: AuditAction;
  readonly requestId: string;
  readonly reason?: string;
  readonly detail: AuditDetail;
}
