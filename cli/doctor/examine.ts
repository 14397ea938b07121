/** The whole examination, from the outside in: front, deployment, tokens, tenants, files. */

import { SHAPES } from '../api-shapes.ts';
import type { ApiClient } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import type { DeploymentHealth, Me, TokenView } from '../api-types.ts';
import { isLoopback } from '../origin.ts';
import type { Session } from '../session.ts';
import { checkDeployment } from './check-deployment.ts';
import { checkFiles } from './check-files.ts';
import { checkFront } from './check-front.ts';
import { checkTokens } from './check-tokens.ts';
import { examineTenants } from './examine-tenants.ts';
import { failing, type Finding, ok, skipped } from './finding.ts';

export interface Examination {
  /** Empty: all. */
  readonly tenants: readonly string[];
  readonly file: string;
  /** Sends test events to the destinations. */
  readonly isSending: boolean;
  readonly concurrency: number;
}

export async function examine(session: Session, examination: Examination): Promise<readonly Finding[]> {
  const { io, origin } = session;
  const front = await checkFront(io, origin);
  const files = checkFiles(session, examination.file, examination.tenants);
  if (!front.isReachable) return [...front.findings, ...files];
  const api = await session.api();
  const me = await api.send<Me>({ method: 'GET', shape: SHAPES.me, path: '/api/v1/me' });
  if (!me.ok) return [...front.findings, notLetIn(me.error, origin), ...files];
  const deployment = await readDeployment(api, io.nowMs);
  const tokens = await readTokens(api, me.value.body);
  // A token for one tenant is not told; a relay on this machine is a local one.
  const env = deployment.health?.env ?? (isLoopback(origin) ? 'local' : undefined);
  const tenants = await examineTenants(session, api, { ...examination, env });
  return [
    ...front.findings,
    ok('token_works', `The token is let in as ${me.value.body.id}.`),
    ...deployment.findings,
    ...(tokens === undefined
      ? [skipped('token', 'Tokens that end soon are not known: that needs the role admin for all tenants.')]
      : checkTokens(me.value.body, tokens, io.nowMs())),
    ...tenants,
    ...files,
  ];
}

function notLetIn(error: ApiFailure, origin: string): Finding {
  const { message, hint = '' } = cliFailureOf(error, 'ask the relay', origin);
  return failing('token_works', message, 'Nothing else can be asked.', hint);
}

async function readDeployment(
  api: ApiClient,
  nowMs: () => number,
): Promise<{ readonly findings: readonly Finding[]; readonly health?: DeploymentHealth }> {
  const startMs = nowMs();
  const answer = await api.send<DeploymentHealth>({
    method: 'GET',
    shape: SHAPES.deploymentHealth,
    path: '/api/v1/health',
  });
  if (answer.ok) {
    const health = answer.value.body;
    return {
      health,
      findings: checkDeployment({ origin: api.origin, health, atMs: (startMs + nowMs()) / 2 }),
    };
  }
  if (answer.error.kind === 'problem' && answer.error.status === 403) {
    return {
      findings: [skipped('deployment', 'Queues and keys are not known: the token is for one tenant.')],
    };
  }
  const { message, hint = '' } = cliFailureOf(answer.error, "read the deployment's health", api.origin);
  return { findings: [failing('deployment', message, 'Its queues and keys are not known.', hint)] };
}

/** Undefined: this caller may not list them. */
async function readTokens(api: ApiClient, { grants }: Me): Promise<readonly TokenView[] | undefined> {
  if (!grants.some(({ role, tenant }) => role === 'admin' && tenant === null)) return undefined;
  const path = '/api/v1/tokens';
  const answer = await api.send<{ readonly tokens: readonly TokenView[] }>({
    method: 'GET',
    shape: SHAPES.tokens,
    path,
    query: { limit: 200 },
  });
  return answer.ok ? answer.value.body.tokens : undefined;
}
