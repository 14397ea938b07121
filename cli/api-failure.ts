/** Why a request to the relay did not do what was asked, and the words for it. Pure; no message holds a credential. */

import type { ConfigFault } from '../src/domain/fault.ts';
import { unreachable } from '../src/lib/result.ts';
import { CliFailure, interrupted } from './failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export type ApiFailure =
  /** No answer. */
  | { readonly kind: 'not_reachable'; readonly detail: string }
  /** 3xx: the credential was not sent on. */
  | { readonly kind: 'redirected'; readonly to: string }
  /** An answer that no noxys-relay gives. */
  | { readonly kind: 'not_a_relay'; readonly detail: string }
  | {
      readonly kind: 'problem';
      readonly status: number;
      /** `tenant_not_found`; `http_502` when the answer does not say. */
      readonly problem: string;
      readonly detail: string;
      readonly faults: readonly ConfigFault[];
      readonly requestId?: string;
      /** The answer's further members, such as counts. */
      readonly body: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'interrupted' };

/** How the caller says which relay it is. */
export const RELAY_OPTION = 'NOXYS_RELAY_URL (or --url)';

/** The failure that ends a command. `what` says what was tried: `list the tenants`; `option`, where its address came from. */
export function cliFailureOf(
  failure: ApiFailure,
  what: string,
  origin: string,
  option = RELAY_OPTION,
): CliFailure {
  switch (failure.kind) {
    case 'interrupted':
      return interrupted();
    case 'not_reachable':
      return unreachableFailure(
        failure.kind,
        `Can't ${what}: ${origin} does not answer (${failure.detail}).`,
        [`Check ${option} and that the relay runs.`],
      );
    case 'redirected':
      return unreachableFailure(failure.kind, `Can't ${what}: ${origin} redirects to ${failure.to}.`, [
        `Credentials never follow redirects: set ${option} to the relay itself.`,
        'With Cloudflare Access in front, set CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET.',
      ]);
    case 'not_a_relay':
      return unreachableFailure(failure.kind, `Can't ${what}: ${origin} ${failure.detail}.`, [
        `Check that ${option} is the address of a noxys-relay of this version.`,
      ]);
    case 'problem':
      return problemFailure(failure, what);
    default:
      return unreachable(failure);
  }
}

function unreachableFailure(kind: string, message: string, hints: readonly string[]): CliFailure {
  return new CliFailure(EXIT.unreachable, kind, message, { hint: hints.join(' ') });
}

/** What the API says to callers of the API; the hint says it in options. */
const API_WORDS = [
  ': deliver them, or give them up with ?undelivered=discard',
  ': GET …/rules lists those that it has',
  ': GET …/erasures lists those that are',
  /(?<=\()leave_eu, or /,
  /, with DELETE …\/holds\/\d+ or noxys-relay holds lift \S+ \d+/,
];

type Problem = Extract<ApiFailure, { kind: 'problem' }>;

function problemFailure(failure: Problem, what: string): CliFailure {
  const { status, problem, faults, requestId } = failure;
  const detail = API_WORDS.reduce<string>((text, words) => text.replace(words, ''), failure.detail);
  const hint = HINTS[problem] ?? HINTS[`http_${status}`];
  const lines = faults.map(({ path, message }) => `\n  ${path === '' ? 'the document' : path} ${message}`);
  const request = status >= 500 && requestId !== undefined ? ` (request ${requestId})` : '';
  return new CliFailure(exitCodeOf(status), problem, `Can't ${what}: ${detail}${request}${lines.join('')}`, {
    ...(hint === undefined ? {} : { hint }),
    details: {
      status,
      ...(requestId === undefined ? {} : { requestId }),
      ...(faults.length ? { faults } : {}),
    },
  });
}

const HINTS: Readonly<Record<string, string>> = {
  http_401:
    'The token is wrong, expired or revoked: set NOXYS_RELAY_TOKEN to a valid one, or give its file with --token-file.',
  http_403: 'Use a token with the role that this needs, for this tenant or for all of them.',
  tenant_not_found: 'See `npx noxys-relay tenants`. A token for one tenant sees no other.',
  route_not_found: 'The relay is of an older version than this command line: deploy it anew.',
  rule_not_found: 'See `npx noxys-relay rules list` of the tenant.',
  detection_not_found: 'See `npx noxys-relay detections list` of the tenant.',
  erasure_not_found: 'See `npx noxys-relay erasures` of the tenant.',
  held: 'See `npx noxys-relay holds list` of the tenant; `holds lift` ends one.',
  hold_not_found: 'See `npx noxys-relay holds list` of the tenant.',
  tenant_has_undelivered: 'Deliver them first, or say --discard-undelivered to give them up.',
  http_412: 'Somebody changed it meanwhile: run the command again.',
  version_conflict: 'Run the command again.',
  http_429: 'Run the command again later.',
  http_503: 'Run the command again soon; `npx noxys-relay doctor` looks for the cause.',
  http_500: 'The log of the relay has the cause under this request id.',
};

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403 || status === 503) return EXIT.unreachable;
  if (status === 404) return EXIT.notFound;
  return status === 400 || status === 413 || status === 415 || status === 422 ? EXIT.invalid : EXIT.failed;
}
