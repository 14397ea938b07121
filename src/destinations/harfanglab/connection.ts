/**
 * Whether a HarfangLab manager answers and takes the token: asked before the channels of its destination are tested.
 * Names what is wrong in the operator's words; changes nothing at the manager.
 * Sources: SEKOIA account_validator.py (users/me), XSOAR Hurukai.py (version), docs.sekoia.io (where a token is made), read 2026-11.
 */

import type { BlockedReason, FailedOutcome } from '../../domain/outcome.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { isRecord } from '../../lib/record.ts';
import type { Result } from '../../lib/result.ts';
import { cutText, oneLine } from '../../lib/short-text.ts';
import type { ApiFailure } from '../api-account.ts';
import type { Checked, DeliveryIo } from '../destination.ts';
import { type HarfangLabAnswer, type HarfangLabApi, harfangLabApi } from './api.ts';

const USER_PATH = '/api/auth/users/me';
const VERSION_PATH = '/api/version';
/** Source: XSOAR, FORTI and Cortex connectors. */
const USUAL_PORT = '8443';
const VALUE_LENGTH_MAX = 100;

/** The outcome is that of the token; the notes say whose it is and which version answers. */
export async function checkConnection(config: HarfangLabConfig, io: DeliveryIo): Promise<Checked> {
  const api = harfangLabApi(config, io);
  const user = await read(api, USER_PATH);
  if (!user.ok && !isLeftOut(user.error.outcome, config))
    return { outcome: inWords(user.error.outcome, config), notes: [] };
  const version = await read(api, VERSION_PATH);
  return { outcome: { kind: 'delivered' }, notes: [userNote(user), versionNote(version)] };
}

type Answered = Result<HarfangLabAnswer, ApiFailure>;

/** Without a slash, as the sources have it; with one where the manager asks for that. */
async function read(api: HarfangLabApi, path: string): Promise<Answered> {
  const answer = await api.request({ method: 'GET', path });
  const isRedirected = !answer.ok && isBlocked(answer.error.outcome, 'redirected');
  return isRedirected ? api.request({ method: 'GET', path: `${path}/` }) : answer;
}

/** The API of the guide may stand without the manager's own. */
function isLeftOut(outcome: FailedOutcome, { mode }: HarfangLabConfig): boolean {
  return mode === 'events' && isBlocked(outcome, 'no_such_endpoint');
}

function isBlocked(outcome: FailedOutcome, reason: BlockedReason): boolean {
  return outcome.kind === 'blocked' && outcome.reason === reason;
}

function userNote(user: Answered): string {
  if (!user.ok)
    return `This manager has no ${USER_PATH}: only the tests of its lanes tell whether it takes the token.`;
  const username = textIn(user.value, 'username');
  return username === undefined ? 'The token is taken.' : `Signed in as ${username}.`;
}

function versionNote(version: Answered): string {
  const number = version.ok ? textIn(version.value, 'version') : undefined;
  return number === undefined ? 'The manager does not tell its version.' : `HarfangLab ${number}.`;
}

function textIn({ body }: HarfangLabAnswer, name: string): string | undefined {
  const value = isRecord(body) ? body[name] : undefined;
  return typeof value === 'string' && value !== '' ? cutText(oneLine(value), VALUE_LENGTH_MAX) : undefined;
}

function inWords(outcome: FailedOutcome, config: HarfangLabConfig): FailedOutcome {
  if (outcome.kind === 'rejected') return outcome;
  const cure = cureOf(outcome, config);
  return cure === undefined
    ? outcome
    : { ...outcome, detail: `${outcome.detail.replace(/\.$/, '')}. ${cure}` };
}

/** What to do, in a sentence; undefined: the detail says it. */
function cureOf(
  { reason }: Exclude<FailedOutcome, { kind: 'rejected' }>,
  { base_url: baseUrl }: HarfangLabConfig,
): string | undefined {
  const { port, hostname } = new URL(baseUrl);
  const otherPort =
    port === USUAL_PORT ? '' : `, or its port is missing: try https://${hostname}:${USUAL_PORT}`;
  switch (reason) {
    case 'unauthorized':
      return 'The token is not, or no longer, valid: make a new one in the console under Administration, Users, the user, Generate token, and write it without token_';
    case 'html_answer':
    case 'redirected':
    case 'no_such_endpoint':
      return `That is no HarfangLab manager: the address is a portal's or another product's${otherPort}`;
    case 'network':
    case 'timeout':
      return `The manager can not be reached from the internet${otherPort}`;
    default:
      return undefined;
  }
}
