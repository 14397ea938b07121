/** What `run_worker_first` of wrangler.toml promises: no static file, whatever its name, stands in the way of a route. */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createApp } from '../src/http/app.ts';

const ROOT = join(import.meta.dirname, '..');
const CONFIG = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
/** Settings of the static files, not files. Source: Cloudflare Workers, Static Assets. */
const SETTINGS = ['/_headers', '/_redirects'];

const files = readdirSync(join(ROOT, 'public'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(join(ROOT, 'public').length).replaceAll('\\', '/'))
  .filter((path) => !SETTINGS.includes(path));

/** The paths of the app, with a sample in the place of each parameter. */
const routes = [
  ...new Set(
    createApp()
      .routes.map(({ path }) => path)
      .filter((path) => path !== '/*' && path !== '/api/*'),
  ),
].map((path) => path.replaceAll(/:\w+(?:\{[^}]*\})?/g, 'sample'));

/** The lines of the table with this name. */
function tableOf(name: string): string {
  return CONFIG.split(/^(?=\[)/m).find((table) => table.startsWith(`[${name}]`)) ?? '';
}

function rulesOf(name: string): string[] {
  const list = /^run_worker_first = \[([^\]]*)\]/m.exec(tableOf(name))?.[1] ?? '';
  return [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
}

/** Whether the Worker is asked before a file is looked for; a rule with `!` wins. */
function isWorkerFirst(rules: readonly string[], path: string): boolean {
  const fits = (rule: string) => (rule.endsWith('*') ? path.startsWith(rule.slice(0, -1)) : path === rule);
  return (
    rules.some((rule) => fits(rule)) && !rules.some((rule) => rule.startsWith('!') && fits(rule.slice(1)))
  );
}

describe.each(['assets', 'env.eu.assets'])('the table [%s]', (name) => {
  const rules = rulesOf(name);

  it('serves the folder public', () => {
    expect(tableOf(name)).toContain('directory = "public"');
    expect(files).toContain('/api/v1/openapi.json');
  });

  it('asks the Worker first for each of its routes', () => {
    expect(routes.length).toBeGreaterThan(8);
    expect(routes.filter((path) => !isWorkerFirst(rules, path))).toEqual([]);
  });

  it('serves every file, and none of them has the path of a route', () => {
    expect(files.filter((path) => isWorkerFirst(rules, path))).toEqual([]);
    expect(files.filter((path) => routes.includes(path))).toEqual([]);
  });
});
