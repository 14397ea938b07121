/** Tenant files before they are applied: by the relay's own rules with the recorded settings, and by what `residency check` looks at. */

import { isRecord } from '../../src/lib/record.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { CliFailure } from '../failure.ts';
import type { Session } from '../session.ts';
import { readTenantFiles } from '../tenant-files/read-folder.ts';
import { checkDocument, type TenantLook } from './check-tenants.ts';
import { hostsOf } from './check-destinations.ts';
import { about, failing, type Finding, ok } from './finding.ts';
import type { DeployedConfig } from './read-config.ts';

export interface FilesLook extends TenantLook {
  /** Of the tenants whose files were looked at. */
  readonly ids: readonly string[];
}

export function checkTenantFiles(session: Session, path: string, config: DeployedConfig): FilesLook {
  try {
    const looks = readTenantFiles(session, [path]).map(({ id, json }): FilesLook => {
      const document: unknown = JSON.parse(json);
      if (config.environment.name === 'global' && isRecord(document) && document['residency'] === 'global')
        return { findings: [], hosts: [], ids: [] };
      return { ...lookAt(id, document, config), ids: [id] };
    });
    return {
      findings: looks.flatMap(({ findings }) => findings),
      hosts: looks.flatMap(({ hosts }) => hosts),
      ids: looks.flatMap(({ ids }) => ids),
    };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    const fix = 'Mend the files; `npx noxys-relay apply --dry-run` says the same.';
    return { findings: [failing(['operator', 'files'], error.message, fix)], hosts: [], ids: [] };
  }
}

function lookAt(id: string, document: unknown, { environment }: DeployedConfig): TenantLook {
  const checked = validateTenantConfig(document, {
    env: 'production',
    residency: environment.name,
    egressAllow: hostsAllowed(environment.vars['RELAY_EGRESS_ALLOW'] ?? ''),
  });
  const findings: readonly Finding[] = checkDocument(document, checked.ok ? [] : checked.error);
  return {
    findings: about(id, [ok(['operator', 'files'], 'Its file can be read.'), ...findings]),
    hosts: hostsOf(document).map((host) => ({ tenant: id, ...host })),
  };
}

function hostsAllowed(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
}
