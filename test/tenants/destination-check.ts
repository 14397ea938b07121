/** What a tenant's config is told about one destination, which is the only one that it has. */

import { type ValidationSettings, validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

export interface Around {
  readonly settings?: ValidationSettings;
  readonly tenant?: object;
}

export function check(destination: object, { settings = PRODUCTION, tenant = {} }: Around = {}) {
  return validateTenantConfig({ ...sampleDocument(), ...tenant, destinations: [destination] }, settings);
}

export function faultsOf(destination: object, around: Around = {}) {
  const checked = check(destination, around);
  return checked.ok ? [] : checked.error;
}
