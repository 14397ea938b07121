/**
 * The custom build of an environment with a jurisdiction (wrangler.toml, `[env.eu.build]`): ends a plain `wrangler deploy` or
 * `wrangler versions upload` before it asks Cloudflare anything. wrangler makes queues and KV namespaces that are missing, and has
 * no way to make them in the EU. `npm run deploy` uses a configuration without this. Not TypeScript, as wrangler runs it with
 * whatever Node stands first in the PATH.
 */

const command = process.env['WRANGLER_COMMAND'] ?? 'deploy';

if (command === 'deploy' || command === 'versions upload') {
  console.error('wrangler by itself would make queues and KV outside the EU. Use these instead:');
  console.error('  npm run deploy:setup -- --env eu     once: makes or checks what the relay needs');
  console.error(`  npm run deploy -- --env eu${command === 'deploy' ? '' : ` ${command}`}`);
  process.exitCode = 1;
}
