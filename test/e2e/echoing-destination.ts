/** A destination that quotes all that it was sent, credential and event, in every answer: the worst that may be kept or logged of one. */

import { SimulatorServer } from '../simulators/http-server.ts';
import type { SimulatorAnswer, SimulatorRequest } from '../simulators/request.ts';

export class EchoingDestination extends SimulatorServer {
  #status = 201;
  #contentType = 'application/json';

  /** How it answers from now on. */
  answerWith(status: number, contentType = 'application/json'): void {
    this.#status = status;
    this.#contentType = contentType;
  }

  protected override answer({ headers, body }: SimulatorRequest): SimulatorAnswer {
    const authorization = headers['authorization'] ?? '';
    const [, token = ''] = authorization.split(' ');
    const inUrl = encodeURIComponent(token);
    const credential = [authorization, token, inUrl, Buffer.from(token).toString('base64')].join(', ');
    // Only the start of an answer is kept: now the one, now the other stands there.
    const isEventFirst = this.requests.length % 2 === 0;
    return {
      status: this.#status,
      headers: { location: `/login?token=${inUrl}`, 'x-cs-region': token, 'retry-after': token },
      contentType: this.#contentType,
      body: isEventFirst ? `${body.toString()} ${credential}` : `${credential} ${body.toString()}`,
    };
  }

  protected override authorizationIsRight(): boolean {
    return true;
  }
}
