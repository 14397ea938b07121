/**
 * What a HarfangLab user must be allowed to, in the words of the console. A token has the rights of its user.
 * The two of rules are the vendor's (Netskope's documentation of its plugin, read 2026-11); the names of the others are not published.
 */

export const PERMISSIONS = {
  rulesView: 'View rules, IOC, rulesets, and whitelists',
  rulesEdit: 'Edit rules, IOC, and rulesets',
  endpointsView: 'View endpoints',
  endpointsIsolate: 'Isolate endpoints',
  telemetryView: 'View telemetry',
  threatsView: 'View threats',
  threatsEdit: 'Edit threats',
} as const;
export type Permission = keyof typeof PERMISSIONS;

/** As the console names it, or near enough to find it. */
export function permissionName(permission: Permission): string {
  return PERMISSIONS[permission];
}
