/**
 * Ends a run whose files have all told their results, but whose last workerd does not stop: with objects that tests crash on purpose it
 * happens now and then, and the run would wait for ever. What it ends with is what the files told.
 */

import type { Reporter, TestModule, TestSpecification, Vitest } from 'vitest/node';

/** Vitest itself gives a worker 10 s to stop. */
const STOP_MS_MAX = 30_000;

export default class EndOfRun implements Reporter {
  #vitest: Vitest | undefined;
  #filesLeft = 0;
  #failed = 0;
  #passed = 0;
  #timer: NodeJS.Timeout | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#filesLeft = specifications.length;
  }

  onTestModuleEnd(module: TestModule): void {
    this.#filesLeft--;
    if (module.ok()) this.#passed++;
    else this.#failed++;
    if (this.#filesLeft === 0) this.#timer = setTimeout(() => this.#end(), STOP_MS_MAX);
  }

  onTestRunEnd(): void {
    clearTimeout(this.#timer);
  }

  #end(): never {
    const errors = this.#vitest?.state.getUnhandledErrors() ?? [];
    for (const error of errors) process.stderr.write(`${String(error)}\n`);
    process.stdout.write(
      `\nA workerd of the tests did not stop: the run is ended. Files: ${this.#passed} passed, ${this.#failed} failed; unhandled errors: ${errors.length}.\n`,
    );
    process.exit(this.#failed + errors.length === 0 ? 0 : 1);
  }
}
