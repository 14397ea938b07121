/** The bundled playbooks: what to do about a detection, as a checklist. Constants and types only. */

/** By which a rule names its playbook (`relay.playbook`). */
export const PLAYBOOKS = ['unauthorized_platform', 'critical_response', 'credential_exposure'] as const;
export type PlaybookName = (typeof PLAYBOOKS)[number];
