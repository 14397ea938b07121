/**
 * KV namespaces and queues of a simulated Cloudflare account. Jurisdictions are given at creation alone, names are unique, and
 * a field that the API does not know is refused, so that a client can't believe in a restriction that nobody made.
 */

import { randomBytes } from 'node:crypto';

import { refusals, result, resultPage } from './cloudflare-answers.ts';
import { isJsonObject, parseJson, type SimulatorAnswer, type SimulatorRequest } from './request.ts';

const JURISDICTIONS = ['eu', 'us', 'fedramp'];
const CREATED_ON = '2026-11-22T05:00:00Z';

export interface KvNamespace {
  readonly id: string;
  readonly title: string;
  readonly supports_url_encoding: true;
  /** Absent: unrestricted. Source: API reference, kv/namespaces. */
  readonly jurisdiction?: string;
}

export interface Queue {
  readonly queue_id: string;
  readonly queue_name: string;
  readonly jurisdiction?: string;
  readonly consumers: { consumer_id: string; type: 'worker'; script: string; settings: object }[];
}

/** The fields of a JSON body, or what is answered to a body that is none or has more of them. */
export function fieldsOf(
  request: SimulatorRequest,
  known: readonly string[],
): { readonly fields: Readonly<Record<string, unknown>> } | { readonly refused: SimulatorAnswer } {
  const value = parseJson(request.body.toString('utf8'))?.value;
  if (!isJsonObject(value)) return { refused: refusals.malformed('the body') };
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  return stranger === undefined ? { fields: value } : { refused: refusals.unknownField(stranger) };
}

function isJurisdiction(value: unknown): boolean {
  return value === undefined || JURISDICTIONS.some((known) => known === value);
}

export class KvNamespaces {
  readonly all: KvNamespace[] = [];

  list(query: URLSearchParams): SimulatorAnswer {
    const sorted = this.all.toSorted((a, b) => (a.title < b.title ? -1 : 1));
    return resultPage(sorted, query, 20);
  }

  create(request: SimulatorRequest): SimulatorAnswer {
    const read = fieldsOf(request, ['title', 'jurisdiction']);
    if ('refused' in read) return read.refused;
    const { title, jurisdiction } = read.fields;
    if (typeof title !== 'string' || title === '' || !isJurisdiction(jurisdiction))
      return refusals.malformed('a namespace');
    if (this.all.some((known) => known.title === title)) return refusals.namespaceExists();
    return result(this.add(title, jurisdiction as string | undefined));
  }

  /** As an operator made it before. */
  add(title: string, jurisdiction?: string): KvNamespace {
    const made: KvNamespace = {
      id: randomBytes(16).toString('hex'),
      title,
      supports_url_encoding: true,
      ...(jurisdiction === undefined ? {} : { jurisdiction }),
    };
    this.all.push(made);
    return made;
  }
}

export class Queues {
  readonly all: Queue[] = [];

  /** `name` may come several times. */
  list(query: URLSearchParams): SimulatorAnswer {
    const names = query.getAll('name');
    const found = this.all.filter(({ queue_name: name }) => names.length === 0 || names.includes(name));
    return resultPage(
      found.map((queue) => ({
        ...queue,
        created_on: CREATED_ON,
        modified_on: CREATED_ON,
        producers: [],
        producers_total_count: 0,
        consumers_total_count: queue.consumers.length,
      })),
      query,
      100,
    );
  }

  create(request: SimulatorRequest): SimulatorAnswer {
    const read = fieldsOf(request, ['queue_name', 'jurisdiction', 'settings']);
    if ('refused' in read) return read.refused;
    const { queue_name: name, jurisdiction } = read.fields;
    if (typeof name !== 'string' || !/^[a-z0-9-]{1,63}$/.test(name) || !isJurisdiction(jurisdiction))
      return refusals.malformed('a queue');
    if (this.all.some((known) => known.queue_name === name)) return refusals.queueExists();
    return result(this.add(name, jurisdiction as string | undefined));
  }

  add(name: string, jurisdiction?: string): Queue {
    const made: Queue = {
      queue_id: randomBytes(16).toString('hex'),
      queue_name: name,
      consumers: [],
      ...(jurisdiction === undefined ? {} : { jurisdiction }),
    };
    this.all.push(made);
    return made;
  }

  /** A queue has one active consumer. Source: Queues documentation, "How Queues Works". */
  setConsumer(queueId: string, request: SimulatorRequest): SimulatorAnswer {
    const read = fieldsOf(request, ['type', 'script_name', 'settings', 'dead_letter_queue']);
    if ('refused' in read) return read.refused;
    const queue = this.all.find((known) => known.queue_id === queueId);
    const { script_name: script, settings } = read.fields;
    if (queue === undefined || typeof script !== 'string' || !isJsonObject(settings))
      return refusals.malformed('a consumer');
    const consumer = { consumer_id: queueId.slice(0, 16), type: 'worker' as const, script, settings };
    queue.consumers.splice(0, queue.consumers.length, consumer);
    return result(consumer);
  }
}
