/** What the object takes from the outside world: time, chance, ids, the network. Parameters, so that tests can turn them. */
export interface RelayIo {
  nowMs: () => number;
  /** In [0, 1). */
  random: () => number;
  newId: () => string;
  fetch: typeof fetch;
  sleep: (ms: number) => Promise<void>;
}

export function platformIo(): RelayIo {
  return {
    nowMs: () => Date.now(),
    random: () => Math.random(),
    newId: () => crypto.randomUUID(),
    fetch: (input, init) => fetch(input, init),
    sleep: (ms) => scheduler.wait(ms),
  };
}
