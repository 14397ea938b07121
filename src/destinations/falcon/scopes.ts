/**
 * The scopes of a Falcon API client that the relay's calls need, by the names under which the console grants them. Pure.
 * Source: falconjs dist/apis (ids), falcon-mcp api_scopes.py and the Terraform provider's documentation (names), read 2026-11.
 */

const SCOPE_NAMES = {
  'cases:read': 'Cases: Read',
  'cases:write': 'Cases: Write',
  'ioc:read': 'IOC Management: Read',
  'ioc:write': 'IOC Management: Write',
  'devices:read': 'Hosts: Read',
  'devices:write': 'Hosts: Write',
  'alerts:read': 'Alerts: Read',
  'alerts:write': 'Alerts: Write',
  'workflow:read': 'Workflow: Read',
  'workflow:write': 'Workflow: Write',
} as const;

export type FalconScope = keyof typeof SCOPE_NAMES;

/** The console's name of a scope, such as `Cases: Write`. */
export function scopeName(scope: FalconScope): string {
  return SCOPE_NAMES[scope];
}
