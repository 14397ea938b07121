/**
 * Slack's incoming webhooks, as far as they are published: takes a message into a channel, refuses with a word what Slack refuses.
 * Sources: docs.slack.dev on incoming webhooks, Block Kit and rate limits; Slack's changelog of 2016-05-17 on errors; read 2026-11-22.
 */

import { SimulatorServer, type SimulatorServerOptions } from './http-server.ts';
import {
  isJsonObject,
  mediaType,
  parseJson,
  type SimulatorAnswer,
  type SimulatorRequest,
} from './request.ts';
import { blocksFault, isSlackText } from './slack-blocks.ts';

const ATTACHMENTS_MAX = 100;
const BLOCKS_MAX = 50;
const SECOND_MS = 1000;

export const SLACK_PATH = '/services/T0NOXYS/B0RELAY/simulatedIncomingWebhook';

export interface SlackOptions extends SimulatorServerOptions {
  /** One message a second: what comes sooner is answered 429. Default false. */
  readonly isRateLimited?: boolean;
}

export interface SlackMessage {
  readonly receivedAtMs: number;
  readonly text: string;
  readonly blocks: readonly Readonly<Record<string, unknown>>[];
  readonly attachments: readonly Readonly<Record<string, unknown>>[];
}

/** What became of the channel or the webhook. */
export type SlackTrouble =
  'no_service' | 'channel_not_found' | 'channel_is_archived' | 'action_prohibited' | 'rollup_error';

const TROUBLES: Readonly<Record<SlackTrouble, number>> = {
  no_service: 404,
  channel_not_found: 404,
  channel_is_archived: 410,
  action_prohibited: 403,
  rollup_error: 500,
};

export class SlackSimulator extends SimulatorServer {
  readonly messages: SlackMessage[] = [];
  readonly #isRateLimited: boolean;
  #lastAtMs = -Infinity;
  /** From now on every message is refused so. */
  trouble: SlackTrouble | undefined;

  constructor(options: SlackOptions = {}) {
    super(options);
    this.#isRateLimited = options.isRateLimited ?? false;
  }

  /** The URL that its console shows. */
  get webhookUrl(): string {
    return `${this.url}${SLACK_PATH}`;
  }

  /** All that a message shows to people, on lines. */
  get shown(): readonly string[] {
    return this.messages.map(textsOf);
  }

  protected authorizationIsRight(): boolean {
    return false;
  }

  protected answer(request: SimulatorRequest): SimulatorAnswer {
    if (request.path !== SLACK_PATH) return word(404, 'no_service');
    if (request.method !== 'POST') return word(405, 'http_method_not_allowed');
    if (this.trouble) return word(TROUBLES[this.trouble], this.trouble);
    const nowMs = this.nowMs();
    if (this.#isRateLimited && nowMs - this.#lastAtMs < SECOND_MS)
      return { ...word(429, 'rate_limited'), headers: { 'retry-after': '1' } };
    const read = readMessage(request);
    if (typeof read === 'string') return word(400, read);
    this.#lastAtMs = nowMs;
    this.messages.push({ receivedAtMs: nowMs, ...read });
    return word(200, 'ok');
  }
}

/** The message, or the word that refuses it. */
function readMessage(request: SimulatorRequest): Omit<SlackMessage, 'receivedAtMs'> | string {
  const body =
    mediaType(request) === 'application/json' ? parseJson(request.body.toString('utf8')) : undefined;
  if (!body || !isJsonObject(body.value)) return 'invalid_payload';
  const { text = '', blocks = [], attachments = [] } = body.value;
  if (typeof text !== 'string' || !isList(blocks) || !isList(attachments)) return 'invalid_payload';
  if (text === '' && blocks.length === 0 && attachments.length === 0) return 'no_text';
  if (attachments.length > ATTACHMENTS_MAX) return 'too_many_attachments';
  if (text !== '' && !isSlackText(text)) return 'invalid_payload';
  const inside = attachments.flatMap(({ blocks: own }) => (isList(own) ? own : []));
  const all = [...blocks, ...inside];
  if (all.length > BLOCKS_MAX || blocksFault(all) !== undefined) return 'invalid_blocks';
  return { text, blocks, attachments };
}

function isList(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every((item) => isJsonObject(item));
}

/** Slack calls its words HTML. */
function word(status: number, body: string): SimulatorAnswer {
  return { status, body, contentType: 'text/html' };
}

function textsOf({ blocks, attachments }: SlackMessage): string {
  const texts: string[] = [];
  JSON.stringify([blocks, attachments], (key, value: unknown) => {
    if (key === 'text' && typeof value === 'string') texts.push(value);
    return value;
  });
  return texts.join('\n');
}
