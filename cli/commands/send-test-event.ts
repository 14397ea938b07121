/** `noxys-relay send-test-event TENANT`: a signed webhook as from Noxys, and where it went. */

import { randomBytes } from 'node:crypto';

import { Command, Option } from '@commander-js/extra-typings';

import { readId } from '../../src/ingest/field-values.ts';
import { isRecord } from '../../src/lib/record.ts';
import type { Act } from '../action.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import type { Io } from '../io.ts';
import { tenantId, wholeNumber } from '../option-values.ts';
import { explanationLines } from '../output/event-lines.ts';
import { printable } from '../output/printable.ts';
import { readEventFile } from '../rules/read-inputs.ts';
import { unwantedHints } from '../send/unwanted-hints.ts';
import { type Followed, followEvent, isWell, whyMissing } from '../send/follow-event.ts';
import { postWebhook, type Taken } from '../send/post-webhook.ts';
import { webhookKeys } from '../send/webhook-keys.ts';
import type { Session } from '../session.ts';
import type { SigningConfig } from '../signature/sign.ts';

const SCHEMES = ['standard-webhooks', 'timestamped-hmac', 'hmac'] as const;
const ENCODINGS = ['base64', 'text', 'whole', 'hex'] as const;

interface Options {
  readonly type: string;
  /** A file with an event to send instead. */
  readonly event?: string | undefined;
  readonly scheme?: SigningConfig['scheme'] | undefined;
  readonly encoding?: SigningConfig['secret_encoding'];
  readonly secretFile?: string | undefined;
  readonly file: string;
  readonly wait: number;
}

export function sendTestEventCommand(act: Act) {
  return new Command('send-test-event')
    .summary('send a signed test event as Noxys would, and follow it')
    .description(
      "Signs an event with the tenant's webhook secret, posts it to /hooks, and follows it until every lane has settled it.\nThe secret comes from --secret-file, NOXYS_WEBHOOK_SECRET, the tenant's file, or a prompt.\nThe event is stored and delivered like any other; it names no person, unless it is one of --event.",
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .option('--type <type>', 'the type of the event', 'interaction.high_risk')
    .addOption(
      new Option('--event <file>', 'send the Noxys event in this JSON file instead; - is stdin').conflicts(
        'type',
      ),
    )
    .addOption(
      new Option('--scheme <scheme>', "how to sign, instead of the tenant's setting").choices(SCHEMES),
    )
    .addOption(
      new Option('--encoding <encoding>', "how the secret is read, instead of the tenant's setting").choices(
        ENCODINGS,
      ),
    )
    .option('--secret-file <file>', 'file with the webhook secret; - is stdin')
    .option('-f, --file <path>', 'tenant files, for the secret', 'tenants')
    .option('--wait <seconds>', 'how long to wait for the edge and the lanes', wholeNumber(1, 3600), 120)
    .action(act(async (session: Session, tenant: string, options) => send(session, tenant, options)));
}

async function send(session: Session, tenant: string, options: Options): Promise<ExitCode> {
  const { io, out } = session;
  const startMs = io.nowMs();
  const deadlineMs = startMs + options.wait * 1000;
  const event = await eventOf(io, options, startMs);
  const keys = await webhookKeys(session, { ...options, tenant });
  const told = new Set<string>();
  const taken = await postWebhook(io, {
    origin: session.origin,
    tenant,
    keys,
    event,
    deadlineMs,
    onWait: (why) => {
      if (!told.has(why)) out.note(`${why}: waiting.`);
      told.add(why);
    },
  });
  const sent = { tenant, id: event.id, type: event.type, ...taken };
  if (taken.accepted + taken.duplicates === 0) {
    out.result({ ...sent, lanes: [], isSettled: true }, () => notTaken(taken, event.type));
    return EXIT.failed;
  }
  out.note(
    taken.accepted > 0
      ? `Taken after ${io.nowMs() - startMs} ms: ${event.id}`
      : `The relay takes ${event.id} for one that it knows: nothing is done anew. What became of it:`,
  );
  const api = await session.api();
  const followed = await followEvent(io, api, { tenant, id: event.id, type: event.type, deadlineMs });
  out.result({ ...sent, ...followed, durationMs: io.nowMs() - startMs }, () =>
    textOf(session, sent, followed),
  );
  return isWell(followed) ? EXIT.ok : EXIT.failed;
}

interface TestEvent {
  readonly id: string;
  readonly type: string;
  readonly [name: string]: unknown;
}

/** Of the file, as it stands there, or made up. Throws a CliFailure when the file's can't be followed. */
async function eventOf(
  io: Io,
  { event: file, type, secretFile }: Options,
  nowMs: number,
): Promise<TestEvent> {
  if (file === undefined) return testEvent(type, nowMs);
  if (file === '-' && secretFile === '-') throw invalidInput('Only one of event and secret can be stdin.');
  const event = await readEventFile(io, file);
  if (isTestEvent(event)) {
    if (storedId(event) === event.id && !/^\.\.?$/.test(event.id)) return event;
    throw invalidInput(
      `The event in ${file} has an id that the relay stores as another, so that it can't be followed: at most 256 printable ASCII characters, without spaces around them, and not only dots.`,
    );
  }
  throw invalidInput(`The event in ${file} must have an id and a type, both texts: it is followed by them.`);
}

function isTestEvent(event: unknown): event is TestEvent {
  if (!isRecord(event)) return false;
  return [event['id'], event['type']].every((text) => typeof text === 'string' && text !== '');
}

/** As the relay's log has it. */
function storedId({ id }: TestEvent): string | undefined {
  return readId(id).value;
}

/** Says what it is, and names nobody. */
function testEvent(type: string, nowMs: number): TestEvent {
  return {
    id: `test_${randomBytes(12).toString('hex')}`,
    type,
    timestamp: new Date(nowMs).toISOString(),
    platform_id: 'chatgpt',
    policy_name: 'noxys-relay test event',
    policy_decision: 'log',
    risk_score: 0.5,
  };
}

function notTaken({ filtered, rejected }: Taken, type: string): string {
  if (filtered > 0) {
    return `The signature is right, and the event went nowhere: forward.events of the tenant does not name ${printable(type)}.`;
  }
  const reasons = rejected.map(({ path = '', reason = '' }) => `${path} ${reason}`).join(', ');
  return `The signature is right, and the event was rejected: ${printable(reasons)}.`;
}

function textOf(
  { out, io }: Session,
  { tenant, id, accepted }: Pick<Taken, 'accepted'> & { readonly tenant: string; readonly id: string },
  { lanes, isFound, isSettled }: Followed,
): string {
  if (!isFound) return whyMissing(tenant, accepted > 0);
  if (lanes.length === 0) return 'The relay has the event. The tenant has no destination to send it to.';
  return [
    ...explanationLines(out, lanes, io.nowMs()),
    ...unwantedHints(lanes),
    ...(isSettled
      ? []
      : [`Not every lane has settled it. Look again: npx noxys-relay events explain ${tenant} ${id}`]),
  ].join('\n');
}
