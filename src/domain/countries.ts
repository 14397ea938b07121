/**
 * The countries that a destination may be declared to be in, by their codes, and those of the EU and the EEA.
 * Pure. Never judges a transfer: whether a country outside is adequate is a lawyer's to say.
 */

/** ISO 3166-1 alpha-2, all that are officially assigned. Source: ISO 3166 Maintenance Agency, read 2026-11. */
const CODES =
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW';
export const COUNTRIES: readonly string[] = CODES.split(' ');

/**
 * The 27 member states of the EU, and Iceland, Liechtenstein and Norway of the EEA, where the GDPR applies likewise.
 * Sources: europa.eu, "EU countries"; Decision of the EEA Joint Committee No 154/2018; read 2026-11.
 */
export const EEA_COUNTRIES: readonly string[] =
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO'.split(' ');

export function isCountry(code: string): boolean {
  return COUNTRIES.includes(code);
}

export function isInEea(code: string): boolean {
  return EEA_COUNTRIES.includes(code);
}
