/**
 * How what a destination holds of a person is deleted there: the relay only ever adds, and deletes nothing outside of itself.
 * Constants only.
 */

const UNKNOWN = 'Ask whoever runs it to delete what names the person or one of the keys.';

const ADVICE: Readonly<Record<string, string>> = {
  falcon:
    'Look for the names and the keys in Next-Gen SIEM (#Vendor=noxys) and in cases with the tag noxys. Events there go with the retention of their repository: ask CrowdStrike Support to remove them sooner. Take the person out of the description and the notes of cases by hand: the API deletes no case.',
  harfanglab:
    'Look for the names and the keys in events, incidents and alerts of noxys-relay, and have an administrator of the manager (of a hosted one, HarfangLab) delete them: the relay has no right to. The audit log of the manager keeps searches of the relay for hosts and logons as long as it is set to.',
  slack:
    'Search the channel for the names and delete the messages: their app can not, an owner of the workspace or the retention of the channel can. Exports and apps that copied them keep theirs.',
  teams:
    'Search the channel for the names and delete the posts as an owner of the team, and the runs of the workflow that posted them. A retention policy of Microsoft 365 may keep copies.',
  webhook:
    'Ask whoever runs the receiver to delete what names the person or one of the keys, and what was made of it.',
};

/** Of an EU tenant these are told of nobody: there is no name to look for. */
const NAMELESS: Readonly<Record<string, string>> = {
  slack:
    'What an EU tenant writes there names nobody, neither by name nor by key, so that no search finds the person. Where a message is about them all the same, by its time and event, an owner of the workspace or the retention of the channel can delete it: the app can not. What was written before it was an EU tenant may name them.',
  teams:
    'What an EU tenant writes there names nobody, neither by name nor by key, so that no search finds the person. Where a post is about them all the same, by its time and event, an owner of the team can delete it, and the runs of the workflow that posted it. What was posted before it was an EU tenant may name them.',
};

/** In sentences. `residency`: the tenant's; undefined: not known. */
export function outsideAdvice(type: string, residency: string | undefined): string {
  const nameless = residency === 'eu' && Object.hasOwn(NAMELESS, type) ? NAMELESS[type] : undefined;
  if (nameless !== undefined) return nameless;
  return Object.hasOwn(ADVICE, type) ? (ADVICE[type] ?? UNKNOWN) : UNKNOWN;
}
