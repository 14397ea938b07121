/** Readers of option values, for commander. Pure. */

import { InvalidArgumentError } from 'commander';

import { TENANT_ID_PATTERN } from '../src/domain/tenant-config.ts';

/** A reader of whole numbers within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A tenant's id. */
export function tenantId(text: string): string {
  if (TENANT_ID_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('A tenant id has 1 to 64 lower-case letters, digits and inner dashes.');
}
