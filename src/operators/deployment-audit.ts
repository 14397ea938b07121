/**
 * Who did what to the deployment as a whole: tokens, tenants that came and went. What is done inside a tenant is in its own object.
 * An entry is written in the transaction of what it is about where that is in the registry. It holds no secret.
 */

import type { DeploymentAuditAction } from '../domain/registry.ts';
import { AuditTable } from '../lib/audit-table.ts';

export class DeploymentAudit extends AuditTable<DeploymentAuditAction> {}
