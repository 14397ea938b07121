/**
 * Whether two names are of one Windows account: `DOMAIN\user`, `user@domain` or `user`. Pure.
 * Never takes an account for another that only has the same short name, nor a letter for another that only looks alike.
 */

/** `unclear`: it may be the same person's, and can't be told. */
export type Sameness = 'same' | 'unclear' | 'other';

type Form = 'address' | 'domain' | 'bare';

/** What Windows itself, or who sets machines up, calls an account; without accents. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'administrator',
  'administrateur',
  'administrador',
  'amministratore',
  'admin',
  'root',
  'guest',
  'invite',
  'invitado',
  'gast',
  'system',
  'systeme',
  'local service',
  'network service',
  'service local',
  'service reseau',
  'anonymous logon',
  'defaultaccount',
  'wdagutilityaccount',
  'krbtgt',
]);

interface Account {
  readonly form: Form;
  readonly user: string;
  /** Of an address the first label alone, as a domain's short name often has it; of a bare name empty. */
  readonly domain: string;
}

/** The exact filter tells upper from lower case, Windows does not; an account may be named without its domain, and an address's with its short one. */
export function spellings(userId: string): Set<string> {
  const account = accountOf(userId);
  const names = account ? [userId, account.user] : [userId];
  if (account?.form === 'address') names.push(`${account.domain.toUpperCase()}\\${account.user}`);
  return new Set(names.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]));
}

/**
 * `name`: of a logon. Only the whole name in the same form is the user's: HarfangLab may leave a domain out, and a short domain name need not
 * belong to an address, so that other forms may be a namesake's. An account that every machine has is nobody's.
 */
export function likeliness(name: string, userId: string): Sameness {
  const [logon, user] = [foldedCase(name), foldedCase(userId)];
  if (logon === user) return isBuiltIn(bareName(user)) ? 'unclear' : 'same';
  const [a, b] = [accountOf(logon), accountOf(user)];
  if (!a || !b) return isLike(bareName(logon), bareName(user)) ? 'unclear' : 'other';
  if (a.form === b.form) return isLike(logon, user) ? 'unclear' : 'other';
  return isLike(a.user, b.user) ? 'unclear' : 'other';
}

/** Undefined: in no form, such as one with two `@`. */
function accountOf(name: string): Account | undefined {
  const [, domain, account] = /^([^\\@]+)\\([^\\@]+)$/.exec(name) ?? [];
  if (domain !== undefined && account !== undefined) return { form: 'domain', user: account, domain };
  const [, user, host] = /^([^\\@]+)@([^\\@]+)$/.exec(name) ?? [];
  if (user !== undefined && host !== undefined) return { form: 'address', user, domain: shortName(host) };
  return /^[^\\@]+$/.test(name) ? { form: 'bare', user: name, domain: '' } : undefined;
}

/** In whatever language Windows was set up. */
function isBuiltIn(user: string): boolean {
  return BUILT_IN.has(user.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase());
}

function shortName(host: string): string {
  return foldedCase(host.split('.')[0] ?? host);
}

/** Of plain letters alone: the Kelvin sign is no k. */
function foldedCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Whether only letters that count as alike somewhere tell them apart. */
function isLike(a: string, b: string): boolean {
  return a.normalize('NFKC').toLowerCase() === b.normalize('NFKC').toLowerCase();
}

/** Whatever stands around the account's name. */
function bareName(name: string): string {
  return name.slice(name.lastIndexOf('\\') + 1).split('@')[0] ?? '';
}
