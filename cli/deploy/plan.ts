/**
 * Decides what a setup does: what is wanted against what the account has. Pure: no I/O, no clock, no secret's value.
 * Whatever can't be mended by making something is a fault, and with a fault nothing is made at all.
 */

import type { Found, Jurisdiction, Namespace } from './account.ts';
import type { Environment } from './environment.ts';

export interface Wanted {
  readonly environment: Environment;
  /** The namespace that was named or recorded before. */
  readonly kvId: string | undefined;
  /** False: what is missing is a fault. */
  readonly mayCreate: boolean;
  /** Names of the secrets whose values are at hand. */
  readonly storedSecrets: readonly string[];
  readonly canMake: (secret: string) => boolean;
}

export interface Step {
  readonly kind: 'KV namespace' | 'queue' | 'secret';
  readonly name: string;
  /** `put` has its value from the file, `make` needs a new one. */
  readonly todo: 'keep' | 'make' | 'put';
  /** Of a namespace or a queue. */
  readonly jurisdiction?: Jurisdiction;
  /** Of a namespace that is there. */
  readonly id?: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Sentences for the operator, each with what to do. */
  readonly faults: readonly string[];
}

export function planSetup(wanted: Wanted, found: Found): Plan {
  const parts = [planNamespace(wanted, found), planQueues(wanted, found), planSecrets(wanted, found)];
  const steps = parts.flatMap((part) => part.steps);
  const missing = wanted.mayCreate ? [] : steps.filter(({ todo }) => todo !== 'keep');
  return {
    steps,
    faults: [
      ...parts.flatMap((part) => part.faults),
      ...missing.map(({ kind, name }) => `The ${kind} ${name} is missing, and --no-create makes nothing.`),
    ],
  };
}

/** What is wrong with what an environment with a jurisdiction has; a deployment asks this again. */
export function jurisdictionFaults(
  { jurisdiction: wanted }: Environment,
  namespaces: readonly Namespace[],
  queues: Found['queues'],
): string[] {
  if (wanted === undefined) return [];
  const where = wanted.toUpperCase();
  return [
    ...namespaces
      .filter(({ jurisdiction }) => jurisdiction !== wanted)
      .map(
        ({ id, title, jurisdiction }) =>
          `The KV namespace ${title} must be in the ${where}: it has ${jurisdictionWords(jurisdiction)}, for good. Delete it with \`npx wrangler kv namespace delete --namespace-id ${id}\` and run deploy:setup again. If a relay used it, PUT every tenant again afterwards.`,
      ),
    ...queues
      .filter(({ jurisdiction }) => jurisdiction !== wanted)
      .map(
        ({ name, jurisdiction }) =>
          `The queue ${name} must be in the ${where}: it has ${jurisdictionWords(jurisdiction)}, for good. See with \`npx wrangler queues info ${name}\` that nobody uses it, delete it with \`npx wrangler queues delete ${name}\` (what waits in it is lost) and run deploy:setup again.`,
      ),
  ];
}

function jurisdictionWords(jurisdiction: Jurisdiction): string {
  return jurisdiction === undefined ? 'no jurisdiction' : `jurisdiction ${jurisdiction}`;
}

function planNamespace({ environment, kvId }: Wanted, { namespaces }: Found): Plan {
  const { kvTitles, jurisdiction } = environment;
  if (kvId !== undefined) {
    const known = namespaces.find(({ id }) => id === kvId);
    if (known) return keepNamespace(environment, known);
    const fault = `The KV namespace ${kvId}, which was recorded or given, is not in this account. Is CLOUDFLARE_ACCOUNT_ID right? If it was deleted on purpose, delete the record (or the id in wrangler.toml) and run again with --domain and --allow.`;
    return { steps: [], faults: [fault] };
  }
  const candidates = namespaces.filter(({ title }) => kvTitles.includes(title));
  const [only, ...others] = candidates;
  if (only && others.length > 0) {
    const list = candidates.map(({ title, id }) => `${title} (${id})`).join(', ');
    return {
      steps: [],
      faults: [`Several KV namespaces could be the relay's: ${list}. Name the right one: --kv-id ID.`],
    };
  }
  if (only) return keepNamespace(environment, only);
  return { steps: [{ kind: 'KV namespace', name: kvTitles[0], todo: 'make', jurisdiction }], faults: [] };
}

function keepNamespace(environment: Environment, { id, title, jurisdiction }: Namespace): Plan {
  return {
    steps: [{ kind: 'KV namespace', name: title, todo: 'keep', id, jurisdiction }],
    faults: jurisdictionFaults(
      environment,
      [{ id, title, ...(jurisdiction === undefined ? {} : { jurisdiction }) }],
      [],
    ),
  };
}

function planQueues({ environment }: Wanted, { queues }: Found): Plan {
  const steps = environment.queues.map((name): Step => {
    const known = queues.find((queue) => queue.name === name);
    return known
      ? { kind: 'queue', name, todo: 'keep', jurisdiction: known.jurisdiction }
      : { kind: 'queue', name, todo: 'make', jurisdiction: environment.jurisdiction };
  });
  return { steps, faults: jurisdictionFaults(environment, [], queues) };
}

function planSecrets({ environment, storedSecrets, canMake }: Wanted, { secrets }: Found): Plan {
  const steps = environment.secrets.map((name): Step => {
    if (secrets.includes(name)) return { kind: 'secret', name, todo: 'keep' };
    return { kind: 'secret', name, todo: storedSecrets.includes(name) ? 'put' : 'make' };
  });
  const faults = steps
    .filter(({ name, todo }) => todo === 'make' && !canMake(name))
    .map(
      ({ name }) =>
        `The secret ${name} can't be made here. Set it: \`npx wrangler secret put ${name} --env=${environment.flag}\`.`,
    );
  return { steps, faults };
}
