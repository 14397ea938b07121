/** What was found about a captured request: the YAML that fits, or what is nearest to fitting and what to look at. Pure. */

import { stringify } from 'yaml';

import { unreachable } from '../../src/lib/result.ts';
import { formatAge, formatDuration, formatInstant } from '../output/time.ts';
import type { Layout, Unreadable } from './layouts.ts';
import type { Fit, Tried } from './try-all.ts';

/** The default of `webhook.tolerance_seconds`. */
const TOLERANCE_SECONDS = 300;

export interface SignatureReport {
  readonly fits: boolean;
  /** `webhook:` for the tenant's file; of the nearest when nothing fits. */
  readonly yaml: string;
  readonly scheme: string;
  readonly encoding: string | undefined;
  readonly headers: Layout['headers'];
  /** Which mending of the body it took; `as_it_is`: none. */
  readonly body: string | undefined;
  /** When it was signed, ISO 8601. */
  readonly signedAt: string | undefined;
  /** Sentences for people. */
  readonly words: readonly string[];
}

export function reportOf(tried: Tried, secrets: number, nowMs: number): SignatureReport {
  const [fit, ...others] = tried.fits;
  return fit ? fittingReport(fit, others, secrets, nowMs) : nearestReport(tried);
}

function fittingReport(fit: Fit, others: readonly Fit[], secrets: number, nowMs: number): SignatureReport {
  const { scheme, headers, encoding, variant, signedAtMs, secret, alike = [] } = fit;
  const equal = others.filter((other) => other.scheme === scheme && other.encoding !== encoding);
  const signedAt = signedAtMs === undefined ? undefined : instantOf(signedAtMs);
  return {
    fits: true,
    yaml: yamlOf(fit, fit.isOwnEncoding ? undefined : encoding),
    scheme,
    encoding,
    headers,
    body: variant.name,
    signedAt,
    words: [
      `It fits: scheme ${scheme}, the secret read as ${encoding}.`,
      ...(secrets > 1 ? [`Of the ${secrets} secrets it is number ${secret + 1}.`] : []),
      ...(equal.length > 0
        ? [`For this secret, ${equal.map((one) => one.encoding).join(', ')} is the same.`]
        : []),
      ...(alike.length > 0
        ? [
            `${alike.join(', ')} holds the same value as a header above, so that this capture can't tell them apart: take the one that Noxys sends.`,
          ]
        : []),
      ...(variant.change === undefined
        ? []
        : [`The body fits ${variant.change}. Only the capture is damaged: Noxys' own requests are not.`]),
      ageWords(signedAt, nowMs),
    ],
  };
}

function ageWords(signedAt: string | undefined, nowMs: number): string {
  if (signedAt === undefined)
    return 'The scheme signs no time: old requests are told by their event ids alone.';
  const differenceMs = Math.abs(nowMs - Date.parse(signedAt));
  const isOld = differenceMs > TOLERANCE_SECONDS * 1000;
  const limit = formatDuration(TOLERANCE_SECONDS * 1000);
  const told = isOld
    ? `more than the ${limit} that a live request may differ, as a capture does; if it came just now, a clock is wrong`
    : `within the ${limit} that a live request may differ`;
  return `It was signed ${formatAge(signedAt, nowMs)} (${formatInstant(signedAt)} UTC): ${told}.`;
}

/** Of a timestamp that may be far from any date. */
function instantOf(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

function nearestReport({ layouts, undecodable }: Tried): SignatureReport {
  const [nearest] = layouts.readable;
  const [unreadable] = layouts.unreadable.toSorted((a, b) => distance(a) - distance(b));
  const layout = nearest ?? unreadable ?? { scheme: 'standard-webhooks' as const, headers: {} };
  const unread = undecodable.length === 0 ? '' : ` It can't be read as ${undecodable.join(' or ')}.`;
  return {
    fits: false,
    yaml: yamlOf(layout, undefined),
    scheme: layout.scheme,
    encoding: undefined,
    headers: layout.headers,
    body: undefined,
    signedAt: undefined,
    words: nearest
      ? [
          `Nothing fits. The headers are those of ${nearest.scheme}, but no reading of the secret makes this signature.${unread}`,
          'Either it is signed with another secret (Noxys may have one per webhook and one per tenant),',
          'or the body is not what was signed: capture its bytes as they are, without a tool that lays JSON out.',
        ]
      : ['Nothing fits.', ...layouts.unreadable.map(unreadableWords)],
  };
}

/** Malformed is nearer than missing. */
function distance({ failure }: Unreadable): number {
  return failure.kind === 'missing_header' ? 1 : 0;
}

function unreadableWords({ scheme, failure }: Unreadable): string {
  switch (failure.kind) {
    case 'missing_header':
      return `${scheme}: there is no header ${failure.header}.`;
    case 'malformed_id':
      return `${scheme}: the id holds a full stop, a space, or other than printable ASCII.`;
    case 'malformed_timestamp':
      return `${scheme}: the timestamp is not in whole seconds since 1970.`;
    case 'malformed_signature':
      return `${scheme}: the signature header holds no digest in this scheme's format.`;
    default:
      return unreachable(failure);
  }
}

/** What belongs into the tenant's file; the secret as a reference. */
function yamlOf({ scheme, headers }: Layout, encoding: string | undefined): string {
  return stringify(
    {
      webhook: {
        secrets: ['${NOXYS_WEBHOOK_SECRET}'],
        scheme,
        ...(Object.keys(headers).length === 0 ? {} : { headers }),
        ...(encoding === undefined ? {} : { secret_encoding: encoding }),
      },
    },
    { defaultStringType: 'PLAIN' },
  ).trimEnd();
}
