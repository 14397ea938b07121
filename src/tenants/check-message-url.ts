/**
 * The address of what tells people: Slack's, Teams', or any webhook's. Pure. It is a secret, so that no message quotes it.
 * Sources: docs.slack.dev on incoming webhooks and Block Kit; learn.microsoft.com on Teams workflows and on the end of Office 365
 * connectors, read 2026-11.
 */

import type { EgressDestination } from '../destinations/egress.ts';
import { SLACK_HOSTS } from '../destinations/slack/hosts.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { MessageDestinationConfig } from '../domain/tenant-config.ts';
import { isLoopbackHost, isPublicHostName } from '../lib/host-name.ts';
import { type Result, failure, success } from '../lib/result.ts';
import { hostFault } from './check-egress.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';
import { KEPT_SECRET } from './kept-secret.ts';

type MessageType = MessageDestinationConfig['type'];
/** What of a destination decides where it may be. */
type MessagePlace = EgressDestination & { readonly type: MessageType };

/** `/services/T…/B…/…`: alone of them it takes blocks. */
const INCOMING_PATTERN = /^\/services\/T\w+\/B\w+\/\w+$/;
/** Of a workflow: it takes the variables that the workflow names, and nothing else. */
const SLACK_WORKFLOW_PATTERN = /^\/(?:workflows|triggers)\//;
/** Hosts of Teams' workflows, the older one first. */
const TEAMS_HOSTS = /\.(?:logic\.azure\.com|environment\.api\.powerplatform\.com)$/;
/** Of Office 365 connectors. */
const RETIRED_HOSTS = /^(?:.+\.webhook\.office\.com|outlook\.office(?:365)?\.com)$/;
const CONTROL_PATTERN = /[\s\p{Cc}]/u;

/** The address in one spelling, or what is wrong with it. A kept one was checked when it was written. */
export function checkMessageUrl(
  written: string,
  destination: MessagePlace,
  context: DestinationContext,
): Result<string, ConfigFault> {
  const text = written.trim();
  if (text === KEPT_SECRET) return success(text);
  const url = readUrl(text, destination, context);
  return url.ok ? url : failure({ path: pathIn(context, 'url'), message: url.error });
}

/** An address that can be held against the residency: a kept one, or one with a fault of its own, can't. */
export function readableUrl(url: Result<string, ConfigFault>): string | undefined {
  return url.ok && url.value !== KEPT_SECRET ? url.value : undefined;
}

/** Whether a Teams address is of a host that the relay knows workflows to be at. */
export function isKnownTeamsHost(url: string): boolean {
  return TEAMS_HOSTS.test(URL.parse(url)?.hostname ?? '');
}

function readUrl(
  text: string,
  destination: MessagePlace,
  context: DestinationContext,
): Result<string, string> {
  const url = CONTROL_PATTERN.test(text) ? null : URL.parse(text);
  if (!url) return failure('must be a whole address, from https:// on: copy it again');
  const isLocal = context.settings.env === 'local' && isLoopbackHost(url.hostname);
  if (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:'))
    return failure('must begin with https://: messages would travel in clear');
  if (url.username || url.password)
    return failure('must hold no user and no password: write them into headers, as an Authorization');
  if (isLocal) return success(withoutFragment(url));
  if (!isPublicHostName(url.hostname))
    return failure(
      "must have a host name on the public internet: Cloudflare can't reach an address, a single label or a private name",
    );
  const message = productFault(url, destination.type) ?? hostFault(url.href, destination, context);
  return message === undefined ? success(withoutFragment(url)) : failure(message);
}

/** It is never sent. */
function withoutFragment(url: URL): string {
  url.hash = '';
  return url.href;
}

/** What the address of a product must be; undefined: it is. */
function productFault(url: URL, type: MessageType): string | undefined {
  if (type === 'slack') return slackFault(url);
  if (type === 'teams' && RETIRED_HOSTS.test(url.hostname))
    return 'is of an Office 365 connector, which Microsoft has retired: make a workflow in Teams from the template "Send webhook alerts to a channel", and write its address here';
  return undefined;
}

function slackFault({ host, pathname }: URL): string | undefined {
  if (!SLACK_HOSTS.includes(host))
    return 'must be the address of an incoming webhook, https://hooks.slack.com/services/…: for another address use type: webhook';
  if (INCOMING_PATTERN.test(pathname)) return undefined;
  return SLACK_WORKFLOW_PATTERN.test(pathname)
    ? 'is of a Slack workflow, which takes no blocks: use an incoming webhook (/services/T…/B…/…), or type: webhook with a body of the variables that the workflow names'
    : 'must be the whole address of an incoming webhook, https://hooks.slack.com/services/T…/B…/…: copy it again';
}
