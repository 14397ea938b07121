/** The countries of the EU, and those of the EEA beside them: ISO 3166-1 alpha-2. Source: europa.eu, efta.int, read 2026-11. Pure. */

const EU = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK';
const EEA_BESIDE = 'IS LI NO';

const COUNTRIES: ReadonlySet<string> = new Set(`${EU} ${EEA_BESIDE}`.split(' '));

export function isEeaCountry(code: string): boolean {
  return COUNTRIES.has(code);
}
