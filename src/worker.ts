/** The Worker's entry: HTTP, the queues, the hourly poke, and the classes of the objects. No logic. */

import { createApp } from './http/app.ts';
import { handleBatch } from './wakeups/batch.ts';
import { pokeTenants } from './wakeups/poke.ts';

export { TokenRegistry } from './operators/token-registry.ts';
export { TenantRelay } from './relay/tenant-relay.ts';

const app = createApp();

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  queue: (batch, env) => handleBatch(batch, env),
  scheduled: async (_controller, env) => {
    await pokeTenants(env);
  },
} satisfies ExportedHandler<Cloudflare.Env>;
