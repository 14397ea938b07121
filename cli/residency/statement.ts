/**
 * What may be said of an EU deployment, word for word: in contracts, records and answers to customers. Data only; nothing here is
 * said without its qualification. docs/data-residency.md quotes both.
 */

/** On every plan. */
export const WITHOUT_ENTERPRISE =
  'Event payloads are stored only in EU-jurisdiction Durable Objects (and an EU-jurisdiction Queue that holds opaque references, and another that holds sealed events while an object cannot take them). Cloudflare may receive, decrypt and run the ingress and consumer code in any data centre; request metadata and logs are not region-restricted; object ids are logged outside the EU.';

/** With a regional hostname and the Customer Metadata Boundary at `eu`, one may add this. No command can see that they are there. */
export const WITH_ENTERPRISE =
  'TLS termination and ingress code run in EU data centres; Cloudflare-processed logs are kept in the EU core; the queue-consumer code carries no payload in clear.';
