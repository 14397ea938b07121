/** Whether Cloudflare keeps logs or traces of an environment, or hands them to others, as wrangler.toml says. Pure. */

import { accepted, failing, ok, type Finding } from './finding.ts';
import { tableOf, tablesOf, type Table } from './read-config.ts';

const EXPORT =
  'with `enabled = false`, or with `destinations = ["…"]` and `persist = false` to send them to a place of your own; then deploy.';

export function checkLogs(table: Table): readonly Finding[] {
  return [...observability(tableOf(table['observability'])), logpush(table), ...tails(table)];
}

function observability(settings: Table): readonly Finding[] {
  const isOn = settings['enabled'] === true;
  const traces = settings['traces'];
  return [
    // Logs are on with the whole unless they say otherwise; traces are, once they are named.
    stream('logs', tableOf(settings['logs']), isOn),
    stream('traces', tableOf(traces), isOn && traces !== undefined),
    tableOf(settings['issues'])['enabled'] === true
      ? failing(
          ['logs', 'issues'],
          'Real-time issues are on: Cloudflare keeps what they are made from, in no documented region.',
          'Remove [env.eu.observability.issues], then deploy.',
        )
      : ok(['logs', 'issues'], 'Real-time issues are off.'),
  ];
}

function stream(kind: 'logs' | 'traces', own: Table, isOnByDefault: boolean): Finding {
  const { enabled = isOnByDefault, persist, destinations } = own;
  if (enabled !== true) return ok(['logs', kind], `Cloudflare keeps no ${kind}.`);
  const places = Array.isArray(destinations) ? destinations.length : 0;
  if (persist === false && places > 0)
    return accepted(
      ['logs', kind],
      `The ${kind} are sent to ${places} of your own destinations, and not kept by Cloudflare.`,
      'See that these are in the EU: what the relay logs names no user, but times and tenants.',
    );
  return failing(
    ['logs', kind],
    `Cloudflare keeps ${kind} of this environment, in no documented region.`,
    `Set [env.eu.observability] ${EXPORT}`,
  );
}

function logpush({ logpush: value }: Table): Finding {
  if (value !== true) return ok(['logs', 'logpush'], 'Logpush is off.');
  return failing(
    ['logs', 'logpush'],
    'logpush is on: without the Customer Metadata Boundary its records pass Cloudflare outside the EU.',
    'Remove logpush, and export logs by [env.eu.observability.logs] with `destinations` and `persist = false`.',
  );
}

function tails(table: Table): readonly Finding[] {
  const keys = ['tail_consumers', 'streaming_tail_consumers', 'logfwdr'];
  const found = keys.filter((key) =>
    key === 'logfwdr'
      ? tablesOf(tableOf(table[key])['bindings']).length > 0
      : tablesOf(table[key]).length > 0,
  );
  if (found.length === 0) return [ok(['logs', 'tail_consumers'], 'No other Worker gets its logs.')];
  return found.map((key) =>
    failing(
      ['logs', 'tail_consumers'],
      `${key} hands each invocation to another Worker, which runs anywhere.`,
      `Remove ${key} from [env.eu], then deploy.`,
    ),
  );
}
