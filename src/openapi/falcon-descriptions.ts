/** What the keys of a Falcon destination mean, for the readers of the config's JSON Schema. Pure. */

/** By path. */
export const FALCON_DESCRIPTIONS: Readonly<Record<string, string>> = {
  falcon: 'CrowdStrike Falcon. Needs hec, or client_id and client_secret, or all of them.',
  'falcon.region':
    "The cloud of the account, as the console's address shows it: us-1, us-2, us-3, eu-1, us-gov-1, us-gov-2. US1, US2 and EU1 are understood, too. eu-1 alone for a tenant whose residency is eu.",
  'falcon.client_id':
    'Of an API client: Support and resources, API clients and keys. For cases, indicators, containment and workflows.',
  'falcon.client_secret':
    "Of the API client; `<set>` keeps the stored one. It goes to the region's API host alone.",
  'falcon.member_cid':
    'Flight Control: the customer id of the child account that the client acts for, 32 hex characters, with or without the checksum behind a dash.',
  'falcon.base_url':
    'Stands in for the API host of the region; of a relay on your own machine, and a loopback address only.',
  'falcon.requests_per_minute':
    'Requests to the OAuth API in a minute, of the 6,000 that all API clients of the account share. HEC does not count.',
  'falcon.hec':
    'The Next-Gen SIEM HEC connector that events and detections are sent to. Absent: no events are sent.',
  'falcon.hec.url': "The connector's URL, from the Falcon console; its host is in the same region.",
  'falcon.hec.token': "The connector's API key; `<set>` keeps the stored one.",
  'falcon.actions':
    'What the relay may do there. Absent: event with hec, case with an API client. indicator, contain and workflow are never granted by default.',
  'falcon.cases': 'Cases, which Falcon has instead of incidents.',
  'falcon.cases.events_at_or_above':
    'Events of this severity and above become cases, too. Absent: detections only.',
  'falcon.cases.per_hour_max': 'New cases in an hour: what comes above goes into one storm case.',
  'falcon.cases.alerts':
    "The host's alerts of half an hour around: attach takes them into the case as evidence, tag also marks them. Needs privacy.device: keep.",
  'falcon.cases.close_with_verdict':
    'Whether a verdict on a detection closes its case. Needs the action case.',
  'falcon.cases.template': 'The id of a case template.',
  'falcon.indicators':
    'Domains that Falcon is to watch: platform ids or domains, never one of platforms.approved. Needs the action indicator. What is dropped here is removed there.',
  'falcon.indicators[]': 'A platform id, a domain, or a group with more about it.',
  'falcon.indicators[].value': 'A platform id, or a domain.',
  'falcon.indicators[].action': 'detect, or no_action: Falcon can not block a domain by an indicator.',
  'falcon.indicators[].severity': 'Of what Falcon detects by it.',
  'falcon.indicators[].description': 'The console shows it with the indicator.',
  'falcon.indicators[].expires': 'RFC 3339; from then on Falcon takes no action. Absent: it does not expire.',
  'falcon.contain': 'Limits of what the action contain may do. It isolates a host from the network.',
  'falcon.contain.never': 'Host names or agent ids that are never isolated.',
  'falcon.contain.per_hour_max': 'Hosts that are isolated in an hour.',
  'falcon.contain.servers': 'Whether servers and domain controllers may be isolated, too.',
  'falcon.workflow': 'The on-demand Fusion SOAR workflow of the action workflow: its name or its id.',
  'falcon.workflow.name': 'Its whole name, as the console shows it.',
  'falcon.workflow.id': 'The 32 hex characters of its id.',
};
