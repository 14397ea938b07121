/**
 * Isolates the host of a detection from the network, and lets an isolated one back when an operator asks for it.
 * Never acts on more than one host, and never on one that it can't tell from others or that the config protects.
 * What the relay itself refuses is no failure of Falcon. The status is read before each request, so that one whose answer was
 * never seen is not repeated. Source: vendor OpenAPI of Hosts, netskope `crowdstrike`, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { FailedOutcome, Outcome } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { Channel, ChannelContext, DeliveryIo } from '../destination.ts';
import { AuditedAction } from '../isolation/audited-action.ts';
import { IsolationLog } from '../isolation/isolation-log.ts';
import { CONTAIN_DEFAULT, protectionOf, quoted } from '../isolation/protection.ts';
import { hourIsFull, liftedSince, notIsolated } from '../isolation/refusals.ts';
import { type ApiAnswer, type ApiCall, type FalconApi, falconApi } from './api.ts';
import { cheapRead } from './cheap-read.ts';
import { type HostRefusal, hostOfDetection, oneHost } from './containment-host.ts';
import { liftContainment } from './containment-lift.ts';
import { errorText } from './error-text.ts';
import type { Host } from './hosts.ts';

const DELIVERED: Outcome = { kind: 'delivered' };
const WORKSTATION = 'workstation';

/** The channel of a destination whose API client is open. */
export function falconContainment(config: FalconConfig, { tenant }: ChannelContext): Channel {
  return {
    kind: 'containment',
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS.contain,
    async deliver([event], io) {
      if (!event) return DELIVERED;
      return new Isolation(event, { config, io, api: falconApi(config, tenant, io) }).outcome();
    },
    async check(io) {
      const path = '/devices/queries/devices/v1?limit=1';
      const outcome = await cheapRead(falconApi(config, tenant, io), { scope: 'devices:read', path });
      if (outcome.kind !== 'delivered') return { outcome, notes: [] };
      const notes = [
        'Hosts can be looked up.',
        'Hosts: Write could not be tested, as only isolating a host tells whether it is granted.',
      ];
      return { outcome, notes };
    },
    async liftContainment(reference, io) {
      return liftContainment(falconApi(config, tenant, io), reference, new IsolationLog(io));
    },
  };
}

interface IsolationParts {
  readonly config: FalconConfig;
  readonly io: DeliveryIo;
  readonly api: FalconApi;
}

/** An isolation that is asked for. */
interface Asked {
  readonly host: Host;
  readonly action: AuditedAction<ApiCall, ApiAnswer>;
  /** An earlier attempt may have been done yet. */
  readonly isRetried: boolean;
}

/** What is done about one detection. */
class Isolation {
  readonly #event: CanonicalEvent;
  readonly #parts: IsolationParts;
  readonly #log: IsolationLog;

  constructor(event: CanonicalEvent, parts: IsolationParts) {
    this.#event = event;
    this.#parts = parts;
    this.#log = new IsolationLog(parts.io);
  }

  async outcome(): Promise<Outcome> {
    const { config, io, api } = this.#parts;
    const { records } = io;
    const found = await hostOfDetection(api, this.#event, { records, privacy: config.privacy.device });
    if (!found.ok) return refusalOutcome(found.error);
    const { host, told } = found.value;
    const action = new AuditedAction(this.#parts, 'host.isolated', this.#event, { deviceId: host.deviceId });
    const isRetried = this.#log.has(this.#event.id);
    if (isIsolated(host)) {
      // Not where somebody else has done it.
      if (isRetried) action.note('isolated');
      return DELIVERED;
    }
    const contain = config.contain ?? CONTAIN_DEFAULT;
    const against = stateAgainst(host) ?? protectionOf('Falcon', protectedHost(host), told, contain);
    const refusal = against ?? this.#lifted(host);
    if (refusal !== undefined) return notIsolated(refusal);
    const full = hourIsFull({ ...io, log: this.#log }, this.#event.id, contain);
    if (full) return full;
    const call = {
      method: 'POST',
      path: '/devices/entities/devices-actions/v2?action_name=contain',
      body: { ids: [host.deviceId] },
      scope: 'devices:write',
      answers: [404, 409],
      onSend: () => this.#log.take(this.#event.id),
    } as const;
    // An operator may have let the host back while this waited for its turn.
    const answer = await action.ask(call, () => this.#refusalOfNow(host));
    return this.#outcomeOf(answer, { host, action, isRetried });
  }

  #lifted({ deviceId }: Host): string | undefined {
    return liftedSince(this.#log, deviceId, this.#event);
  }

  #refusalOfNow(host: Host): FailedOutcome | undefined {
    const lifted = this.#lifted(host);
    return lifted === undefined ? undefined : notIsolated(lifted);
  }

  async #outcomeOf(answer: Result<ApiAnswer, ApiFailure>, asked: Asked): Promise<Outcome> {
    if (!answer.ok) {
      if (!answer.error.mayBeDone) this.#notDone(asked);
      return answer.error.outcome;
    }
    const { status } = answer.value;
    if (status !== 404 && status !== 409 && isTaken(answer.value, asked.host)) {
      asked.action.settle('isolated');
      return DELIVERED;
    }
    this.#notDone(asked);
    return status === 409 ? this.#conflict(answer.value, asked) : rejected(answer.value);
  }

  /** This attempt was not done, for sure. */
  #notDone({ action, isRetried }: Asked): void {
    if (!isRetried) this.#log.giveBack(this.#event.id);
    action.settle('failed');
  }

  /** Somebody else acts on the host, or an earlier attempt did: what has become of it counts. */
  async #conflict(answer: ApiAnswer, { host: { deviceId }, action, isRetried }: Asked): Promise<Outcome> {
    const found = await oneHost(this.#parts.api, { deviceId });
    if (!found.ok && found.error.kind === 'failed') return found.error.failure.outcome;
    if (found.ok && isIsolated(found.value)) {
      if (isRetried) action.note('isolated');
      return DELIVERED;
    }
    if (!this.#log.noteConflict(this.#event.id)) return rejected(answer);
    return { kind: 'retry', reason: 'busy', detail: 'HTTP 409', status: 409, excerpt: errorText(answer) };
  }
}

function rejected(answer: ApiAnswer): Outcome {
  return { kind: 'rejected', status: answer.status, excerpt: `not isolated: ${errorText(answer)}` };
}

/** On the way into it counts, too. */
function isIsolated({ status }: Host): boolean {
  return status === 'contained' || status === 'containment_pending';
}

/** A 2xx may name what it did not do. */
function isTaken({ resources, errors }: ApiAnswer, { deviceId }: Host): boolean {
  return errors.length === 0 || JSON.stringify(resources).includes(deviceId);
}

function refusalOutcome(refusal: HostRefusal): Outcome {
  return refusal.kind === 'failed' ? refusal.failure.outcome : notIsolated(refusal.detail);
}

function protectedHost(host: Host) {
  return { ...host, isWorkstation: host.productType?.toLowerCase() === WORKSTATION };
}

function stateAgainst({ status }: Host): string | undefined {
  return status === 'normal' ? undefined : `Falcon says that its status is ${quoted(status)}`;
}
