/** One tenant as its own health tells. Pure. */

import type { Residency } from '../../src/domain/tenant-config.ts';
import type { TenantHealth } from '../api-types.ts';
import { printable } from '../output/printable.ts';
import { count, formatAge, formatBytes } from '../output/time.ts';
import { checkLanes } from './check-lanes.ts';
import { about, failing, type Finding, ok, skipped, warning } from './finding.ts';

const WEBHOOK_OLD_MS = 7 * 86_400_000;
/** Early drop begins, and webhooks are refused. Source: docs/architecture.md, "Limits". */
const STORAGE_WARNED_BYTES = 7e9;
const STORAGE_FAILED_BYTES = 9e9;

export interface TenantSeen {
  readonly residency: Residency | undefined;
  readonly health: TenantHealth;
  /** `local` simulates no jurisdiction; undefined: not known to this caller. */
  readonly env: string | undefined;
}

export function checkTenant({ residency, health, env }: TenantSeen): readonly Finding[] {
  const nowMs = Date.parse(health.time);
  return about(health.tenant, [
    jurisdiction(residency, health, env),
    secrets(health),
    ...sealedMap(health),
    ...configFaults(health),
    published(health),
    ...checkLanes(health, nowMs),
    lastWebhook(health, nowMs),
    storage(health),
    channels(health),
  ]);
}

function jurisdiction(
  residency: Residency | undefined,
  health: TenantHealth,
  env: string | undefined,
): Finding {
  const check = 'jurisdiction';
  if (residency === undefined) return skipped(check, 'Its residency is not known to this token.');
  if (residency === 'global') return ok(check, 'Residency global: no jurisdiction is asked for.');
  if (health.jurisdiction === 'eu') return ok(check, 'Its events rest in the jurisdiction eu.');
  if (env === 'local') return ok(check, 'Residency eu; a local relay has no jurisdictions.');
  return failing(
    check,
    'Its residency is eu, and its object is in no jurisdiction.',
    'Events of this tenant may rest outside of the EU.',
    'Stop its webhook in Noxys, and report it: a relay in production makes the object of an EU tenant in the EU.',
  );
}

function secrets({ secrets: { total, opens, primary } }: TenantHealth): Finding {
  const check = 'secrets';
  if (opens < total) {
    return failing(
      check,
      `${total - opens} of ${count(total, 'secret')} can't be opened.`,
      'Webhooks get 503, or lanes block with not_configured.',
      'Set RELAY_MASTER_KEY_PREVIOUS to the key that sealed them, then `npx noxys-relay reseal`. If it is lost, set the secrets anew.',
    );
  }
  if (primary < total) {
    return warning(
      check,
      `${total - primary} of ${count(total, 'secret')} are sealed under the previous master key.`,
      'They stop opening when RELAY_MASTER_KEY_PREVIOUS goes.',
      'Run `npx noxys-relay reseal` for this tenant.',
    );
  }
  return ok(check, `${count(total, 'secret opens', 'secrets open')} under the current master key.`);
}

/** Nothing is said of a map that is empty. */
function sealedMap({ sealedMap: names }: TenantHealth): readonly Finding[] {
  if (names === undefined) return [];
  const check = 'sealed_map';
  const { total, opens, primary } = names;
  if (opens < total) {
    return [
      failing(
        check,
        `${total - opens} of ${count(total, 'name')} in the sealed map can't be opened.`,
        'Nobody can reveal who is behind these keys.',
        'Set RELAY_MASTER_KEY_PREVIOUS to the key that sealed them, then `npx noxys-relay reseal`. If it is lost, names come again with the events of their users; privacy.sealed_map off and on again deletes the others.',
      ),
    ];
  }
  if (primary < total) {
    return [
      warning(
        check,
        `${total - primary} of ${count(total, 'name')} in the sealed map are under the previous master key.`,
        'They are lost when RELAY_MASTER_KEY_PREVIOUS goes.',
        'Run `npx noxys-relay reseal` for this tenant.',
      ),
    ];
  }
  return [ok(check, `${count(total, 'name')} in the sealed map, under the current master key.`)];
}

function configFaults({ configFaults: faults }: TenantHealth): readonly Finding[] {
  if (faults.length === 0) return [ok('config', 'The stored config is valid.')];
  return faults.map(({ path, message }) =>
    failing(
      'config',
      `${path === '' ? 'The config' : printable(path)} ${printable(message)}.`,
      'What was valid once is not under this version or these settings of the relay.',
      'Mend the tenant file and apply it.',
    ),
  );
}

function published({ version, publishedVersion }: TenantHealth): Finding {
  if (publishedVersion >= version) return ok('published', `Version ${version} is at the edge.`);
  return warning(
    'published',
    `Version ${version} is saved, and the edge has ${publishedVersion}.`,
    'Webhooks are verified, filtered and minimised by the older settings.',
    'It publishes by itself within a minute or two. If it lasts: the log line config.publishing_failed, and KV.',
  );
}

function lastWebhook({ lastWebhook: last }: TenantHealth, nowMs: number): Finding {
  const check = 'last_webhook';
  const fix =
    'In Noxys, Admin Panel → Integrations → Webhooks: the webhook is active, its URL ends in /hooks/<tenant>, its events are those of forward.events, and its secret is the one here. Press Test, or `npx noxys-relay send-test-event`.';
  if (last === undefined) {
    return warning(
      check,
      'No authentic webhook has come yet.',
      'Nothing can be delivered before one does.',
      fix,
    );
  }
  const what = `The last authentic webhook came ${formatAge(last.at, nowMs)}: ${printable(last.type)}${last.accepted ? '' : ', not forwarded'}.`;
  if (nowMs - Date.parse(last.at) <= WEBHOOK_OLD_MS) return ok(check, what);
  return warning(
    check,
    what,
    'That is long for a tenant in use: the webhook may be switched off, or refused.',
    fix,
  );
}

function storage({ storageBytes }: TenantHealth): Finding {
  const what = `It stores ${formatBytes(storageBytes)}.`;
  if (storageBytes < STORAGE_WARNED_BYTES) return ok('storage', what);
  const fix = 'Deliver or redrive what is left, resume blocked lanes from now, or lower retention.events.';
  if (storageBytes < STORAGE_FAILED_BYTES) {
    return warning('storage', what, 'Above 7 GB delivered events go before their retention ends.', fix);
  }
  return failing('storage', what, 'Above 9 GB webhooks are answered 503.', fix);
}

function channels({ noticeChannels }: TenantHealth): Finding {
  if (noticeChannels.length > 0)
    return ok('notice_channel', `${count(noticeChannels.length, 'channel')} for notices.`);
  return warning(
    'notice_channel',
    'There is no channel for notices.',
    'Nobody is told when a lane blocks or events are about to expire.',
    'Add a destination of type slack, teams or webhook (messages.notices). Until there is one, look at `npx noxys-relay notices`, or alert on the log lines notice.appended and lane.blocked.',
  );
}
