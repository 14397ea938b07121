/**
 * The product's Worker with an eye on its queues: each message that it or a tenant's object sends is kept, and told below `/watched/`.
 * Built for tests alone, never deployed.
 */

import product, { TenantRelay as ProductRelay } from '../../src/worker.ts';

export { TokenRegistry } from '../../src/worker.ts';

/** A message as it was sent. Bytes are in base64. */
export interface SentMessage {
  readonly queue: 'wakeups' | 'overflow';
  readonly body: unknown;
  readonly isBytes: boolean;
}

/** The isolate holds the Worker and all objects: they share it. */
const sent: SentMessage[] = [];
const watchedEnvs = new WeakMap<object, Cloudflare.Env>();

/** Always the same for an environment, as the product keeps what it built per environment. */
function watched(env: Cloudflare.Env): Cloudflare.Env {
  const known = watchedEnvs.get(env);
  if (known) return known;
  const made = {
    ...env,
    WAKEUPS: watchedQueue('wakeups', env.WAKEUPS),
    OVERFLOW: watchedQueue('overflow', env.OVERFLOW),
  };
  watchedEnvs.set(env, made);
  return made;
}

function watchedQueue(name: SentMessage['queue'], queue: Queue): Queue {
  return {
    metrics: async () => queue.metrics(),
    send: async (body: unknown, options?: QueueSendOptions) => {
      note(name, body);
      return queue.send(body, options);
    },
    sendBatch: async (messages: Iterable<MessageSendRequest>, options?: QueueSendBatchOptions) => {
      const list = [...messages];
      for (const { body } of list) note(name, body);
      return queue.sendBatch(list, options);
    },
  };
}

function note(queue: SentMessage['queue'], body: unknown): void {
  const isBytes = body instanceof Uint8Array;
  sent.push({ queue, body: isBytes ? btoa(String.fromCodePoint(...body)) : body, isBytes });
}

export class TenantRelay extends ProductRelay {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, watched(env));
  }
}

export default {
  fetch: async (request, env, ctx) =>
    new URL(request.url).pathname === '/watched/messages'
      ? Response.json(sent)
      : product.fetch(request, watched(env), ctx),
  queue: async (batch, env) => product.queue(batch, watched(env)),
  scheduled: async (controller, env) => product.scheduled(controller, watched(env)),
} satisfies ExportedHandler<Cloudflare.Env>;
