/** Each way to spoil an EU deployment, alone: `residency check` fails on it, and says how to mend it. */

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import {
  KV_ID,
  type Place,
  PUBLIC,
  RECORD,
  SLACK,
  checked,
  destinationOf,
  goodPlace,
  inEu,
  replaced,
  shellIn,
  storedConfig,
  withKeys,
  withTables,
} from './residency-place.ts';

describe('residency check', () => {
  it.each<[string, string, string, string, (place: Place) => void]>([
    [
      'RELAY_RESIDENCY that is global',
      'residency_setting',
      'RELAY_RESIDENCY is global in wrangler.toml.',
      'Set RELAY_RESIDENCY = "eu" in [env.eu.vars]',
      (place) => void (place.toml = inEu(place, 'RELAY_RESIDENCY = "eu"', 'RELAY_RESIDENCY = "global"')),
    ],
    [
      'RELAY_ENV that is local',
      'environment_setting',
      'RELAY_ENV is local',
      'Set RELAY_ENV = "production"',
      (place) => void (place.toml = inEu(place, 'RELAY_ENV = "production"', 'RELAY_ENV = "local"')),
    ],
    [
      'a setting that the relay would not take',
      'settings_readable',
      'RELAY_LOG_ONE_IN must be a whole number',
      'Mend it in wrangler.toml',
      (place) => void (place.toml = inEu(place, 'RELAY_LOG_ONE_IN = "100"', 'RELAY_LOG_ONE_IN = "often"')),
    ],
    [
      'workers_dev that is on in the environment',
      'workers_dev',
      'workers_dev is on',
      'Set workers_dev = false above the first [table]',
      (place) => withKeys(place, 'workers_dev = true'),
    ],
    [
      'workers_dev that became a variable below [vars]',
      'workers_dev',
      'workers_dev is not set',
      'above the first [table]',
      (place) =>
        void (place.toml = replaced(
          replaced(place.toml, 'workers_dev = false\n', ''),
          '[vars]\n',
          '[vars]\nworkers_dev = false\n',
        )),
    ],
    [
      'preview addresses',
      'preview_urls',
      'preview_urls is on',
      'Set preview_urls = false',
      (place) => void (place.toml = replaced(place.toml, 'preview_urls = false', 'preview_urls = true')),
    ],
    [
      'a route that is no custom domain',
      'routes',
      'no custom domain: relay.example.com/*',
      'custom_domain = true',
      (place) => {
        place.record = { kvId: KV_ID, egressAllow: RECORD.egressAllow };
        withKeys(place, 'routes = ["relay.example.com/*"]');
      },
    ],
    [
      'a public address on workers.dev',
      'public_url',
      'RELAY_PUBLIC_URL is on workers.dev',
      'Leave RELAY_PUBLIC_URL empty',
      (place) =>
        void (place.toml = inEu(
          place,
          'RELAY_PUBLIC_URL = ""',
          'RELAY_PUBLIC_URL = "https://x.acme.workers.dev"',
        )),
    ],
    [
      'a plain deploy that nothing refuses',
      'build_guard',
      'Nothing refuses a plain',
      '[env.eu.build] with command = "node cli/deploy/refuse-plain.js"',
      (place) => void (place.toml = replaced(place.toml, 'node cli/deploy/refuse-plain.js', 'true')),
    ],
    [
      'logs that Cloudflare keeps',
      'logs',
      'Cloudflare keeps logs',
      '`persist = false`',
      (place) =>
        void (place.toml = inEu(
          place,
          '[env.eu.observability]\nenabled = false',
          '[env.eu.observability]\nenabled = true',
        )),
    ],
    [
      'logs and traces that are kept as those of the global environment are',
      'logs traces',
      'Cloudflare keeps logs',
      'Set [env.eu.observability]',
      (place) => void (place.toml = inEu(place, '[env.eu.observability]\nenabled = false', '')),
    ],
    [
      'traces that are exported and kept',
      'traces',
      'Cloudflare keeps traces',
      '`destinations = ["…"]` and `persist = false`',
      (place) => withTables(place, '[env.eu.observability.traces]\nenabled = true\ndestinations = ["mine"]'),
    ],
    [
      'issues that are kept',
      'issues',
      'Real-time issues are on',
      'Remove [env.eu.observability.issues]',
      (place) => withTables(place, '[env.eu.observability.issues]\nenabled = true'),
    ],
    [
      'logpush, inherited from the top level',
      'logpush',
      'logpush is on',
      'Remove logpush',
      (place) => void (place.toml = replaced(place.toml, 'minify = true', 'logpush = true\nminify = true')),
    ],
    [
      'a Worker that gets every invocation',
      'tail_consumers',
      'tail_consumers hands each invocation to another Worker',
      'Remove tail_consumers from [env.eu]',
      (place) => withTables(place, '[[env.eu.tail_consumers]]\nservice = "logger"'),
    ],
    [
      'Analytics Engine',
      'other_stores',
      'Analytics Engine keeps what is written to it outside the EU',
      'Remove analytics_engine_datasets from [env.eu]',
      (place) => withTables(place, '[[env.eu.analytics_engine_datasets]]\nbinding = "AE"'),
    ],
    [
      'a database whose place is not known',
      'other_stores',
      'in which jurisdiction a D1 database is',
      'Remove d1_databases from [env.eu]',
      (place) =>
        withTables(place, '[[env.eu.d1_databases]]\nbinding = "DB"\ndatabase_name = "x"\ndatabase_id = "y"'),
    ],
    [
      'a binding that nobody here knows',
      'other_stores',
      'k9_kennels is set for this environment: it is not known to keep data in the EU',
      'Remove k9_kennels',
      (place) => withTables(place, '[[env.eu.k9_kennels]]\nbinding = "K9"'),
    ],
    [
      'a site, which holds for every environment',
      'other_stores',
      'site is set at the top level, for every environment: Workers Sites keep files in a KV namespace of their own',
      'Remove site from the top level of wrangler.toml',
      (place) =>
        void (place.toml = replaced(place.toml, '[vars]\n', '[site]\nbucket = "public"\n\n[vars]\n')),
    ],
    [
      'unsafe bindings at the top level',
      'other_stores',
      'unsafe is set at the top level',
      'Remove unsafe from the top level',
      (place) =>
        void (place.toml = replaced(
          place.toml,
          '[vars]\n',
          '[[unsafe.bindings]]\nname = "X"\ntype = "k9"\n\n[vars]\n',
        )),
    ],
    [
      'unsafe bindings of its own',
      'other_stores',
      'unsafe is set for this environment: it binds whatever Cloudflare takes by it',
      'Remove unsafe from [env.eu]',
      (place) => withTables(place, '[[env.eu.unsafe.bindings]]\nname = "X"\ntype = "k9"'),
    ],
    [
      'a key of the top level that nobody here knows',
      'other_stores',
      'k9_kennels is set at the top level, for every environment: it is not known to keep data in the EU',
      'Remove k9_kennels from the top level',
      (place) => void (place.toml = replaced(place.toml, 'minify = true', 'k9_kennels = "x"\nminify = true')),
    ],
    [
      'variables that the dashboard keeps',
      'other_stores',
      'keep_vars is set at the top level',
      'Remove keep_vars',
      (place) => void (place.toml = replaced(place.toml, 'minify = true', 'keep_vars = true\nminify = true')),
    ],
    [
      'the master key among the variables',
      'secret_in_vars',
      'RELAY_MASTER_KEY is in [env.eu.vars]: in clear',
      '`npx wrangler secret put RELAY_MASTER_KEY --env="eu"`',
      (place) =>
        void (place.toml = inEu(
          place,
          '[env.eu.vars]\n',
          `[env.eu.vars]\nRELAY_MASTER_KEY = "${'k'.repeat(43)}"\n`,
        )),
    ],
    [
      'the first admin token among the variables',
      'secret_in_vars',
      'RELAY_ADMIN_TOKEN is in [env.eu.vars]',
      'take another value, as this one is known',
      (place) =>
        void (place.toml = inEu(
          place,
          '[env.eu.vars]\n',
          `[env.eu.vars]\nRELAY_ADMIN_TOKEN = "${'t'.repeat(43)}"\n`,
        )),
    ],
    [
      'a queue that is pulled over HTTP',
      'queue_consumer',
      'The queue noxys-relay-wakeups-eu has a consumer of the type http_pull',
      '`npx wrangler queues consumer http remove noxys-relay-wakeups-eu`',
      (place) =>
        void (place.toml = inEu(place, 'max_batch_size = 100', 'type = "http_pull"\nmax_batch_size = 100')),
    ],
    [
      'no queues at all',
      'queue_binding',
      'The environment binds no queue as WAKEUPS: wrangler takes none from the top level',
      'Write [[env.eu.queues.producers]] with binding = "WAKEUPS" and queue = "noxys-relay-wakeups-eu"',
      (place) => {
        place.toml = place.toml.replaceAll('[[env.eu.queues.', '[[env.eu.triggers.');
        place.toml = replaced(place.toml, '[env.eu.triggers]\ncrons = ["17 * * * *"]\n', '');
      },
    ],
    [
      'a queue that nothing reads',
      'queue_binding',
      'Nothing of this environment reads the queue noxys-relay-more-eu, which is bound as OVERFLOW',
      'Write [[env.eu.queues.consumers]] with queue = "noxys-relay-more-eu"',
      (place) => {
        place.toml = inEu(place, 'queue = "noxys-relay-overflow-eu"', 'queue = "noxys-relay-more-eu"');
        place.queues.set('noxys-relay-more-eu', 'eu');
      },
    ],
    [
      'the queues of the global environment',
      'own_queues',
      'The queue noxys-relay-wakeups is used by the global environment, too',
      'Give [env.eu.queues] queues of its own',
      (place) => {
        for (const name of ['noxys-relay-wakeups', 'noxys-relay-overflow']) {
          place.toml = place.toml.replaceAll(`queue = "${name}-eu"`, `queue = "${name}"`);
          place.queues.set(name, 'eu');
        }
      },
    ],
    [
      'a bucket without a jurisdiction',
      'r2_jurisdiction',
      'The R2 bucket ARCHIVE has no jurisdiction eu',
      'jurisdiction = "eu"',
      (place) => withTables(place, '[[env.eu.r2_buckets]]\nbinding = "ARCHIVE"\nbucket_name = "archive"'),
    ],
    [
      'another KV namespace, wherever it is',
      'other_kv',
      'The KV namespace CACHE is bound, too',
      'Remove it from [[env.eu.kv_namespaces]]',
      (place) => withTables(place, `[[env.eu.kv_namespaces]]\nbinding = "CACHE"\nid = "${'b'.repeat(32)}"`),
    ],
    [
      'the name of the global Worker',
      'own_worker',
      'Its Worker has the name of the global one, noxys-relay',
      'Remove name from [env.eu]',
      (place) => withKeys(place, 'name = "noxys-relay"'),
    ],
    [
      'a route on workers.dev, however it is spelt',
      'routes',
      'The route relay.acme.Workers.dev. is on workers.dev',
      'routes = [{ pattern = "relay.example.com", custom_domain = true }]',
      (place) => {
        place.record = { kvId: KV_ID, egressAllow: 'edr.example.com' };
        withKeys(place, 'routes = [{ pattern = "relay.acme.Workers.dev.", custom_domain = true }]');
      },
    ],
    [
      'placement instead of residency',
      'placement',
      'placement is set: it is best effort',
      'Remove placement',
      (place) => withTables(place, '[env.eu.placement]\nmode = "smart"'),
    ],
    [
      'objects of another Worker',
      'own_objects',
      'The objects of TENANT_RELAY are of another Worker, noxys-relay',
      'Remove script_name',
      (place) =>
        void (place.toml = inEu(
          place,
          'class_name = "TenantRelay"',
          'class_name = "TenantRelay"\nscript_name = "noxys-relay"',
        )),
    ],
    [
      'a dead-letter queue',
      'dead_letter_queue',
      'goes to the queue lost',
      'Remove dead_letter_queue',
      (place) =>
        void (place.toml = inEu(
          place,
          'max_batch_size = 100',
          'max_batch_size = 100\ndead_letter_queue = "lost"',
        )),
    ],
    [
      'a queue that the global environment has, too',
      'own_queues',
      'The queue noxys-relay-overflow is used by the global environment, too',
      'Give [env.eu.queues] queues of its own',
      (place) => {
        place.toml = place.toml.replaceAll('"noxys-relay-overflow-eu"', '"noxys-relay-overflow"');
        place.queues.set('noxys-relay-overflow', 'eu');
      },
    ],
    [
      'KV that the global environment has, too',
      'own_kv',
      'Its KV namespace is that of the global environment',
      'run `npm run deploy:setup -- --env eu`',
      (place) =>
        void (place.toml = replaced(
          place.toml,
          'binding = "RELAY_KV"',
          `binding = "RELAY_KV"\nid = "${KV_ID}"`,
        )),
    ],
    [
      'hosts of anybody',
      'settings_readable egress_allow',
      'names of one organisation, as anybody can have a host below a public suffix',
      'or record other hosts: `npm run deploy:setup -- --env eu --allow',
      (place) =>
        void (place.record = { ...RECORD, egressAllow: 'edr.example.com, *.eu-west-3.amazonaws.com' }),
    ],
    [
      'KV outside the EU',
      'kv_jurisdiction',
      'The KV namespace noxys-relay-eu must be in the EU: it has no jurisdiction, for good.',
      `Delete it with \`npx wrangler kv namespace delete --namespace-id ${KV_ID}\``,
      (place) => void place.namespaces.splice(0, 1, { id: KV_ID, title: 'noxys-relay-eu' }),
    ],
    [
      'KV that is gone',
      'kv_jurisdiction',
      'is not in this account',
      'run `npm run deploy:setup -- --env eu`',
      (place) => void place.namespaces.splice(0),
    ],
    [
      'a queue of wake-ups outside the EU',
      'queue_jurisdiction',
      'The queue noxys-relay-wakeups-eu must be in the EU: it has no jurisdiction',
      'delete it with `npx wrangler queues delete noxys-relay-wakeups-eu`',
      ({ queues }) => void queues.set('noxys-relay-wakeups-eu', undefined),
    ],
    [
      'an overflow queue in the United States',
      'queue_jurisdiction',
      'The queue noxys-relay-overflow-eu must be in the EU: it has jurisdiction us',
      'delete it with `npx wrangler queues delete noxys-relay-overflow-eu`',
      ({ queues }) => void queues.set('noxys-relay-overflow-eu', 'us'),
    ],
    [
      'a queue that is only consumed, and outside the EU',
      'queue_jurisdiction',
      'The queue more must be in the EU: it has no jurisdiction',
      'delete it with `npx wrangler queues delete more`',
      (place) => {
        withTables(place, '[[env.eu.queues.consumers]]\nqueue = "more"');
        place.queues.set('more', undefined);
      },
    ],
    [
      'a queue that is not there',
      'queue_jurisdiction',
      'The queue noxys-relay-overflow-eu is not in this account',
      'Run `npm run deploy:setup -- --env eu`',
      ({ queues }) => void queues.delete('noxys-relay-overflow-eu'),
    ],
    [
      'a running relay of the global form',
      'running_settings',
      'The running relay has RELAY_RESIDENCY global',
      'deploy again: `npm run deploy -- --env eu`',
      ({ relay }) => Object.assign(relay.state.deployment, { residency: 'global' }),
    ],
    [
      'a running relay that lifts jurisdictions',
      'running_settings',
      'The running relay has RELAY_ENV local',
      'Set RELAY_ENV = "production"',
      ({ relay }) => Object.assign(relay.state.deployment, { env: 'local' }),
    ],
    [
      'a running relay that sends where no file says so',
      'running_egress',
      'lets EU tenants send to siem.example.org',
      'deploy again',
      ({ relay }) =>
        Object.assign(relay.state.deployment, { egressAllow: ['edr.example.com', 'siem.example.org'] }),
    ],
    [
      'an object in no jurisdiction',
      'jurisdiction',
      'Its object is in no jurisdiction',
      '`npx noxys-relay tenants move` makes it anew in the EU',
      ({ relay }) => void (relay.state.health = { jurisdiction: null }),
    ],
    [
      'a tenant that is global',
      'residency',
      'Its residency is global',
      '`npx noxys-relay tenants move` takes it to the EU',
      (place) => {
        storedConfig(place, (config) => void (config['residency'] = 'global'));
        place.relay.state.health = { jurisdiction: 'eu' };
      },
    ],
    [
      'a config that the relay itself refuses by now',
      'config',
      'webhook.scheme must be known.',
      'Mend the tenant file and apply it',
      ({ relay }) =>
        void (relay.state.health = { configFaults: [{ path: 'webhook.scheme', message: 'must be known' }] }),
    ],
    [
      'a Falcon outside the EU',
      'falcon_region',
      'The destination falcon is Falcon us-1, outside the EU',
      'Write region: eu-1',
      (place) => {
        place.addresses['api.crowdstrike.com'] = PUBLIC;
        storedConfig(place, (config) => {
          config['destinations'] = [
            { name: 'falcon', type: 'falcon', enabled: true, region: 'us-1', privacy: {} },
          ];
        });
      },
    ],
    [
      'a manager that declares no country',
      'country',
      'The destination edr declares no country',
      'country: FR',
      (place) => storedConfig(place, (config) => delete destinationOf(config)['country']),
    ],
    [
      'a manager outside the EU',
      'country',
      'The destination edr is declared to be in US, outside the EU and the EEA',
      'Write the country in which its host stands',
      (place) => storedConfig(place, (config) => void (destinationOf(config)['country'] = 'US')),
    ],
    [
      'a chat without a transfer basis',
      'transfer_basis',
      'The destination soc sends to Slack without a recorded transfer basis',
      'Write transfer_basis: {mechanism: …, reference: …}',
      (place) => {
        place.addresses['hooks.slack.com'] = PUBLIC;
        storedConfig(place, (config) => void (config['destinations'] = [SLACK]));
      },
    ],
    [
      'a destination that DNS leads into a private network',
      'host_addresses',
      'sends to edr.example.com, which has the address 10.0.0.7: no public one',
      'Correct the host, or its record in DNS',
      ({ addresses }) => void (addresses['edr.example.com'] = [...PUBLIC, '10.0.0.7']),
    ],
  ])('fails on %s, and says how to mend it', async (_what, check, what, fix, spoil) => {
    const place = await goodPlace();
    spoil(place);
    const { bad, code } = await checked(shellIn(place));
    expect(code).toBe(EXIT.failed);
    expect([...new Set(bad.map((finding) => finding.check))]).toEqual(check.split(' '));
    expect(bad[0]).toMatchObject({
      level: 'failure',
      what: expect.stringContaining(what),
      fix: expect.stringContaining(fix),
    });
  });
});
