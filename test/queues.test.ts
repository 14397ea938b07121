/** What the consumers of the queues rely on in wrangler.toml, in both environments. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ATTEMPTS_MAX } from '../src/wakeups/overflow-consumer.ts';

const CONFIG = readFileSync(join(import.meta.dirname, '..', 'wrangler.toml'), 'utf8');

/** The lines of each table with this name. */
function tablesOf(name: string): string[] {
  return CONFIG.split(/^(?=\[)/m).filter((table) => table.startsWith(`[[${name}]]`));
}

describe.each([
  ['', ''],
  ['env.eu.', '-eu'],
])('the queues of the environment "%s"', (prefix, suffix) => {
  it.each(['wakeups', 'overflow'])('have a producer and a consumer of %s', (queue) => {
    for (const side of ['producers', 'consumers']) {
      const tables = tablesOf(`${prefix}queues.${side}`);
      expect(
        tables.filter((table) => table.includes(`queue = "noxys-relay-${queue}${suffix}"\n`)),
      ).toHaveLength(1);
    }
  });

  it('try an overflow message more often than its consumer needs to replace it', () => {
    const consumer = tablesOf(`${prefix}queues.consumers`).find((table) => table.includes('overflow'));
    const retries = Number(/^max_retries = (\d+)/m.exec(consumer ?? '')?.[1]);
    expect(retries).toBeGreaterThan(ATTEMPTS_MAX);
    expect(retries).toBeLessThanOrEqual(100);
  });
});
