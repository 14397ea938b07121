/** What of MITRE ATT&CK a rule's tags name, for people: techniques by their number, tactics by their name. Pure. */

const PREFIX = 'attack.';

/** Of `attack.t1567.002` and `attack.exfiltration`: `T1567.002`, `exfiltration`. */
export function attackOf(tags: readonly string[] = []): readonly string[] {
  return tags
    .filter((tag) => tag.startsWith(PREFIX))
    .map((tag) => tag.slice(PREFIX.length))
    .map((name) => (/^[tsg]\d/.test(name) ? name.toUpperCase() : name));
}
