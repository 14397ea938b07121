/** A tenant's version as an entity tag, and the preconditions on it. Pure. Source: RFC 9110 8.8.3 and 13.1, read 2026-11. */

/** The strong entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Whether the request may change what is at `version`; null = it does not exist. Absent headers allow everything. */
export function isPreconditionMet(headers: Headers, version: number | null): boolean {
  const ifMatch = headers.get('if-match');
  if (ifMatch !== null && !matches(ifMatch, version)) return false;
  const ifNoneMatch = headers.get('if-none-match');
  return ifNoneMatch === null || !matches(ifNoneMatch.replaceAll('W/', ''), version);
}

function matches(header: string, version: number | null): boolean {
  if (version === null) return false;
  const tags = header.split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.includes(etagOf(version));
}
