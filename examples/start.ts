/**
 * `npm start`: the relay and simulated vendors on this machine, a sample working day, and what became of it.
 * Stays up for exploring until Ctrl-C, which ends it at any time and leaves nothing behind; `npm start -- --once` ends when everything has arrived: 0, or 1 with what is missing.
 */

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { Listr, type ListrTaskWrapper } from 'listr2';

import { workingDay } from '../test/simulators/working-day.ts';
import { curlLine } from './demo/curl.ts';
import { type Played, play, waitForDeliveries } from './demo/play.ts';
import { findMissing, printReport } from './demo/report.ts';
import { RELAY_PORT, Stage, buildWorker } from './demo/stage.ts';

const USAGE = `npm start [-- options]

  --once         end when everything has arrived: exit 0, or 1 with what is missing
  --port N       the relay's port (without it: ${RELAY_PORT}, or the next free one if that is taken)
  --seed N       another working day (default 1)
  --help`;

interface Demo {
  stage?: Stage;
  played?: Played;
}

interface Options {
  readonly isOnce: boolean;
  readonly port: number | undefined;
  readonly seed: number;
}

/** As a shell reports a program that Ctrl-C ended. Source: POSIX 2.8.2, 128 + SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;
/** Of the day's progress, where no terminal redraws it. */
const LOGGED_LINES_MAX = 4;
const SHOW_CURSOR = '\u001B[?25h';

const options = readOptions();
if (options) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.prependListener(signal, endNow);
  process.exitCode = await run(options);
}

/** The simulators live in this process; the relay's and the build's processes are ended as it exits. */
function endNow(): void {
  // Directly, because the list of tasks holds back what is written in the usual way while it runs.
  writeSync(process.stdout.fd, `${process.stdout.isTTY ? SHOW_CURSOR : ''}\nEnded.\n`);
  process.exit(process.exitCode ?? INTERRUPTED_EXIT_CODE);
}

async function run({ isOnce, port, seed }: Options): Promise<number> {
  const demo: Demo = {};
  try {
    await tasks(demo, port, seed).run();
    const { stage, played } = demo;
    if (!stage || !played) return 1;
    const missing = await findMissing(stage, played);
    await printReport(stage, played, missing);
    const code = missing.length === 0 ? 0 : 1;
    if (!isOnce) await explore(stage, code);
    return code;
  } catch (error) {
    console.error(`\nThe demonstration stopped: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await demo.stage?.stop();
  }
}

function tasks(demo: Demo, port: number | undefined, seed: number): Listr {
  return new Listr(
    [
      { title: 'Build the Worker', task: buildWorker },
      {
        title: 'Start simulated vendors and the relay',
        task: async (_context, task) => {
          demo.stage = await Stage.start(port);
          task.title = `Relay on ${demo.stage.url}, HarfangLab, Falcon and Slack simulated on loopback`;
        },
      },
      {
        title: 'Apply examples/acme.yaml',
        task: async (_context, task) => {
          task.title = `Tenant acme, version ${await stageOf(demo).applyTenant()}, from examples/acme.yaml`;
        },
      },
      { title: 'Play a working day', task: async (_context, task) => playDay(demo, seed, task) },
      {
        title: 'Wait for the last deliveries',
        task: async (_context, task) => {
          const delivered = await waitForDeliveries(stageOf(demo), demo.played);
          task.title = `Deliveries: ${delivered}`;
        },
      },
    ],
    {
      concurrent: false,
      rendererOptions: { collapseSubtasks: false },
      fallbackRendererOptions: {},
      registerSignalListeners: false,
    },
  );
}

async function playDay(
  demo: Demo,
  seed: number,
  task: Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'output'>,
): Promise<void> {
  const stage = stageOf(demo);
  const day = workingDay({ seed, startMs: Date.now(), tenant: 'acme' });
  // A terminal redraws one line; a log would get one line each.
  const linesMax = process.stdout.isTTY ? day.length : LOGGED_LINES_MAX;
  let lines = 0;
  demo.played = await play(stage, day, (done) => {
    if (done < (day.length * lines) / linesMax) return;
    lines++;
    task.output = `${bar(done / day.length)} ${done} of ${day.length} webhooks · ${stage.edr.events.length} events at HarfangLab · ${stage.falcon.events.length} at Falcon · ${stage.slack.messages.length} messages in Slack`;
  });
  task.title = `Played a working day: ${day.length} webhooks, genuine, repeated, forged, stale and broken`;
}

function stageOf(demo: Demo): Stage {
  if (!demo.stage) throw new Error('Cannot go on as the relay must run: it does not');
  return demo.stage;
}

/** Stays up until Ctrl-C, which exits with `code`; Enter prints a fresh line, because a signature is valid for five minutes. */
async function explore(stage: Stage, code: number): Promise<never> {
  process.exitCode = code;
  console.log(`\nThe relay stays up. Ctrl-C ends it, and nothing is kept: tenants and events go with it. From a second shell, in this folder:\n
  export NOXYS_RELAY_URL=${stage.url}
  npx noxys-relay lanes acme
  npx noxys-relay events tail acme
  npx noxys-relay rules list acme
  npx noxys-relay detections list acme
  npx noxys-relay init          # a tenant of your own, with these destinations:\n
  HarfangLab   ${stage.edr.url}   token ${stage.edrToken}
  Falcon       ${stage.falcon.hecUrl}   token ${stage.hecToken}   region eu-1
               API client ${stage.falconClient.id}   secret ${stage.falconClient.secret}
               base_url ${stage.falcon.url}, which stands in for the region's API: init offers it, so that the secret goes nowhere else
  Slack        ${stage.slack.webhookUrl}\n
The day has used up the 20 new cases of the hour: what else rules find goes into the storm case until it is over. To see the case of a rule
of yours, copy examples/acme.yaml to tenants, give falcon \`cases: {per_hour_max: 200}\` there, and \`npx noxys-relay apply -f tenants\`.\n
Or send acme an event by hand (the signature holds for 5 minutes; Enter for a fresh line):\n
${curlLine(stage)}\n`);
  const input = createInterface({ input: process.stdin });
  input.on('line', () => console.log(`\n${curlLine(stage)}\n`));
  return new Promise<never>(() => undefined);
}

function bar(share: number): string {
  const width = 24;
  const filled = Math.round(share * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        port: { type: 'string' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return undefined;
    }
    return {
      isOnce: values.once,
      port: values.port === undefined ? undefined : wholeNumber('--port', values.port, 65_535),
      seed: wholeNumber('--seed', values.seed, 2 ** 31 - 1),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new Error(`${name} takes a whole number from 1 to ${max}: it is "${text}"`);
}
