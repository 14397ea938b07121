import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const RELAY = ['test/relay/**/*.test.ts'];
const EDGE = ['operators', 'http', 'wakeups'].map((room) => `test/${room}/**/*.test.ts`);

// Of the tests alone. Also in the environment, where the reader of wrangler.toml looks for the secrets that it requires.
const SECRETS = {
  RELAY_MASTER_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  RELAY_ADMIN_TOKEN: 'test-admin-token-0123456789abcdef',
};
Object.assign(process.env, SECRETS);

const { MODEL_RUNS = '20', MODEL_SEED = '1', MODEL_PATH, MODEL_REPLAY } = process.env;

declare module 'vitest' {
  interface ProvidedContext {
    /** For test/relay/model.test.ts: how many histories, and which. */
    model: { runs: number; seed: number | null; path: string | null; replayPath: string | null };
  }
}

/** A project whose tests run inside workerd. */
function inWorkerd(name: string, include: string[], isolate: boolean) {
  const bindings = { ...SECRETS, RELAY_ENV: 'local' };
  return {
    plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' }, miniflare: { bindings } })],
    test: {
      name,
      include,
      isolate,
      testTimeout: 30_000,
      provide: {
        model: {
          runs: Number(MODEL_RUNS),
          // A fixed one, so that a gate says the same twice; `MODEL_SEED=random` hunts.
          seed: MODEL_SEED === 'random' ? null : Number(MODEL_SEED),
          path: MODEL_PATH ?? null,
          replayPath: MODEL_REPLAY ?? null,
        },
      },
    },
  };
}

export default defineConfig({
  test: {
    // More than a small machine has processors: tests inside workerd wait more than they work.
    maxWorkers: 4,
    reporters: ['default', './test/reporters/end-of-run.ts'],
    // The Worker's own log lines: tests that are about them capture them.
    onConsoleLog: (log) => (log.startsWith('{"level"') ? false : undefined),
    projects: [
      {
        test: {
          name: 'pure',
          // Files share their modules: none of ours keeps state in one.
          isolate: false,
          environment: 'node',
          // Property tests take seconds where other work shares the machine.
          testTimeout: 30_000,
          include: ['test/**/*.test.ts'],
          exclude: [...RELAY, ...EDGE, 'test/e2e/**', 'test/architecture.test.ts'],
        },
      },
      { test: { name: 'architecture', environment: 'node', include: ['test/architecture.test.ts'] } },
      // Objects that these tests crash and forget go with the workerd of their file.
      inWorkerd('workers', RELAY, true),
      // One workerd for all files: each test makes tenants of its own.
      inWorkerd('edge', EDGE, false),
      {
        test: {
          name: 'e2e',
          environment: 'node',
          globalSetup: ['test/e2e/build.ts'],
          include: ['test/e2e/**/*.test.ts'],
          // They wait more than they work: two at once, each on a relay and vendors of its own.
          maxWorkers: 2,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
