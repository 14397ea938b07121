/**
 * What kind of data a classification stands for: four categories, by the type names that Noxys sends.
 * Pure. Source: Noxys Events API and overview, which spell only a part of the names; the other spellings are the usual ones, read 2026-11.
 */

/** Gravest first: the order in which people read them. */
export const DATA_CATEGORIES = ['secret', 'government', 'financial', 'pii'] as const;
export type DataCategory = (typeof DATA_CATEGORIES)[number];

/** As people read it in the middle of a sentence. */
const CATEGORY_NAMES: Readonly<Record<DataCategory, string>> = {
  secret: 'secrets',
  government: 'government ids',
  financial: 'financial data',
  pii: 'PII',
};

/** Names without their separators, so that `API_KEY`, `api-key` and `ApiKey` are one. */
const TYPES: Readonly<Record<DataCategory, string>> = {
  secret: `APIKEY APIKEYS APITOKEN ACCESSKEY AWSACCESSKEY ACCESSTOKEN AUTHTOKEN TOKEN JWT SECRET SECRETS SECRETKEY CLIENTSECRET
    PRIVATEKEY SSHKEY CREDENTIAL CREDENTIALS PASSWORD PASSWORDS CONNECTIONSTRING`,
  government: `PASSPORT PASSPORTNUMBER SSN NIR SIRET SIREN NATIONALID IDCARD IDENTITYCARD DRIVERLICENSE DRIVERSLICENSE
    DRIVINGLICENSE TAXID VATNUMBER`,
  financial: `CREDITCARD CREDITCARDNUMBER CARDNUMBER IBAN IBANCODE BIC SWIFT RIB BANKACCOUNT BANKACCOUNTNUMBER CRYPTOWALLET
    FINANCIAL`,
  pii: `EMAIL EMAILADDRESS PHONE PHONENUMBER NAME NAMES PERSON PERSONNAME FIRSTNAME LASTNAME FULLNAME ADDRESS POSTALADDRESS
    LOCATION BIRTHDATE DATEOFBIRTH IP IPADDRESS IPADDRESSES IPV4 IPV6 PII MEDICAL MEDICALTERM MEDICALTERMS MEDICALRECORD
    HEALTH HEALTHDATA`,
};

const CATEGORY_OF: ReadonlyMap<string, DataCategory> = new Map(
  DATA_CATEGORIES.flatMap((category) =>
    TYPES[category].split(/\s+/).map((type) => [type, category] as const),
  ),
);

/** The categories of some classifications, gravest first, each once. A name that the table lacks has none. */
export function dataCategories(classifications: readonly string[]): readonly DataCategory[] {
  const found = new Set(classifications.map((name) => CATEGORY_OF.get(bareName(name))));
  return DATA_CATEGORIES.filter((category) => found.has(category));
}

/** Whether the table has a type name, in whatever spelling of its separators. */
export function isKnownType(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name) && CATEGORY_OF.has(bareName(name));
}

/** `PII`, `secrets and PII`, `secrets, financial data and PII`; empty for none. */
export function categoriesPhrase(categories: readonly DataCategory[]): string {
  const names = categories.map((category) => CATEGORY_NAMES[category]);
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

function bareName(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}
