/**
 * Slack: a message through an incoming webhook. A header, and the rest in an attachment, as Slack shows a colour only there.
 * Slack recognises no message that it has seen: one whose answer was lost may be there twice.
 * Sources: docs.slack.dev on incoming webhooks and Block Kit; Slack's changelog of 2016-05-17 on errors; node-slack-sdk #480 and
 * grafana/alerting #67 on the answer `ok`, which is `text/html`; read 2026-11-22.
 */

import type { Outcome } from '../../domain/outcome.ts';
import type { SlackConfig } from '../../domain/tenant-config.ts';
import type { HttpAnswer, HttpFailure } from '../../lib/http.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import type { Result } from '../../lib/result.ts';
import { withoutEchoes } from '../answer-echoes.ts';
import type { MessageProduct } from '../messages/product.ts';
import { outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { slackPayload } from './slack-payload.ts';

const OK = 'ok';

/** What to do about an error that Slack names, in the words of its console. */
const CURES: Readonly<Record<string, string>> = {
  no_service: 'the webhook was removed or its URL is not whole: make a new one and save it',
  no_active_hooks: 'the webhook is disabled: enable it, or make a new one and save it',
  no_team: 'the workspace is gone or the URL is not whole: make a new webhook and save it',
  invalid_token: 'the URL is not whole or was revoked: make a new webhook and save it',
  channel_not_found: 'the channel is gone: make a webhook for another one and save it',
  channel_is_archived: 'the channel is archived: restore it, or make a webhook for another one and save it',
  action_prohibited: "the workspace's admins do not let this webhook post there: ask them",
  posting_to_general_channel_denied:
    'only some may post to this channel: make a webhook for another one and save it',
  team_disabled: 'the workspace is disabled',
};

export function slackProduct({ url }: SlackConfig): MessageProduct {
  // The last part of its path is the secret.
  const quiet = withoutEchoes([url, url.slice(url.lastIndexOf('/') + 1)]);
  return {
    request: async (message) =>
      Promise.resolve({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': USER_AGENT },
        body: JSON.stringify(slackPayload(message)),
      }),
    outcome: (result, nowMs) => slackOutcome(quiet(result), nowMs),
  };
}

function slackOutcome(result: Result<HttpAnswer, HttpFailure>, nowMs: number): Outcome {
  if (result.ok && isTaken(result.value)) return { kind: 'delivered' };
  const outcome = outcomeOf(result, nowMs);
  if (!result.ok) return outcome;
  if (outcome.kind === 'delivered') {
    if (!isRefusal(result.value)) return outcome;
    const detail = `HTTP ${result.value.status}, but not taken: the address is no incoming webhook`;
    return { kind: 'blocked', reason: 'no_such_endpoint', detail };
  }
  const word = result.value.body.trim();
  const cure = Object.hasOwn(CURES, word) ? CURES[word] : undefined;
  if (outcome.kind !== 'blocked' || cure === undefined) return outcome;
  return { ...outcome, detail: `${outcome.detail}: ${cure}` };
}

/** Slack says so in a word, which it calls HTML. */
function isTaken({ status, body }: HttpAnswer): boolean {
  return status >= 200 && status < 300 && body.trim() === OK;
}

/** Slack's other addresses answer 200 to everything, and say in JSON that it failed. */
function isRefusal({ body }: HttpAnswer): boolean {
  const answer = jsonIn(body);
  return isRecord(answer) && answer['ok'] === false;
}
