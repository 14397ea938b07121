/**
 * Whether an EU environment binds and reads queues of its own, and the Worker alone reads them. Pure.
 * Whether they are shared, and where they are, is checked beside it.
 */

import { componentOf } from './check-bindings.ts';
import type { ComponentId } from './components.ts';
import { failing, ok, type Finding } from './finding.ts';
import { tableOf, tablesOf, type DeployedConfig, type Table } from './read-config.ts';

/** By what name the Worker has each. */
const BOUND = { wakeups: 'WAKEUPS', overflow: 'OVERFLOW' } as const satisfies Partial<
  Record<ComponentId, string>
>;

/** wrangler inherits no queue: what is missing here is missing in the deployment, whatever the top level has. */
export function checkQueues({ table }: DeployedConfig): readonly Finding[] {
  const { producers, consumers } = tableOf(table['queues']);
  const read = tablesOf(consumers);
  return [
    ...(['wakeups', 'overflow'] as const).map((queue) => boundQueue(queue, tablesOf(producers), read)),
    ...pulled(read),
  ];
}

function boundQueue(component: keyof typeof BOUND, producers: readonly Table[], read: readonly Table[]) {
  const binding = BOUND[component];
  const name = producers.find((producer) => producer['binding'] === binding)?.['queue'];
  const own = `noxys-relay-${component}-eu`;
  if (typeof name !== 'string')
    return failing(
      [component, 'queue_binding'],
      `The environment binds no queue as ${binding}: wrangler takes none from the top level.`,
      `Write [[env.eu.queues.producers]] with binding = "${binding}" and queue = "${own}", and run \`npm run deploy:setup -- --env eu\`.`,
    );
  if (read.some(({ queue }) => queue === name))
    return ok([component, 'queue_binding'], `It is bound as ${binding}, and read by the Worker.`);
  return failing(
    [component, 'queue_binding'],
    `Nothing of this environment reads the queue ${name}, which is bound as ${binding}.`,
    `Write [[env.eu.queues.consumers]] with queue = "${name}", then deploy.`,
  );
}

/** Such a consumer is whoever has a token of the account, wherever they are. */
function pulled(read: readonly Table[]): readonly Finding[] {
  return read
    .filter(({ type }) => type !== undefined && type !== 'worker')
    .map(({ queue, type }) =>
      failing(
        [componentOf(String(queue)), 'queue_consumer'],
        `The queue ${String(queue)} has a consumer of the type ${String(type)}: who has a token of the account may take messages out, from anywhere.`,
        `Remove type from its [[env.eu.queues.consumers]], run \`npx wrangler queues consumer http remove ${String(queue)}\`, then deploy.`,
      ),
    );
}
