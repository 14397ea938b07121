/**
 * A whole run of an EU tenant in an EU deployment, on real host names: a working day of all event types, rules, cases, incidents,
 * messages, isolations, and everything that vendors and the platform do wrong, redirects out of the EU and a cloud that says it is us-1
 * among it. Keeps what was sent where, every queue message, every log line, and the persons and secrets that were in play.
 */

import { randomBytes } from 'node:crypto';

import { KNOWN_EVENT_TYPES } from '../../src/domain/event.ts';
import { FAKE_RAW_VALUES } from '../simulators/event-facts.ts';
import { stepsOf } from '../simulators/working-day-expectation.ts';
import { workingDay } from '../simulators/working-day.ts';
import { renameTable } from './at-rest.ts';
import { EU_HOSTS, EuCloud, buildWatchedWorker } from './eu-cloud.ts';
import { playReveal, playRights } from './eu-rights.ts';
import type { Forbidden } from './secret-search.ts';
import { Stage, newWebhookSecret } from './stage.ts';
import { until } from './until.ts';
import type { SentMessage } from './watched-worker.ts';

const TENANT = 'acme';
const PATH = `/api/v1/tenants/${TENANT}`;
const DONE = { withinMs: 60_000 };
const REDUCED = { user_id: 'pseudonymise', user_email: 'pseudonymise', device: 'drop', url: 'pseudonymise' };
const KEEP_ALL = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
const PERSON = {
  user_id: 'fake.person.7',
  user_email: 'jane.fake@example.invalid',
  device_id: 'dev-fake-7',
  hostname: 'WKS-FAKE-7',
};
/** Where somebody wants the relay to go. */
export const ELSEWHERE = [
  'https://api.crowdstrike.com',
  'https://abc.ingest.us-1.crowdstrike.com',
  'https://edr.us.example.com',
  'https://169.254.169.254',
];

export class EuRun implements AsyncDisposable {
  readonly stage: Stage;
  readonly cloud: EuCloud;
  readonly secret = newWebhookSecret();
  readonly #signingSecret = newWebhookSecret();
  readonly #otherSecret = newWebhookSecret();
  readonly #header = `Bearer ${randomBytes(24).toString('hex')}`;
  readonly #day = workingDay({ seed: 3, startMs: Date.now(), tenant: TENANT });
  #made = 0;
  #earlierMessages: readonly SentMessage[] = [];

  private constructor(stage: Stage, cloud: EuCloud) {
    this.stage = stage;
    this.cloud = cloud;
  }

  /** Plays it; the relay is still up when it is over. */
  static async play(): Promise<EuRun> {
    const cloud = new EuCloud();
    const watched = await buildWatchedWorker();
    const stage = await Stage.open({
      vars: {
        RELAY_RESIDENCY: 'eu',
        RELAY_EGRESS_ALLOW: 'edr.acme.fr, *.acme.eu',
        RELAY_LOG_ONE_IN: '1',
        RELAY_PUBLIC_URL: 'https://relay.acme.eu',
      },
      relay: { ...watched, outbound: cloud.outbound },
    });
    cloud.destinations = stage.destinations;
    const run = new EuRun(stage, cloud);
    try {
      await run.#play();
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
    return run;
  }

  /** All that were sent so far, of the relay's earlier lives too. */
  async messages(): Promise<readonly SentMessage[]> {
    return [...this.#earlierMessages, ...(await this.#messagesOfNow())];
  }

  async #messagesOfNow(): Promise<readonly SentMessage[]> {
    return (await (await fetch(`${this.stage.url}/watched/messages`)).json()) as SentMessage[];
  }

  get persons(): Forbidden[] {
    const ids = this.stage.edr.events.flatMap(({ body: { user_id: id } }) =>
      typeof id === 'string' ? [id] : [],
    );
    const words = [...new Set(ids), ...Object.values(PERSON), 'fake.person', 'jane.fake', '@example.invalid'];
    const raw = [...Object.values(FAKE_RAW_VALUES), 'FAKE PROMPT'];
    return [...words, ...raw].map((word, i) => ({ name: `person ${i}`, word }));
  }

  get secrets(): Forbidden[] {
    const { adminToken, masterKeys, destinations } = this.stage;
    const { edrToken, hecKey, falconClient } = destinations;
    const tokens = this.stage.falcon.tokens.map(({ token }) => token);
    const bearer = this.#header.slice('Bearer '.length);
    const whole = [this.secret, this.#signingSecret, this.#otherSecret].flatMap((secret) => [
      secret,
      secret.slice(6),
    ]);
    const words = [adminToken, masterKeys.primary, edrToken, hecKey, falconClient.secret, bearer];
    return [...words, ...whole, ...tokens].map((word, i) => ({ name: `secret ${i}`, word }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage.close();
  }

  async #play(): Promise<void> {
    const { stage } = this;
    await this.#refuseGlobal();
    await this.#save(201);
    for (const destination of ['edr', 'falcon', 'hook'])
      await stage.admin.post(`${PATH}/destinations/${destination}/test`);
    const steps = stepsOf(this.#day);
    const middle = Math.floor(steps.length / 2);
    for (const step of steps.slice(0, middle))
      await Promise.all(step.map(async ({ body, options }) => this.#send(body, options)));
    for (const type of KNOWN_EVENT_TYPES) await this.#send(this.#event({ type }));
    await stage.untilDone(TENANT, DONE);
    await this.#beMisled();
    await this.#fail();
    await this.#overflow(async () => {
      for (const step of steps.slice(middle))
        await Promise.all(step.map(async ({ body, options }) => this.#send(body, options)));
    });
    await this.#operate();
    await playRights(this.stage, { path: PATH, person: PERSON });
    await this.#giveBackNames();
    // What the person does after the erasure is new, and kept.
    await this.#send(this.#event());
    await stage.untilDone(TENANT, DONE);
  }

  /** Another tenant, whose names of users are sealed, and opened again for an admin. */
  async #giveBackNames(): Promise<void> {
    const { stage } = this;
    const { secret, hook } = { secret: this.#otherSecret, hook: this.#hook() };
    const more = { privacy: { ...REDUCED, sealed_map: true }, destinations: [hook] };
    const saved = await stage.admin.put('gamma', stage.document('gamma', secret, more));
    if (saved.status !== 201) throw new Error(`Cannot go on as it must be saved: ${JSON.stringify(saved)}`);
    await stage.senderTo('gamma', secret).send(this.#event());
    await playReveal(stage, { path: '/api/v1/tenants/gamma', person: PERSON });
  }

  /** The deployment takes no tenant that may live elsewhere, and none whose destination is elsewhere. */
  async #refuseGlobal(): Promise<void> {
    const { admin } = this.stage;
    const refused = [
      await admin.put('beta', { ...this.#document(), id: 'beta', residency: 'global' }),
      await admin.put('beta', {
        ...this.#document(),
        id: 'beta',
        destinations: [this.stage.destinations.falconConfig({ region: 'us-1' })],
      }),
    ];
    if (refused.some(({ status }) => status !== 422))
      throw new Error(`Cannot go on as both must be refused: ${JSON.stringify(refused)}`);
  }

  /** Each vendor sends the relay elsewhere, and Falcon says that it is us-1. */
  async #beMisled(): Promise<void> {
    const { edr, falcon, destinations } = this.stage;
    for (const [i, to] of ELSEWHERE.entries()) {
      const status = [301, 302, 307, 308][i] ?? 302;
      for (const vendor of [edr, falcon, destinations.receiver])
        vendor.fail({ status, headers: { location: `${to}/x`, 'x-cs-region': 'us-1' } });
      await this.#tryAll(i);
      for (const vendor of [edr, falcon, destinations.receiver]) vendor.heal();
    }
    for (const moved of [
      { as: 'token', region: 'us-1' },
      { as: 'redirect', region: 'us-1', location: 'https://api.crowdstrike.com/oauth2/token' },
    ] as const) {
      falcon.moveClientTo(moved);
      // Another client secret: the token that is held is of no more use.
      await this.#tryAll(7);
      falcon.moveClientTo(undefined);
    }
    await this.#save(200);
    await this.stage.untilDone(TENANT, DONE);
  }

  /** An event for every lane, with every pause ended before, and each destination tested. */
  async #tryAll(round: number): Promise<void> {
    const before = this.cloud.asked.length;
    await this.#save(200, { limits: { events_per_minute: 6000 + round, burst: 600 } });
    await this.#send(this.#event({ type: 'alert.severity_critical' }));
    await until('the vendors were asked', () => this.cloud.asked.length > before + 3, DONE);
    for (const name of ['edr', 'falcon', 'hook'])
      await this.stage.admin.post(`${PATH}/destinations/${name}/test`);
  }

  /** What fails for a while, or for good. */
  async #fail(): Promise<void> {
    const { edr, falcon, destinations } = this.stage;
    const { hits } = edr.fail({ status: 503, times: 2 });
    edr.fail({ status: 429, headers: { 'retry-after': '1' }, times: 2 });
    falcon.fail({ status: 502, times: 2 });
    falcon.fail({ drop: 'after_reading', times: 1 });
    destinations.receiver.fail({ status: 500, times: 1 });
    edr.fail({
      match: ({ path }) => path === '/api/v1/incidents',
      status: 400,
      body: { error: `no ${PERSON.user_email}`, ...PERSON },
      times: 1,
    });
    for (let i = 0; i < 12; i++) await this.#send(this.#event());
    if (hits > 0) throw new Error('Cannot tell what failed as the vendor had failed before');
    await this.stage.untilDone(TENANT, DONE);
  }

  async #operate(): Promise<void> {
    const { admin } = this.stage;
    await admin.post(`${PATH}/dead-letters/redrive`, { lane: 'edr/incidents' });
    await admin.post(`${PATH}/events/search`, { user_id: PERSON.user_id });
    await admin.post(`${PATH}/users/key`, { user_id: PERSON.user_id });
    const { body } = await admin.get(`${PATH}/detections?limit=5&persons=show`);
    const { detections } = body as { readonly detections: readonly { readonly id: string }[] };
    for (const { id } of detections)
      await admin.post(`${PATH}/detections/${id}/verdict`, { verdict: 'false_positive' });
    await admin.post(`${PATH}/destinations/falcon/lift-containment`, { hostname: PERSON.hostname });
    await admin.post(`${PATH}/destinations/edr/pause`);
    await this.#send(this.#event());
    await admin.post(`${PATH}/destinations/edr/resume`);
    await this.stage.untilDone(TENANT, DONE);
    const worker = (await this.stage.miniflare.getWorker('noxys-relay')) as unknown as {
      scheduled(options: { readonly cron: string }): Promise<unknown>;
    };
    await worker.scheduled({ cron: '17 * * * *' });
  }

  /** The object can't take what comes, half a working day among it, which waits sealed until the object has looked again. */
  async #overflow(sendMore: () => Promise<void>): Promise<void> {
    await renameTable(this.stage, 'lanes', 'lanes_gone');
    this.#earlierMessages = await this.messages();
    await this.stage.stopRelay();
    await this.stage.startRelay();
    for (let i = 0; i < 3; i++) await this.#send(this.#event());
    const overflowed = async () => (await this.messages()).some(({ queue }) => queue === 'overflow');
    await until('something overflowed', overflowed, DONE);
    await renameTable(this.stage, 'lanes_gone', 'lanes');
    await sendMore();
    await this.#send(this.#event());
    await until('all is delivered', () => this.#isDelivered(), DONE);
    await this.stage.untilDone(TENANT, DONE);
  }

  #isDelivered(): boolean {
    const arrived = new Set(this.stage.edr.idsInOrder());
    return [1, 2, 3, 4].every((back) => arrived.has(`evt_eu_${this.#made + 1 - back}`));
  }

  async #save(status: number, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const saved = await this.stage.admin.put(TENANT, { ...this.#document(), ...more });
    if (saved.status !== status)
      throw new Error(`Cannot go on as the config must be saved: ${JSON.stringify(saved)}`);
  }

  #document(): Record<string, unknown> {
    const { destinations } = this.stage;
    const { id, secret } = destinations.falconClient;
    return this.stage.document(TENANT, this.secret, {
      privacy: KEEP_ALL,
      rules: { catalog: 'all' },
      responses: { by_level: { critical: ['contain'] } },
      device_map: { [PERSON.user_id]: PERSON.hostname },
      destinations: [
        destinations.edrConfig({
          base_url: `https://${EU_HOSTS.edr}`,
          country: 'FR',
          incidents: { events_at_or_above: 'critical' },
        }),
        destinations.falconConfig({
          client_id: id,
          client_secret: secret,
          hec: { url: `https://${EU_HOSTS.ingest}/services/collector`, token: destinations.hecKey },
          actions: ['event', 'case', 'contain', 'indicator'],
          cases: { events_at_or_above: 'critical', close_with_verdict: true, alerts: 'attach' },
          indicators: ['grok'],
          contain: { per_hour_max: 3 },
        }),
        this.#hook(),
      ],
    });
  }

  #hook(): Record<string, unknown> {
    return {
      name: 'hook',
      type: 'webhook',
      url: `https://${EU_HOSTS.hook}/in`,
      country: 'FR',
      secrets: [this.#signingSecret],
      headers: { authorization: this.#header },
      messages: { at_once_at_or_above: 'medium', events_at_or_above: 'high' },
    };
  }

  /** About the one person. */
  #event(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      ...PERSON,
      id: `evt_eu_${++this.#made}`,
      type: 'interaction.policy_violated',
      timestamp: new Date().toISOString(),
      data: {
        platform_id: 'deepseek',
        policy_decision: 'block',
        risk_score: 0.95,
        classifications: ['IBAN'],
      },
      ...more,
    };
  }

  async #send(body: unknown, options: object = {}): Promise<void> {
    await this.stage.senderTo(TENANT, this.secret).send(body, options);
  }
}
