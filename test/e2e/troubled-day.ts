/**
 * A whole working day in which everything goes wrong that operators, senders, destinations and the platform can do wrong,
 * and what is left of it: the Worker's log lines, its answers, and every secret and person that was in play.
 */

import { randomBytes } from 'node:crypto';

import { FAKE_RAW_VALUES } from '../simulators/event-facts.ts';
import type { SendOptions } from '../simulators/noxys.ts';
import { stepsOf } from '../simulators/working-day-expectation.ts';
import { workingDay } from '../simulators/working-day.ts';
import { renameTable } from './at-rest.ts';
import { EchoingDestination } from './echoing-destination.ts';
import { makeEvent, makeEvents } from './events.ts';
import type { Forbidden } from './secret-search.ts';
import { Stage, newWebhookSecret } from './stage.ts';
import { until } from './until.ts';

const TENANT = 'acme';
const PATH = `/api/v1/tenants/${TENANT}`;
const KEEP_ALL = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
const DONE = { withinMs: 30_000 };
/** In base64, as some vendors' are: its `+`, `/` and `=` are spelt otherwise in URLs and in JSON. */
const NEW_TOKEN_BYTES = 30;
/** A shorter one is a signature that was cut off before it was sent: too short to be searched for. */
const DIGEST_PART_LENGTH = 8;

/** In names that no rule against long tokens takes out of what a destination quotes. */
function personalEvent(): Record<string, unknown> {
  const person = { user_id: 'fake.user', user_email: 'fake.user@example.invalid' };
  return { ...makeEvent().body, ...person, device_id: 'dev-fake-0', hostname: 'WKS-FAKE-0' };
}

/** Asks the Worker and keeps what it answers, and what was signed. */
class Recorder {
  /** Status, headers and body of each answer. */
  readonly answers: string[] = [];
  readonly signatures = new Set<string>();
  /** Requests that were sent to a tenant's webhook address. */
  webhooks = 0;

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (init?.method === 'POST' && /^\/hooks\/[^/]+$/.test(pathname)) this.webhooks++;
    const [, digest = ''] = (new Headers(init?.headers).get('webhook-signature') ?? '').split(',');
    if (digest.length > DIGEST_PART_LENGTH) this.signatures.add(digest);
    const response = await fetch(input, init);
    const text = await response.clone().text();
    this.answers.push(JSON.stringify([response.status, [...response.headers], text]));
    return response;
  };
}

export class TroubledDay implements AsyncDisposable {
  readonly stage: Stage;
  readonly day = workingDay({ seed: 7, startMs: Date.now(), tenant: TENANT });
  readonly secrets: Forbidden[] = [];
  readonly #echo = new EchoingDestination();
  readonly #echoToken = randomBytes(NEW_TOKEN_BYTES).toString('base64');
  readonly #authToken = `auth-${randomBytes(18).toString('base64')}`;
  readonly #recorder: Recorder;
  #edrToken: string;
  #webhookSecrets = [newWebhookSecret()];

  private constructor(stage: Stage, recorder: Recorder) {
    this.stage = stage;
    this.#recorder = recorder;
    this.#edrToken = stage.destinations.edrToken;
  }

  /** Plays it; the relay is still up when it is over. */
  static async play(): Promise<TroubledDay> {
    const recorder = new Recorder();
    const stage = await Stage.open({ vars: { RELAY_LOG_ONE_IN: '1' }, fetch: recorder.fetch });
    const day = new TroubledDay(stage, recorder);
    try {
      await day.#echo.start();
      await day.#play();
    } catch (error) {
      await day[Symbol.asyncDispose]();
      throw error;
    }
    return day;
  }

  /** What the Worker answered: status, headers and body of each. */
  get answers(): readonly string[] {
    return this.#recorder.answers;
  }

  /** How many webhooks were sent. */
  get webhooks(): number {
    return this.#recorder.webhooks;
  }

  get lines(): readonly string[] {
    return this.stage.logs;
  }

  /** Words that name a person, a device or what a person wrote. */
  get persons(): Forbidden[] {
    const ids = this.stage.edr.events.flatMap(({ body: { user_id: id } }) =>
      typeof id === 'string' ? [id] : [],
    );
    const words = [...new Set(ids), 'fake.user', '@example.invalid', 'dev-fake', 'WKS-FAKE', 'fake.person'];
    return words.map((word, i) => ({ name: `person ${i}`, word }));
  }

  get rawValues(): Forbidden[] {
    return [...Object.values(FAKE_RAW_VALUES), 'FAKE PROMPT'].map((word, i) => ({
      name: `raw value ${i}`,
      word,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.stage.close(), this.#echo.stop()]);
  }

  async #play(): Promise<void> {
    const { adminToken, masterKeys, destinations } = this.stage;
    this.#keep({
      adminToken,
      masterKey: masterKeys.primary,
      edrToken: this.#edrToken,
      hecKey: destinations.hecKey,
    });
    this.#keep({ echoToken: this.#echoToken, authToken: this.#authToken, webhookSecret: this.#secret });
    await this.#save();
    await this.#askWrongly();
    const steps = stepsOf(this.day);
    const middle = Math.floor(steps.length / 2);
    for (const step of steps.slice(0, middle)) await this.#sendAll(step);
    await this.stage.untilDone(TENANT, DONE);
    await this.#sufferDestinations();
    await this.#rotateWebhookSecret();
    for (const step of steps.slice(middle)) await this.#sendAll(step);
    await this.stage.untilDone(TENANT, DONE);
    await this.#operate();
    await this.#breakObject();
    for (const { options } of this.day) if (options.secret) this.#keep({ otherSecret: options.secret });
    for (const signature of this.#recorder.signatures) this.#keep({ signature });
  }

  get #secret(): string {
    return this.#webhookSecrets[0] ?? '';
  }

  /** The config as it is now; also ends every pause. */
  async #save(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.stage.admin.put(TENANT, this.#document(more));
  }

  #document(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const { destinations } = this.stage;
    const echo = { name: 'echo', type: 'harfanglab', base_url: this.#echo.url, token: this.#echoToken };
    return this.stage.document(TENANT, this.#secret, {
      residency: 'global',
      webhook: { secrets: this.#webhookSecrets, auth_token: this.#authToken },
      privacy: KEEP_ALL,
      destinations: [destinations.edrConfig({ token: this.#edrToken }), destinations.falconConfig(), echo],
      ...more,
    });
  }

  /** An operator's mistakes, each with secrets in the wrong place. */
  async #askWrongly(): Promise<void> {
    const { admin, adminToken } = this.stage;
    await admin.put(TENANT, this.#document({ residency: 'moon' }));
    await admin.put(TENANT, this.#document({ [this.#secret]: this.#echoToken }));
    await admin.put(TENANT, `id: acme\nwebhook: {secrets: [${this.#secret}`);
    await admin.put(TENANT, this.#document(), { 'if-match': `"${this.#edrToken}"` });
    await admin.put(TENANT, this.#document(), { 'content-type': `text/${this.#authToken.slice(0, 20)}` });
    for (const authorization of [
      `Bearer ${this.#authToken}`,
      `Basic ${Buffer.from(`operator:${adminToken}`).toString('base64')}`,
      `Bearer ${adminToken} ${this.#secret}`,
      adminToken,
    ])
      await this.#ask(PATH, { headers: { authorization } });
    await this.#ask(`${PATH}?token=${adminToken}`);
    await this.#ask(`/api/v1/tenants/${adminToken}`);
    await this.#ask(`/${encodeURIComponent(this.#secret)}`);
    await this.#ask(`/hooks/${adminToken}`, { method: 'POST', body: this.#secret });
    await this.#ask(`/hooks/${TENANT}/${adminToken}`, { method: 'DELETE' });
    await admin.get(`${PATH}/dead-letters?lane=${this.#edrToken}&limit=${this.#secret}`);
    await admin.get(`${PATH}/dead-letters/${this.#edrToken}`);
    await admin.post(`${PATH}/destinations/${this.#edrToken}/pause`);
    await admin.post(`${PATH}/dead-letters/redrive`, { since: this.#secret });
    await this.#ask(`/healthz?token=${adminToken}`);
  }

  /** Wrong, echoing, hanging up, a portal, a redirect: what a lane blocks or waits for. */
  async #sufferDestinations(): Promise<void> {
    const { edr, falcon } = this.stage;
    for (const [status, contentType] of [
      [400, 'text/plain'],
      [503, 'application/json'],
      [401, 'application/json'],
      [302, 'text/plain'],
      [200, 'text/html'],
      [418, 'text/plain'],
    ] as const) {
      this.#echo.answerWith(status, contentType);
      const before = this.#echo.requests.length;
      await this.#save();
      await this.#send(personalEvent());
      await until(`the echo answered ${status}`, () => this.#echo.requests.length > before, DONE);
      await this.stage.admin.get(`${PATH}/lanes`);
    }
    this.#echo.answerWith(201);
    await falcon.stop();
    const token = randomBytes(NEW_TOKEN_BYTES).toString('base64');
    edr.rotateToken(token);
    await this.#send(personalEvent());
    await until('both lanes are in trouble', async () => this.#areIn('waiting', 'blocked'), DONE);
    await falcon.start();
    this.#edrToken = token;
    this.#keep({ rotatedEdrToken: token });
    await this.#save();
    await this.stage.untilDone(TENANT, DONE);
  }

  async #areIn(...states: readonly string[]): Promise<boolean> {
    const lanes = await this.stage.lanes(TENANT);
    return lanes.filter(({ state }) => states.includes(state)).length >= states.length;
  }

  /** The new secret is known everywhere at once: the relay is restarted, as by a deploy. */
  async #rotateWebhookSecret(): Promise<void> {
    this.#webhookSecrets = [newWebhookSecret(), ...this.#webhookSecrets];
    this.#keep({ newWebhookSecret: this.#secret });
    await this.#save();
    await this.stage.stopRelay();
    await this.stage.startRelay();
    const [, old] = this.#webhookSecrets;
    await this.#send(personalEvent(), { ...(old && { secret: old }) });
  }

  async #operate(): Promise<void> {
    const { admin } = this.stage;
    await admin.get(PATH);
    await admin.get(`${PATH}/dead-letters`);
    await admin.get(`${PATH}/notices`);
    await admin.post(`${PATH}/destinations/echo/pause`);
    await this.#send(personalEvent());
    await admin.post(`${PATH}/destinations/echo/resume`, { from: 'now' });
    await admin.post(`${PATH}/dead-letters/redrive`, { lane: 'echo/events' });
    await this.#save({ limits: { events_per_minute: 1, burst: 100 } });
    for (const _ of [1, 2]) await this.#send(makeEvents(80).map(({ body }) => body));
    await this.stage.untilDone(TENANT, DONE);
  }

  /** An object that can't read its storage: webhooks overflow, and an EU tenant's are refused. */
  async #breakObject(): Promise<void> {
    const european = await this.stage.addTenant('european', { privacy: KEEP_ALL });
    this.#keep({ europeanSecret: european.secret });
    await renameTable(this.stage, 'lanes', 'lanes_gone');
    await this.stage.stopRelay();
    await this.stage.startRelay();
    await this.#send(personalEvent());
    const sender = this.stage.senderTo(european.id, european.secret);
    await sender.send(personalEvent());
    await this.stage.admin.get(`${PATH}/lanes`);
    await this.stage.admin.get(PATH);
    await until('the overflow was tried', () => this.lines.join().includes('overflow.deferred'), DONE);
  }

  async #sendAll(sends: readonly { readonly body: string; readonly options: SendOptions }[]): Promise<void> {
    await Promise.all(sends.map(async ({ body, options }) => this.#send(body, options)));
  }

  async #send(body: unknown, options: SendOptions = {}): Promise<void> {
    const sender = this.stage.senderTo(TENANT, this.#secret);
    await sender.send(body, { authToken: this.#authToken, ...options });
  }

  /** As anybody may ask. */
  async #ask(path: string, init: RequestInit = {}): Promise<void> {
    await this.#recorder.fetch(`${this.stage.url}${path}`, { redirect: 'manual', ...init });
  }

  #keep(secrets: Readonly<Record<string, string>>): void {
    for (const [name, word] of Object.entries(secrets)) {
      this.secrets.push({ name, word });
      if (word.startsWith('whsec_')) this.secrets.push({ name, word: word.slice('whsec_'.length) });
    }
  }
}
