/**
 * The operator's Cloudflare account, as far as a setup reads and writes it, through wrangler. Each function is one command.
 * Writing functions fail when the thing is there already, and change nothing that is.
 */

import type { Environment } from './environment.ts';
import type { Secrets } from './secrets.ts';
import { askWrangler, wranglerError } from './wrangler.ts';

/** `undefined` is unrestricted. */
export type Jurisdiction = string | undefined;

export interface Namespace {
  readonly id: string;
  readonly title: string;
  readonly jurisdiction?: string;
}

export interface FoundQueue {
  readonly name: string;
  readonly jurisdiction: Jurisdiction;
}

/** What an account has of an environment. */
export interface Found {
  readonly namespaces: readonly Namespace[];
  /** Of the queues asked for, those that are there. */
  readonly queues: readonly FoundQueue[];
  /** Names of the Worker's secrets; empty when there is no Worker yet. */
  readonly secrets: readonly string[];
}

/** The part of an account that is asked for jurisdictions. */
export interface AccountReader {
  listNamespaces(): Promise<readonly Namespace[]>;
  /** Undefined when there is no such queue. */
  findQueue(name: string): Promise<FoundQueue | undefined>;
}

/** Reads alone. The first command goes by itself: it may have to renew the login, which only one can do at a time. */
export async function readAccount(environment: Environment): Promise<Found> {
  const namespaces = await listNamespaces();
  const [secrets, ...queues] = await Promise.all([
    listSecrets(environment),
    ...environment.queues.map(async (name) => findQueue(name)),
  ]);
  return { namespaces, secrets, queues: queues.filter((queue) => queue !== undefined) };
}

export async function listNamespaces(): Promise<readonly Namespace[]> {
  const answer = await askWrangler(['kv', 'namespace', 'list', '--env=']);
  if (!answer.isOk) throw wranglerError('list the KV namespaces', answer);
  return JSON.parse(answer.stdout) as Namespace[];
}

/** Undefined when there is no such queue. */
export async function findQueue(name: string): Promise<FoundQueue | undefined> {
  const answer = await askWrangler(['queues', 'info', name, '--env=']);
  if (!answer.isOk && answer.stderr.includes(`Queue "${name}" does not exist`)) return undefined;
  const found = /^Queue Name: (.+)$/m.exec(answer.stdout)?.[1];
  if (!answer.isOk || found !== name) throw wranglerError(`read the queue ${name}`, answer);
  return { name, jurisdiction: /^Jurisdiction: (.+)$/m.exec(answer.stdout)?.[1] };
}

/** Empty when there is no Worker yet. */
export async function listSecrets({ flag, worker }: Environment): Promise<readonly string[]> {
  const answer = await askWrangler(['secret', 'list', '--format', 'json', `--env=${flag}`]);
  if (!answer.isOk && answer.stderr.includes(`Worker "${worker}"`) && answer.stderr.includes('not found'))
    return [];
  if (!answer.isOk) throw wranglerError(`list the secrets of ${worker}`, answer);
  return (JSON.parse(answer.stdout) as { readonly name: string }[]).map(({ name }) => name);
}

/** Resolves to its id. */
export async function createNamespace(title: string, jurisdiction: Jurisdiction): Promise<string> {
  const answer = await askWrangler([
    'kv',
    'namespace',
    'create',
    title,
    ...restrictedTo(jurisdiction),
    '--env=',
  ]);
  const id = /\bid"?\s*[=:]\s*"([0-9a-f]{32})"/.exec(answer.stdout)?.[1];
  if (!answer.isOk || id === undefined) throw wranglerError(`make the KV namespace ${title}`, answer);
  return id;
}

export async function createQueue(name: string, jurisdiction: Jurisdiction): Promise<void> {
  const answer = await askWrangler(['queues', 'create', name, ...restrictedTo(jurisdiction), '--env=']);
  if (!answer.isOk) throw wranglerError(`make the queue ${name}`, answer);
}

/** All at once, and on wrangler's standard input alone. Makes an empty Worker to hold them when there is none yet. */
export async function putSecrets({ flag, worker }: Environment, secrets: Secrets): Promise<void> {
  const answer = await askWrangler(['secret', 'bulk', `--env=${flag}`], JSON.stringify(secrets));
  if (answer.isOk) return;
  const hide = (text: string) =>
    Object.values(secrets).reduce((hidden, value) => hidden.replaceAll(value, '…'), text);
  throw wranglerError(`set the secrets of ${worker}`, {
    ...answer,
    stdout: hide(answer.stdout),
    stderr: hide(answer.stderr),
  });
}

function restrictedTo(jurisdiction: Jurisdiction): string[] {
  return jurisdiction === undefined ? [] : ['--jurisdiction', jurisdiction];
}
