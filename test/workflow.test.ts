/** The workflow of GitHub Actions, which no test can run: what it names is there, and what it may do is little. */

import { accessSync, constants, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: unknown;
  readonly concurrency: { readonly group: string; readonly 'cancel-in-progress': unknown };
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, '.github', 'workflows');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const workflows = readdirSync(FOLDER).map(
  (name) => load(readFileSync(join(FOLDER, name), 'utf8')) as Workflow,
);
const jobs = workflows.flatMap((workflow) => Object.values(workflow.jobs));
const steps = jobs.flatMap((job) => job.steps);
const deploying = jobs.filter((job) => job.steps.some(({ run }) => run?.includes('npm run deploy')));
const gate = readFileSync(join(ROOT, '.ci', 'run'), 'utf8');

/** The names of the package's scripts in a shell text. */
function scriptsIn(text: string): string[] {
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
  const short = [...text.matchAll(/\bnpm (test|start)\b/g)].map((match) => match[1] ?? '');
  return [...named, ...short];
}

describe('the workflow', () => {
  it('runs the gate, which is a program', () => {
    expect(steps.map(({ run }) => run)).toContain('.ci/run');
    expect(() => accessSync(join(ROOT, '.ci', 'run'), constants.X_OK)).not.toThrow();
  });

  it('names scripts that the package has, and the gate too', () => {
    const named = [gate, ...steps.map(({ run }) => run ?? '')].flatMap(scriptsIn);
    expect(named).toEqual(expect.arrayContaining(['check', 'test', 'deploy', 'deploy:setup']));
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('may read the repository, and nothing else', () => {
    expect(workflows.map(({ permissions }) => permissions)).toEqual(
      workflows.map(() => ({ contents: 'read' })),
    );
    expect(jobs.filter(({ permissions }) => permissions !== undefined)).toEqual([]);
  });

  it('uses each action at a version', () => {
    const actions = steps.flatMap(({ uses }) => uses ?? []);
    expect(actions).not.toEqual([]);
    expect(actions.filter((action) => !/@(?:v\d+|[0-9a-f]{40})$/.test(action))).toEqual([]);
  });

  it('hands values to its commands through the environment, never in their text', () => {
    expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
  });
});

describe('the deploying jobs', () => {
  it('are one for each environment, with secrets of its own', () => {
    expect(deploying.map(({ environment }) => environment)).toEqual(['global', 'eu']);
    expect(deploying.map(({ concurrency }) => concurrency)).toEqual([
      { group: 'deploy-global', 'cancel-in-progress': false },
      { group: 'deploy-eu', 'cancel-in-progress': false },
    ]);
  });

  it('deploy main alone, after the gate, where the repository says so', () => {
    for (const job of deploying) {
      expect(job.needs).toBe('check');
      expect(job.if).toContain("github.event_name == 'push' && github.ref == 'refs/heads/main'");
      expect(job.if).toContain(`vars.DEPLOY_${job.environment?.toUpperCase()} == 'true'`);
    }
  });

  it('make nothing in the account, where a new master key would be lost', () => {
    for (const { steps: own } of deploying) {
      const setup = own.find(({ run }) => run?.includes('deploy:setup'));
      expect(setup?.run).toContain('--no-create');
    }
  });

  it('give the token to the steps that need it', () => {
    const withSecrets = steps.filter((step) => JSON.stringify(step).includes('secrets.'));
    expect(withSecrets.every(({ run }) => run?.startsWith('npm run deploy'))).toBe(true);
    expect(jobs.filter(({ env }) => JSON.stringify(env ?? {}).includes('secrets.'))).toEqual([]);
  });
});
