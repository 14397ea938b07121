/** When two names are of one host, and when a text is no name at all. Pure. */

/** The form of the relay's pseudonyms; no host name has an underscore there, and no account is so long. */
const PSEUDONYM_PATTERN = /^p_[A-Za-z0-9_-]{22}$/;

/** Whether two names may be of one host: the same, or one of them without its domain. The case does not count. */
export function isLikeName(name: string, other: string): boolean {
  const [a, b] = [name.toLowerCase(), other.toLowerCase()];
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

/** Whether a product's record of a host has another name than the one that was told. A name that is not told contradicts none. */
export function isOtherName(known: string | undefined, told: string | undefined): boolean {
  return known !== undefined && told !== undefined && !isLikeName(known, told);
}

/** Whether privacy has put it in the place of a name or an id. */
export function isPseudonym(text: string | undefined): boolean {
  return text !== undefined && PSEUDONYM_PATTERN.test(text);
}
