/** What the keys of a HarfangLab destination mean, for the readers of the config's JSON Schema. Pure. */

/** By path. */
export const HARFANGLAB_DESCRIPTIONS: Readonly<Record<string, string>> = {
  harfanglab:
    'HarfangLab EDR: the API that the Noxys guide documents, the one that HarfangLab integrations use, or both.',
  'harfanglab.base_url':
    "The manager's address with its port, such as https://harfanglab.example.com:8443. Its certificate must be publicly trusted.",
  'harfanglab.token':
    "API token of a user of the manager, with that user's rights; `<set>` keeps the stored one.",
  'harfanglab.mode':
    "events: the guide's API (event, incident, alert). native: the one of HarfangLab's integrations (indicator, rule, comment, contain, block). both: all of them.",
  'harfanglab.events_path': 'Where events are posted, of the guide.',
  'harfanglab.incidents_path': 'Where incidents are posted, of the guide.',
  'harfanglab.alerts_path': 'Where alerts are posted, of the guide.',
  'harfanglab.actions':
    'What the relay may do there. Absent: event, incident and alert, in the modes that have them. block lets indicators block.',
  'harfanglab.incidents': 'Incidents, one for a detection.',
  'harfanglab.incidents.events_at_or_above':
    'Events of this severity and above become incidents, too. Absent: detections only.',
  'harfanglab.indicators':
    'Domains that HarfangLab is to watch: platform ids or domains, never one of platforms.approved. Needs the action indicator. What is dropped here is removed there.',
  'harfanglab.indicators[]': 'A platform id, a domain, or a group with more about it.',
  'harfanglab.indicators[].value': 'A platform id, or a domain.',
  'harfanglab.indicators[].action': 'alert, or block, which needs the action block, too.',
  'harfanglab.indicators[].severity': 'Of the alerts that HarfangLab raises by it.',
  'harfanglab.indicators[].description': 'The console shows it with the indicator.',
  'harfanglab.indicators[].expires': 'RFC 3339; the relay removes the indicator then. Absent: it stays.',
  'harfanglab.endpoint_rules':
    'The rules on endpoint telemetry that the manager gets: ai_dns_query, ai_tls_connection. Absent: all of them. Needs the action rule. What is dropped here is removed there.',
  'harfanglab.contain': 'Limits of what the action contain may do. It isolates a host from the network.',
  'harfanglab.contain.never': 'Host names or agent ids that are never isolated.',
  'harfanglab.contain.per_hour_max': 'Hosts that are isolated in an hour.',
  'harfanglab.contain.servers': 'Whether servers and domain controllers may be isolated, too.',
  'harfanglab.in_flight':
    'Attempts under way at once; they start in the order of the events. 1: strict order.',
  'harfanglab.country':
    "Where the manager processes data: ISO 3166-1, two capital letters, such as FR. An EU tenant's must be in the EU or the EEA.",
};
