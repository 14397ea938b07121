/**
 * What the memory of a local workerd holds: the JavaScript heap of the Worker's isolate, in which the tenants' objects live, by V8's
 * inspector; and the process's pages, by /proc (Linux alone). Local workerd has more isolates in one process than production has.
 */

import { readFileSync, readdirSync } from 'node:fs';

import type { Stage } from '../e2e/stage.ts';

const ANSWER_MS_MAX = 20_000;
const PUMP_MS = 50;

export interface MemorySample {
  /** Bytes of the heap in use before and after a forced collection of garbage. */
  readonly heapBefore: number;
  readonly heapAfter: number;
  /** Bytes that array buffers hold outside the heap, after the collection. */
  readonly buffers: number;
  /** Bytes of workerd's pages; NaN where there is no /proc. */
  readonly rss: number;
  readonly pss: number;
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

export class WorkerdMemory implements Disposable {
  readonly #stage: Stage;
  readonly #socket: WebSocket;
  readonly #workerdPid: number | undefined;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(stage: Stage, socket: WebSocket) {
    this.#stage = stage;
    this.#socket = socket;
    this.#workerdPid = workerdOf(stage.relayProcess.pid);
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (id !== undefined) this.#waiting.get(id)?.(result);
    });
  }

  /** Of a stage whose relay has an inspector. */
  static async of(stage: Stage): Promise<WorkerdMemory> {
    const { inspectorUrl } = stage.relayProcess;
    const socket = new WebSocket(`${inspectorUrl}/core:user:noxys-relay`);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      const refused = new Error('Cannot measure memory as the inspector must answer: it does not');
      socket.addEventListener('error', () => reject(refused), { once: true });
    });
    return new WorkerdMemory(stage, socket);
  }

  async sample(): Promise<MemorySample> {
    const pages = this.#pages();
    const before = await this.#heapUsage();
    await this.#collectGarbage();
    const after = await this.#heapUsage();
    const buffers = after.backingStorageSize ?? 0;
    return { heapBefore: before.usedSize, heapAfter: after.usedSize, buffers, ...pages };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #heapUsage(): Promise<HeapUsage> {
    return (await this.#call('Runtime.getHeapUsage')) as HeapUsage;
  }

  /** V8 does it in a task of the isolate, and workerd runs those with the isolate's next request. */
  async #collectGarbage(): Promise<void> {
    const collected = this.#call('HeapProfiler.collectGarbage');
    let isOver = false;
    const pump = async (): Promise<void> => {
      while (!isOver) {
        await (await fetch(`${this.#stage.url}/healthz`)).text();
        await new Promise((resolve) => setTimeout(resolve, PUMP_MS));
      }
    };
    await Promise.all([collected.finally(() => (isOver = true)), pump()]);
  }

  async #call(method: string): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const late = new Error(`Cannot measure memory as ${method} must be answered in time: it is not`);
      const timer = setTimeout(() => reject(late), ANSWER_MS_MAX);
      this.#waiting.set(id, (result) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(result);
      });
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }

  #pages(): { readonly rss: number; readonly pss: number } {
    const pid = this.#workerdPid;
    if (pid === undefined) return { rss: NaN, pss: NaN };
    return {
      rss: kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS'),
      pss: kilobytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss'),
    };
  }
}

/** The relay process's child that is workerd. */
/** The workerd that a process started; undefined where there is no /proc, or none. */
export function workerdOf(parentPid: number): number | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .find((pid) => {
        // pid (comm) state ppid …; source: man 5 proc_pid_stat.
        const match = /^\d+ \((.*)\) \S (\d+) /.exec(statOf(pid));
        return match?.[1] === 'workerd' && Number(match[2]) === parentPid;
      });
  } catch {
    return undefined;
  }
}

/** Nanoseconds that all threads of a process have run; undefined where /proc does not tell. Source: man 5 proc_pid_schedstat. */
export function cpuNsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
      .reduce((sum, ns) => sum + ns, 0);
  } catch {
    return undefined;
  }
}

/** Empty when the process is gone meanwhile. */
function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

function kilobytes(text: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
  return match ? Number(match[1]) * 1024 : NaN;
}
