/**
 * A Teams workflow that starts "when a Teams webhook request is received": checks the signature in the address, answers 202 before it
 * does anything, then posts the card or fails, as its run history shows. `isChecked`: a workflow that answers after posting.
 * Sources: learn.microsoft.com connectors/teams "Microsoft Teams Webhook"; error codes as users report them (Microsoft has no list).
 */

import { SimulatorServer, type SimulatorServerOptions } from './http-server.ts';
import { isJsonObject, parseJson, type SimulatorAnswer, type SimulatorRequest } from './request.ts';
import { messageRefusal } from './teams-card.ts';

export interface TeamsOptions extends SimulatorServerOptions {
  /** The signature that the address must carry. */
  readonly sig: string;
  /** Answers 400 or 413 where a card is refused, instead of 202 before it is looked at. */
  readonly isChecked?: boolean;
}

export interface WorkflowRun {
  readonly atMs: number;
  readonly bytes: number;
  /** The card that stands in the channel. Absent: the run failed. */
  readonly card?: Readonly<Record<string, unknown>>;
  /** Why nothing was posted. */
  readonly error?: string;
}

const PATH = '/workflows/0123abcd/triggers/manual/paths/invoke';

export class TeamsSimulator extends SimulatorServer {
  readonly #options: TeamsOptions;
  readonly runs: WorkflowRun[] = [];
  #state: 'on' | 'off' | 'gone' = 'on';
  #isForSignedInOnly = false;

  constructor(options: TeamsOptions) {
    super(options);
    this.#options = options;
  }

  /** The whole address, as the Workflows app shows it. */
  get address(): string {
    return `${this.url}${PATH}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${this.#options.sig}`;
  }

  /** What stands in the channel. */
  get cards(): readonly Readonly<Record<string, unknown>>[] {
    return this.runs.flatMap(({ card }) => (card ? [card] : []));
  }

  /** `gone`: deleted so long ago that nothing is known of it. */
  turn(state: 'on' | 'off' | 'gone'): void {
    this.#state = state;
  }

  /** "Who can trigger the flow?": somebody of the tenant, instead of anyone. */
  takeSignedInOnly(): void {
    this.#isForSignedInOnly = true;
  }

  protected override authorizationIsRight(): boolean {
    return false;
  }

  protected override answer(request: SimulatorRequest): SimulatorAnswer {
    const refusal = this.#refusal(request);
    if (refusal) return refusal;
    const value = parseJson(request.body.toString('utf8'))?.value;
    const error = messageRefusal(value);
    const run = { atMs: this.nowMs(), bytes: request.bytes };
    this.runs.push(error === undefined ? { ...run, card: cardOf(value) } : { ...run, error });
    if (error === undefined || this.#options.isChecked !== true) return { status: 202 };
    return failed(error.startsWith('MessageSizeExceeded') ? 413 : 400, 'BadRequest', error);
  }

  #refusal({ path, query, method }: SimulatorRequest): SimulatorAnswer | undefined {
    if (path !== PATH || this.#state === 'gone') {
      return failed(404, 'WorkflowNotFound', 'The workflow could not be found.');
    }
    if (this.#isForSignedInOnly || !query.has('sig')) {
      const message = 'The request to a resource must have an OAuth authorization header.';
      return failed(401, 'DirectApiAuthorizationRequired', message);
    }
    if (query.get('sig') !== this.#options.sig) {
      return failed(401, 'DirectApiInvalidAuthorizationScheme', 'The signature is not valid.');
    }
    if (this.#state === 'off') {
      const message = "Could not execute workflow trigger 'manual' due to state 'Disabled'.";
      return failed(400, 'WorkflowTriggerIsNotEnabled', message);
    }
    return method === 'POST' ? undefined : failed(405, 'MethodNotAllowed', 'POST only.');
  }
}

function cardOf(value: unknown): Readonly<Record<string, unknown>> {
  const attachments = isJsonObject(value) ? value['attachments'] : undefined;
  const [attachment] = Array.isArray(attachments) ? (attachments as readonly unknown[]) : [];
  const card = isJsonObject(attachment) ? attachment['content'] : undefined;
  return isJsonObject(card) ? card : {};
}

function failed(status: number, code: string, message: string): SimulatorAnswer {
  return { status, body: { error: { code, message } } };
}
