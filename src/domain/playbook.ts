/** The bundled playbooks: what to do about a detection, as a checklist. Constants and types only; the words are in playbook-texts.ts. */

/** By which a rule names its playbook (`relay.playbook`). */
export const PLAYBOOKS = ['unauthorized_platform', 'critical_response', 'credential_exposure'] as const;
export type PlaybookName = (typeof PLAYBOOKS)[number];

/** What the relay may know, or have done. */
export type Known = 'user' | 'day' | 'earlier' | 'count' | 'isolation' | 'workflow' | 'watch' | 'team';
/** What a person finds out, or does. */
export type Ask =
  | 'user'
  | 'day'
  | 'isolate'
  | 'training'
  | 'manager'
  | 'submitted'
  | 'reset'
  | 'awareness'
  | 'ticket'
  | 'process'
  | 'mfa'
  | 'password'
  | 'sessions'
  | 'told'
  | 'watch'
  | 'close';

/** What the relay knows; where it does not, what a person is asked, if anything. */
export interface PlaybookStep {
  readonly known?: Known;
  readonly ask?: Ask;
}

const asks = (...names: readonly Ask[]): readonly PlaybookStep[] => names.map((ask) => ({ ask }));
const DAY: readonly PlaybookStep[] = [{ known: 'day', ask: 'day' }, { known: 'earlier' }, { known: 'count' }];

/** Source: the Noxys guides of HarfangLab (step 6) and CrowdStrike Falcon (step 7, "Credential Exposure Response"), read 2026-11. */
export const PLAYBOOK_STEPS: Readonly<Record<PlaybookName, readonly PlaybookStep[]>> = {
  unauthorized_platform: [
    { known: 'user', ask: 'user' },
    ...DAY,
    { known: 'isolation' },
    { known: 'workflow' },
    { known: 'watch' },
    ...asks('training', 'manager', 'submitted', 'reset', 'awareness', 'close'),
  ],
  critical_response: [
    { known: 'isolation', ask: 'isolate' },
    { known: 'workflow' },
    { ask: 'ticket' },
    { known: 'team' },
    { ask: 'process' },
    ...DAY,
    { known: 'watch' },
    { ask: 'close' },
  ],
  credential_exposure: [
    { known: 'workflow' },
    ...asks('mfa', 'password', 'sessions', 'told', 'ticket'),
    { known: 'isolation' },
    { known: 'watch', ask: 'watch' },
    ...DAY,
    { ask: 'close' },
  ],
};
