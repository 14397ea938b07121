/**
 * Whether two names are of one Windows account: `DOMAIN\user`, `user@domain` or `user`. Pure.
 * Never takes a machine's own account for one of a domain, nor a letter for another that only looks alike.
 */

/** `unclear`: it may be the same person's, and can't be told. */
export type Sameness = 'same' | 'unclear' | 'other';

type Form = 'address' | 'domain' | 'bare';

interface Account {
  readonly form: Form;
  readonly user: string;
  /** Of an address the first label alone, as a domain's short name has it; of a bare name empty. */
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
 * `name`: of a logon at the machine `hostname`. A name without a domain is that of any domain where the user's id tells one: HarfangLab
 * may leave it out. A user's id without a domain is met by such a name alone.
 */
export function likeliness(name: string, userId: string, hostname: unknown): Sameness {
  const [logon, user] = [foldedCase(name), foldedCase(userId)];
  if (logon === user) return 'same';
  const [a, b] = [accountOf(logon), accountOf(user)];
  if (!a || !b) return isLike(bareName(logon), bareName(user)) ? 'unclear' : 'other';
  if (a.form === b.form) return isLike(logon, user) ? 'unclear' : 'other';
  if (a.user !== b.user) return isLike(a.user, b.user) ? 'unclear' : 'other';
  const isLocal = a.form === 'domain' && typeof hostname === 'string' && a.domain === shortName(hostname);
  if (isLocal || b.form === 'bare') return 'unclear';
  return a.form === 'bare' || a.domain === b.domain ? 'same' : 'unclear';
}

/** Undefined: in no form, such as one with two `@`. */
function accountOf(name: string): Account | undefined {
  const [, domain, account] = /^([^\\@]+)\\([^\\@]+)$/.exec(name) ?? [];
  if (domain !== undefined && account !== undefined) return { form: 'domain', user: account, domain };
  const [, user, host] = /^([^\\@]+)@([^\\@]+)$/.exec(name) ?? [];
  if (user !== undefined && host !== undefined) return { form: 'address', user, domain: shortName(host) };
  return /^[^\\@]+$/.test(name) ? { form: 'bare', user: name, domain: '' } : undefined;
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
