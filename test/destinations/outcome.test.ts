import { describe, expect, it } from 'vitest';

import { outcomeOf, quotaOf } from '../../src/destinations/outcome.ts';
import { failure, success } from '../../src/lib/result.ts';

const NOW_MS = Date.UTC(2026, 10, 22);

function answer(status: number, headers: Record<string, string> = {}, body = '') {
  return outcomeOf(success({ status, headers: new Headers(headers), body }), NOW_MS);
}

describe('outcomeOf', () => {
  it.each([200, 201, 202, 204])('takes %i for delivered', (status) => {
    expect(answer(status)).toEqual({ kind: 'delivered' });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 507, 530])('retries %i', (status) => {
    expect(answer(status)).toMatchObject({ kind: 'retry' });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'no_such_endpoint'],
    [405, 'no_such_endpoint'],
    [410, 'no_such_endpoint'],
    [301, 'redirected'],
    [302, 'redirected'],
    [307, 'redirected'],
    [308, 'redirected'],
    [525, 'tls_failure'],
    [526, 'tls_failure'],
    [409, 'unexpected_status'],
    [418, 'unexpected_status'],
  ] as const)('blocks the lane on %i: %s', (status, reason) => {
    expect(answer(status)).toMatchObject({ kind: 'blocked', reason });
  });

  it.each([400, 413, 415, 422])('rejects the event on %i', (status) => {
    expect(answer(status, {}, 'bad field')).toEqual({ kind: 'rejected', status, excerpt: 'bad field' });
  });

  it.each([
    [{ 'content-type': 'text/html; charset=utf-8' }, ''],
    [{}, '  <!DOCTYPE html><html>'],
    [{ 'content-type': 'application/json' }, '<html lang="fr">'],
    [{ 'content-type': 'Application/XHTML+XML' }, ''],
    [{ 'content-type': 'text/html' }, '{"status":"ok"}'],
    [{ 'content-type': 'application/json' }, '\uFEFF \n<?xml version="1.0"?>'],
    [{}, '<!-- portal -->'],
    [{}, '<script>location="/login"</script>'],
  ])('does not take a web page for a delivery', (headers, body) => {
    expect(answer(200, headers, body)).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': new Date(NOW_MS + 9_000).toUTCString() }, 9_000],
    [{ 'x-ratelimit-retryafter': String(NOW_MS / 1000 + 11) }, 11_000],
    [{ 'x-ratelimit-retryafter': String(NOW_MS + 12_500) }, 12_500],
    [{ 'retry-after': '7', 'x-ratelimit-retryafter': String(NOW_MS + 3_000) }, 7_000],
  ])('reads how long the vendor wants to wait from %o', (headers, retryAfterMs) => {
    expect(answer(429, headers)).toMatchObject({ kind: 'retry', reason: 'busy', retryAfterMs });
  });

  it.each([{ 'retry-after': 'soon' }, { 'retry-after': '-5' }, { 'x-ratelimit-retryafter': 'x' }, {}])(
    'ignores an unreadable wait: %o',
    (headers) => {
      expect(answer(503, headers as Record<string, string>)).not.toHaveProperty('retryAfterMs');
    },
  );

  it.each([
    [503, ' upstream\n gone ', { status: 503, detail: 'HTTP 503', excerpt: 'upstream gone' }],
    [429, '{"error":"slow down"}', { status: 429, detail: 'HTTP 429', excerpt: '{"error":"slow down"}' }],
    [408, '', { status: 408, detail: 'HTTP 408', excerpt: '' }],
  ])('keeps the status and the start of the answer of a retried %i', (status, body, kept) => {
    expect(answer(status, {}, body)).toMatchObject({ kind: 'retry', ...kept });
  });

  it('keeps no credential of an echoed request in what it will retry, and at most 300 characters', () => {
    const secret = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const outcome = answer(500, {}, `Authorization: Splunk ${secret} Bearer a.b-c ${'x '.repeat(1000)}`);
    expect(JSON.stringify(outcome)).not.toMatch(/abcdefghij|a\.b-c/);
    expect(outcome.kind === 'retry' && outcome.excerpt?.length).toBeLessThanOrEqual(300);
  });

  it.each([{ kind: 'timeout', timeoutMs: 15_000 } as const, { kind: 'network', detail: 'lost' } as const])(
    'has neither status nor answer where there was none: %o',
    (failed) => {
      const outcome = outcomeOf(failure(failed), NOW_MS);
      expect(outcome).not.toHaveProperty('status');
      expect(outcome).not.toHaveProperty('excerpt');
    },
  );

  it.each([
    [
      { 'x-ratelimit-limit': '6000', 'x-ratelimit-remaining': '42' },
      { limit: 6000, remaining: 42 },
    ],
    [
      { 'X-RateLimit-Limit': ' 6000 ', 'X-RateLimit-Remaining': '0' },
      { limit: 6000, remaining: 0 },
    ],
  ])("reads the vendor's quota from %o", (headers, quota) => {
    expect(quotaOf(new Headers(headers as Record<string, string>))).toEqual(quota);
  });

  it.each([
    { 'x-ratelimit-limit': '6000' },
    { 'x-ratelimit-remaining': '42' },
    { 'x-ratelimit-limit': '6000', 'x-ratelimit-remaining': '-1' },
    { 'x-ratelimit-limit': '6000', 'x-ratelimit-remaining': '4.5' },
    { 'x-ratelimit-limit': '6000, 6000', 'x-ratelimit-remaining': '42' },
    { 'x-ratelimit-limit': 'many', 'x-ratelimit-remaining': '42' },
    { 'x-ratelimit-limit': '', 'x-ratelimit-remaining': '' },
    { 'x-ratelimit-limit': '60000000000', 'x-ratelimit-remaining': '1' },
  ])('takes a delivery for a delivery whatever its quota says: %o', (headers) => {
    expect(answer(200, headers as Record<string, string>)).toEqual({ kind: 'delivered' });
  });

  it('names the region of a redirect', () => {
    expect(answer(308, { 'x-cs-region': 'us-2' })).toMatchObject({ detail: expect.stringContaining('us-2') });
  });

  it('keeps no credential of an echoed request, and at most 300 characters', () => {
    const secret = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const outcome = answer(400, {}, `Authorization: Token ${secret} key=${secret} ${'x '.repeat(1000)}`);
    expect(JSON.stringify(outcome)).not.toContain(secret);
    expect(outcome).toMatchObject({ kind: 'rejected' });
    expect(outcome.kind === 'rejected' && outcome.excerpt.length).toBeLessThanOrEqual(300);
  });

  it.each([
    [{ kind: 'timeout', timeoutMs: 15_000 } as const, { kind: 'retry', reason: 'timeout' }],
    [{ kind: 'network', detail: 'connection lost' } as const, { kind: 'retry', reason: 'network' }],
    [
      { kind: 'tls', detail: 'certificate is not trusted' } as const,
      { kind: 'blocked', reason: 'tls_failure' },
    ],
    [
      { kind: 'host_not_allowed', host: 'x.example' } as const,
      { kind: 'blocked', reason: 'host_not_allowed' },
    ],
  ])('turns a request that got no answer into an outcome: %o', (failed, outcome) => {
    expect(outcomeOf(failure(failed), NOW_MS)).toMatchObject(outcome);
  });
});
