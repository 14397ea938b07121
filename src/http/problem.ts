/**
 * From a failure to words: RFC 9457 problem+json, in one exhaustive switch.
 * The only place that knows HTTP statuses. No answer holds a secret, a value that was received, or a stack.
 */

import { unreachable } from '../lib/result.ts';
import {
  countFaults,
  heldDetail,
  noDestinationDetail,
  noNameDetail,
  preconditionDetail,
  roleDetail,
  tooManyTokensDetail,
  undeliveredDetail,
} from './problem-details.ts';
import type { RequestFailure } from './request-failure.ts';

interface Words {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The answer to a failed request. The body of a refused webhook carries no request id: all of them are the same bytes. */
export function problemResponse(failure: RequestFailure, requestId: string): Response {
  const { status, title, detail, headers, more } = wordsOf(failure);
  const id = failure.kind === 'webhook_refused' ? {} : { requestId };
  const type = `urn:noxys-relay:problem:${failure.kind.replaceAll('_', '-')}`;
  const body = JSON.stringify({ type, title, status, detail, ...id, ...more });
  return new Response(body, { status, headers: { 'content-type': 'application/problem+json', ...headers } });
}

function wordsOf(failure: RequestFailure): Words {
  switch (failure.kind) {
    case 'body_too_large':
      return words(413, 'Body too large', `The body may have at most ${failure.bytesMax} bytes.`);
    case 'body_interrupted':
      return words(400, 'Body incomplete', 'The connection ended before the body did.');
    case 'body_too_slow':
      return words(
        408,
        'Body too slow',
        `The whole body must have come after ${failure.timeoutMs / 1000} seconds.`,
      );
    case 'unsupported_media_type':
      return words(415, 'Unsupported media type', `Content-Type must be ${failure.accepted}.`);
    case 'unsupported_encoding':
      return words(
        415,
        'Unsupported content encoding',
        'Send the body without Content-Encoding: the signature covers its bytes.',
      );
    case 'webhook_refused':
      return {
        ...words(401, 'Unauthorized', 'The webhook could not be authenticated.'),
        headers: challenge('Signature'),
      };
    case 'body_unusable':
      return { ...words(400, 'No usable event', failure.detail), more: { path: failure.path } };
    case 'rate_limited':
      return {
        ...words(429, 'Too many events', "The tenant's rate limit is reached: send again later."),
        headers: retryAfter(failure),
      };
    case 'unavailable':
      return {
        ...words(503, 'Unavailable', 'The request could not be served for now: send it again later.'),
        headers: retryAfter(failure),
      };
    case 'operator_refused':
      return {
        ...words(401, 'Unauthorized', 'A valid bearer token is needed.'),
        headers: challenge('Bearer'),
      };
    case 'role_missing':
      return words(403, 'Role missing', roleDetail(failure));
    case 'too_many_requests':
      return {
        ...words(429, 'Too many requests', 'Too many requests came from you: send them again later.'),
        headers: retryAfter(failure),
      };
    case 'document_unreadable':
      return {
        ...words(400, 'Unreadable document', 'The document can not be read.'),
        more: { faults: failure.faults },
      };
    case 'config_invalid':
      return {
        ...words(422, 'Invalid config', countFaults('config', failure.faults)),
        more: { faults: failure.faults },
      };
    case 'body_invalid':
      return {
        ...words(422, 'Invalid body', countFaults('body', failure.faults)),
        more: { faults: failure.faults },
      };
    case 'parameter_invalid':
      return { ...words(400, 'Invalid parameter', failure.detail), more: { path: failure.path } };
    case 'precondition_failed':
      return {
        ...words(412, 'Precondition failed', preconditionDetail(failure.version)),
        more: { version: failure.version },
      };
    case 'version_conflict':
      return {
        ...words(
          409,
          'Changed meanwhile',
          'Someone else saved the tenant at the same time: read it again and repeat the change.',
        ),
        ...(failure.retryAfterSeconds !== undefined && {
          headers: retryAfter({ retryAfterSeconds: failure.retryAfterSeconds }),
        }),
        ...(failure.version !== undefined && { more: { version: failure.version } }),
      };
    case 'residency_change':
      return words(
        409,
        'Residency is fixed',
        `The tenant lives in ${failure.stored}, and its residency never changes in place: move it, with everything that it has, by \`noxys-relay tenants move\`.`,
      );
    case 'move_refused':
      return {
        ...words(409, 'Not moved', MOVE_WORDS[failure.reason]),
        more: { reason: failure.reason },
      };
    case 'tenant_not_found':
      return words(404, 'No such tenant', 'No tenant has this id.');
    case 'token_not_found':
      return words(404, 'No such token', 'No token has this id.');
    case 'too_many_tokens':
      return words(409, 'Too many tokens', tooManyTokensDetail(failure));
    case 'tenant_has_undelivered':
      return {
        ...words(409, 'Not delivered', undeliveredDetail(failure.rest)),
        more: { lanes: failure.rest },
      };
    case 'held':
      return { ...words(409, 'Legally held', heldDetail(failure)), more: { holds: failure.holds } };
    case 'hold_not_found':
      return words(404, 'No such hold', 'No legal hold has this id: it was lifted, or the id is wrong.');
    case 'too_many_holds':
      return words(409, 'Too many holds', `The tenant has ${failure.max} legal holds: lift some first.`);
    case 'destination_not_found':
      return words(404, 'No such destination', noDestinationDetail(failure.known));
    case 'containment_not_lifted':
      return words(409, 'Not lifted', `Nothing was changed: ${failure.detail}.`);
    case 'containment_not_granted':
      return words(
        409,
        'Not granted',
        "The destination isolates no hosts, and lets none back, as contain is not among its actions: add it, or use the product's own console to lift the containment.",
      );
    case 'destination_failed': {
      const { detail, reason } = failure;
      return {
        ...words(502, 'Not done by the destination', `The destination did not do it: ${detail}.`),
        ...(reason !== undefined && { more: { reason } }),
      };
    }
    case 'event_not_found':
      return words(
        404,
        'No such event',
        'No stored event has this id: it is gone with its retention, was not forwarded, or the id or type is wrong.',
      );
    case 'erasure_not_found':
      return words(
        404,
        'No such erasure',
        'No erasure of this number is remembered: GET …/erasures lists those that are.',
      );
    case 'name_not_found':
      return words(404, 'No such name', noNameDetail(failure.isOn));
    case 'rule_not_found':
      return words(
        404,
        'No such rule',
        'The tenant has no rule of this id or name: GET …/rules lists those that it has.',
      );
    case 'detection_not_found':
      return words(
        404,
        'No such detection',
        'No detection has this id: it went with its retention, or the id is wrong.',
      );
    case 'backtest_lost':
      return words(
        409,
        'Backtest lost',
        'The run is not there any more: nobody asked for it for ten minutes, or the relay has started anew. Begin again, without job.',
      );
    case 'dead_letter_not_found':
      return words(
        404,
        'No such dead letter',
        'No dead letter has this id: it went with its retention, or the id is wrong.',
      );
    case 'dead_letter_left':
      return words(
        409,
        'Not sent again',
        'The dead letter stays: its destination is not configured, or too many of its lane are being retried. Put the destination back, or repeat this request later.',
      );
    case 'route_not_found':
      return words(404, 'Not found', 'Nothing is here.');
    case 'method_not_allowed':
      return {
        ...words(405, 'Method not allowed', `This path takes ${failure.allowed}.`),
        headers: { allow: failure.allowed },
      };
    case 'not_loopback':
      return words(
        503,
        'Local relay',
        'RELAY_ENV is local: this relay answers on 127.0.0.1, localhost and [::1] only.',
      );
    case 'internal_error':
      return words(
        500,
        'Internal error',
        'An internal error occurred: the log has its cause under this request id.',
      );
    default:
      return unreachable(failure);
  }
}

const MOVE_WORDS: Readonly<Record<Extract<RequestFailure, { kind: 'move_refused' }>['reason'], string>> = {
  leaves_eu: "The tenant's data would leave the EU: say so (leave_eu, or --leave-eu), if they are meant to.",
  no_such_move: 'No such move is under way here.',
  another_move: 'The tenant is on another move: finish that one, or abandon it.',
  another_target:
    'The tenant was handed over to another target than this one: go on there, and have what came here wiped.',
  not_ready: 'The other side is not ready for this: what it gives when it is, is missing or wrong.',
  handed_over: "The tenant's data are gone from here: the move can only be finished.",
  taken: 'The target has a tenant of this id.',
  one_place:
    'The target has a tenant of this id. Locally both residencies are one place: move between two relays, or in a deployment.',
  not_served: 'This deployment serves EU tenants only (RELAY_RESIDENCY is eu).',
  unknown_key:
    "The target does not have the source's master key: set it there as RELAY_MASTER_KEY_PREVIOUS while the tenant moves.",
  unreadable: 'What came is no page of this move: it was changed, or is of another tenant or place.',
  out_of_order: 'The page is not the next one.',
  newer_release: 'The target has an older release than the source: deploy the same one there first.',
  counts_differ: 'What came is not what left: abandon the move, and begin it again.',
};

function words(status: number, title: string, detail: string): Words {
  return { status, title, detail };
}

function challenge(scheme: string): Record<string, string> {
  return { 'www-authenticate': `${scheme} realm="noxys-relay"` };
}

function retryAfter({ retryAfterSeconds }: { readonly retryAfterSeconds: number }): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) };
}
