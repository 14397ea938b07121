/** Holds the layers of docs/architecture.md: imports point down only, and what only one file may do is done there alone. */

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(import.meta.resolve('..'));
const SRC = join(ROOT, 'src');

/** From the bottom up. What shares a level does not import each other. */
const LEVELS: readonly (readonly string[])[] = [
  ['lib', 'detection'],
  ['domain'],
  ['settings.ts'],
  ['ingest', 'rules', 'destinations'],
  ['residency.ts'],
  ['tenants'],
  ['relay', 'operators'],
  ['http', 'wakeups'],
  ['worker.ts'],
  // Made from the routes, and not part of the Worker.
  ['openapi'],
];

/** Packages, and the only places that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  hono: ['http/'],
  zod: ['domain/', 'tenants/', 'openapi/'],
  jose: ['lib/seal.ts', 'operators/'],
  'js-yaml': ['http/api/document.ts', 'destinations/harfanglab/sigma-content.ts', 'detection/'],
  'cloudflare:workers': ['relay/tenant-relay.ts', 'operators/token-registry.ts'],
  'node:crypto': ['lib/', 'ingest/'],
};

interface Source {
  /** Below src, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const found = text.matchAll(/^(?:import|export)\s[^;]*?\sfrom\s+'([^']+)';|^import\s+'([^']+)';/gm);
    return { path: path.replaceAll('\\', '/'), text, imports: [...found].map((m) => m[1] ?? m[2] ?? '') };
  });

function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function levelOf(room: string): number {
  return LEVELS.findIndex((rooms) => rooms.includes(room));
}

/** Imports of other files of src, resolved. */
function innerImports({ path, imports }: Source): string[] {
  return imports
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(SRC, normalize(join(SRC, dirname(path), target))).replaceAll('\\', '/'));
}

describe('the layers', () => {
  it('know every file', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.filter(({ path }) => levelOf(roomOf(path)) === -1).map(({ path }) => path)).toEqual([]);
  });

  it('are imported from above only', () => {
    const wrong = sources.flatMap((source) => {
      const room = roomOf(source.path);
      return innerImports(source)
        .filter((target) => roomOf(target) !== room && levelOf(roomOf(target)) >= levelOf(room))
        .map((target) => `${source.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('leave the detection engine alone: it can be used without the rest', () => {
    const outside = sources
      .filter(({ path }) => roomOf(path) === 'detection')
      .flatMap(({ path, imports }) => imports.map((target) => ({ path, target })))
      .filter(({ target }) => target !== 'js-yaml' && !target.startsWith('./'));
    expect(outside).toEqual([]);
  });

  it('have no circle of imports', () => {
    const imports = new Map(sources.map((source) => [source.path, innerImports(source)]));
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) throw new Error(`circle: ${[...trail, path].join(' → ')}`);
      if (done.has(path)) return;
      for (const target of imports.get(path) ?? []) walk(target, [...trail, path]);
      done.add(path);
    };
    expect(() => sources.forEach(({ path }) => walk(path, []))).not.toThrow();
  });

  it('name files that exist', () => {
    const known = new Set(sources.map(({ path }) => path));
    const missing = sources.flatMap((source) =>
      innerImports(source)
        .filter((target) => !known.has(target))
        .map((target) => `${source.path} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('a package', () => {
  it.each(Object.entries(PACKAGES))('%s is imported in its place only', (name, places) => {
    const users = sources
      .filter(({ imports }) => imports.some((target) => target === name || target.startsWith(`${name}/`)))
      .map(({ path }) => path);
    expect(users).not.toEqual([]);
    expect(users.filter((path) => !places.some((place) => path.startsWith(place)))).toEqual([]);
  });

  it('is one of those that were decided on', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object };
    expect(Object.keys(manifest.dependencies).toSorted()).toEqual(['hono', 'jose', 'js-yaml', 'zod']);
    const outer = new Set(
      sources.flatMap(({ imports }) => imports.filter((target) => !target.startsWith('.'))),
    );
    const names = [...outer].map((target) =>
      target.startsWith('@') ? target : (target.split('/')[0] ?? ''),
    );
    const decided = [
      'hono',
      'jose',
      'js-yaml',
      'zod',
      'cloudflare:workers',
      'node:crypto',
      'node:buffer',
      'node:zlib',
    ];
    expect(names.filter((name) => !decided.includes(name))).toEqual([]);
  });

  it('zod comes as zod/mini', () => {
    const whole = sources.filter(({ imports }) =>
      imports.some((t) => t.startsWith('zod') && t !== 'zod/mini'),
    );
    expect(whole.map(({ path }) => path)).toEqual([]);
  });
});

describe('one place alone', () => {
  it.each([
    [
      'makes stubs of objects',
      /(?:\.|\[['"])(?:getByName|idFromName|idFromString|newUniqueId)\b|\.jurisdiction\(|\b(?:namespace|TENANT_RELAY|TOKENS)\??\.get\b/,
      'residency.ts',
    ],
    ['sends HTTP requests', /\bfetch\(url|guard\.fetch\(/, 'lib/http.ts'],
    ['writes to the console', /\bconsole[.[]/, 'lib/log.ts'],
    ['reads the variables', /env\.(?:RELAY_(?:MASTER|ADMIN|RESIDENCY|EGRESS)|ACCESS_)/, 'settings.ts'],
    ['maps HTTP statuses to outcomes', /status === 4(?:01|03|04|22)/, 'destinations/outcome.ts'],
    [
      'reads the clock and chance of the platform',
      /Date\.now\(\)|Math\.random\(\)/,
      ['relay/io.ts', 'http/app.ts'],
    ],
  ])('%s', (_what, pattern, place) => {
    const users = sources.filter(({ text }) => pattern.test(withoutComments(text))).map(({ path }) => path);
    expect(users.toSorted()).toEqual([place].flat().toSorted());
  });
});

describe('an object, its alarm included,', () => {
  it('asks no other object: it never touches their bindings', () => {
    const inObjects = sources.filter(({ path }) => /^(?:relay|operators\/token-)/.test(path));
    expect(inObjects.length).toBeGreaterThan(80);
    const users = inObjects.filter(({ text }) => /\benv\.(?:TENANT_RELAY|TOKENS)\b/.test(text));
    expect(users.map(({ path }) => path)).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
