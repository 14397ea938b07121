/**
 * Runs the built Worker in workerd on loopback: SQLite Durable Objects, KV and Queues as wrangler.toml declares them.
 * For the demonstration and the whole-system tests. Build first: `npm run build`.
 */

import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';

const ROOT = join(import.meta.dirname, '..', '..');
export const BUILT_WORKER = join(ROOT, 'dist', 'worker', 'worker.js');

export interface LocalRelayOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Folder of the durable state; absent: gone when it stops. */
  readonly persistTo?: string;
  /** Variables and secrets over those of wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
  /** Opens V8's inspector, which tells how much memory the Worker's isolate holds. Default: closed. */
  readonly hasInspector?: boolean;
  /** The built script; absent: the product's. */
  readonly scriptPath?: string;
  /** Modules that it imports, beside it; absent: it is a single one. */
  readonly importedPaths?: readonly string[];
  /** Gets each log line that the Worker writes. */
  readonly onLog?: (line: string) => void;
  /** Answers every request that the Worker and its objects send, whatever its host. Absent: the network does. */
  readonly outbound?: Outbound;
}

export type Outbound = (request: Request) => Promise<Response>;

export interface LocalRelay {
  /** Without a trailing slash. */
  readonly url: string;
  readonly miniflare: Miniflare;
  /** Of V8's inspector, if it was asked for, without a trailing slash. */
  readonly inspectorUrl: string | undefined;
  stop(): Promise<void>;
}

/** Starts the relay; `RELAY_ENV` is `local`. When it can't start, nothing of it stays. */
export async function startLocalRelay(options: LocalRelayOptions): Promise<LocalRelay> {
  const { scriptPath = BUILT_WORKER, importedPaths = [] } = options;
  if (!existsSync(scriptPath)) {
    throw new Error(
      `Cannot start the relay as ${relative(ROOT, scriptPath)} must be built: it is not there. Run \`npm run build\``,
    );
  }
  const bindings = { ...options.vars, RELAY_ENV: 'local' };
  const workerOptions = readWorkerOptions();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: options.port ?? 0,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => options.onLog?.(message),
      ...(options.persistTo === undefined ? {} : { resourcePersistencePath: options.persistTo }),
      ...(options.hasInspector ? { inspectorPort: 0 } : {}),
      workers: [
        {
          ...workerOptions,
          name: 'noxys-relay',
          rootPath: ROOT,
          modules: [scriptPath, ...importedPaths].map((path) => ({ type: 'ESModule', path })),
          ...(options.outbound && { outboundService: options.outbound }),
          bindings: { ...(workerOptions['bindings'] as Record<string, string>), ...bindings },
        },
      ],
    }),
  );
  const url = await miniflare.ready.catch(async (error: unknown) => {
    await miniflare.dispose();
    throw error;
  });
  const inspectorUrl = options.hasInspector ? await miniflare.getInspectorURL() : undefined;
  return {
    url: url.href.replace(/\/$/, ''),
    miniflare,
    inspectorUrl: inspectorUrl?.href.replace(/\/$/, ''),
    stop: async () => miniflare.dispose(),
  };
}

/**
 * The bindings of wrangler.toml. Its reader complains on the console of secrets that this caller passes by itself, and names
 * rules for other kinds of modules, which the built Worker, a single module, does not have and Miniflare 5 refuses.
 */
function readWorkerOptions(): Record<string, unknown> {
  const { log, warn } = console;
  console.log = () => undefined;
  console.warn = () => undefined;
  try {
    const { modulesRules: _, ...options } = unstable_getMiniflareWorkerOptions(
      join(ROOT, 'wrangler.toml'),
    ).workerOptions;
    return options;
  } finally {
    Object.assign(console, { log, warn });
  }
}
