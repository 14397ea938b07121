import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { teamsProduct } from '../../../src/destinations/teams/teams.ts';
import type { Message } from '../../../src/destinations/messages/message.ts';
import type { TeamsConfig } from '../../../src/domain/tenant-config.ts';
import { teamsSchema } from '../../../src/domain/messages-config.ts';
import { TeamsSimulator } from '../../simulators/teams.ts';
import { tell } from '../product-bench.ts';
import { digestForTest, messageForTest, noticeForTest } from '../webhook/message-for-test.ts';

const SIG = 'Zm9v-YmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5';

let teams: TeamsSimulator;
beforeEach(async () => {
  teams = await new TeamsSimulator({ sig: SIG }).start();
});
afterEach(async () => teams.stop());

const configOf = (url: string): TeamsConfig => teamsSchema.parse({ name: 'soc', type: 'teams', url });
const send = async (message: Message, url = teams.address) => tell(teamsProduct(configOf(url)), message);

/** Every text of the card that people see. */
function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'text' && typeof item === 'string' ? [item] : textsIn(item),
  );
}

describe('a card', () => {
  it('tells title, text, facts and link, in the colour of the decision', async () => {
    expect(await send(messageForTest())).toEqual({ kind: 'delivered' });
    const [card] = teams.cards;
    expect(card).toMatchObject({
      type: 'AdaptiveCard',
      version: '1.4',
      lang: 'en',
      msteams: { width: 'Full' },
      body: [{ type: 'Container', style: 'attention' }, {}, {}, {}],
      actions: [{ type: 'Action.OpenUrl', title: 'Open in the relay' }],
    });
    expect(textsIn(card)).toEqual([
      'Repeated AI policy violations from same user',
      'Noxys blocked an interaction with Perplexity.',
      'User: ',
      'user-42 (p_abc)',
      'Platform: ',
      'Perplexity',
      'Rules: ',
      'noxys_hl3_repeated_violations (6 in 1 h)',
    ]);
  });

  it.each([
    ['red', 'attention'],
    ['yellow', 'warning'],
    ['grey', 'emphasis'],
    ['green', 'good'],
  ] as const)('of %s has the style %s', async (colour, style) => {
    await send(messageForTest({ colour }));
    expect(teams.cards).toMatchObject([{ body: [{ style }, {}, {}, {}] }]);
  });

  it('of a digest has its sections, of a notice no more than its title, and neither has a link where there is none', async () => {
    await send(digestForTest());
    await send(noticeForTest());
    const [digest, notice] = teams.cards;
    expect(textsIn(digest)).toEqual([
      'Daily digest',
      'Events: ',
      '412',
      'Platforms',
      'Perplexity 7',
      'DeepSeek 2',
    ]);
    expect(textsIn(notice)).toEqual(['edr/events is blocked']);
    expect(digest).not.toHaveProperty('actions');
  });

  it('in French has a space before the colon', async () => {
    await send(messageForTest({ language: 'fr', facts: [{ label: 'Utilisateur', value: 'user-42' }] }));
    expect(textsIn(teams.cards[0])).toContain('Utilisateur\u00A0: ');
  });

  it('shows what somebody wrote as it is: no format, no link, no mention, no second line', async () => {
    const value = '**now** [click](https://evil.example) <at>everyone</at>\n# big http://evil.example';
    await send(messageForTest({ title: value, text: value, facts: [{ label: value, value }] }));
    const [card] = teams.cards;
    const shown = '**now** [click](hxxps://evil.example) <at>everyone</at> # big hxxp://evil.example';
    expect(textsIn(card).slice(0, 2)).toEqual([shown, shown]);
    // Only elements that know no Markdown, and nobody who could be mentioned.
    expect(JSON.stringify(card)).not.toMatch(/"TextBlock|FactSet|entities|https?:\/\/evil/);
  });

  it('that would be too large leaves the last lines out, and says how many', async () => {
    const facts = Array.from({ length: 200 }, (_, i) => ({ label: `Fact ${i}`, value: '"é"'.repeat(60) }));
    expect(await send(messageForTest({ facts }))).toEqual({ kind: 'delivered' });
    const texts = textsIn(teams.cards[0]);
    const told = texts.filter((text) => text.startsWith('Fact ')).length;
    expect(told).toBeGreaterThan(10);
    expect(texts).toContain('Fact 0: ');
    expect(texts.at(-1)).toBe(`${200 - told} more lines are left out.`);
    expect(teams.runs.map(({ error }) => error)).toEqual([undefined]);
  });

  it('is one that a workflow posts, whatever the message holds', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 3000 });
    const line = fc.record({ label: text, value: text });
    const section = fc.record({ title: text, lines: fc.array(text, { maxLength: 30 }) });
    const message = fc.record({
      title: text,
      text,
      facts: fc.array(line, { maxLength: 30 }),
      sections: fc.array(section, { maxLength: 5 }),
      language: fc.constantFrom('en' as const, 'fr' as const),
    });
    await fc.assert(
      fc.asyncProperty(message, async (changes) => {
        expect(await send(messageForTest(changes))).toEqual({ kind: 'delivered' });
        expect(teams.runs.at(-1)?.error).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });
});

describe('a workflow', () => {
  it('that is turned off blocks the lane with what to do, although it answers 400', async () => {
    teams.turn('off');
    expect(await send(messageForTest())).toEqual({
      kind: 'blocked',
      reason: 'not_configured',
      detail: expect.stringContaining('turn it on in the Workflows app of Teams') as unknown,
    });
  });

  it.each([
    ['is gone', 'no_such_endpoint', 'make it anew', () => teams.turn('gone')],
    [
      'takes signed-in callers only',
      'unauthorized',
      'set "Who can trigger the flow?" to Anyone',
      () => teams.takeSignedInOnly(),
    ],
  ] as const)('that %s blocks the lane with what to do', async (_what, reason, words, happens) => {
    happens();
    expect(await send(messageForTest())).toMatchObject({
      kind: 'blocked',
      reason,
      detail: expect.stringContaining(words) as unknown,
    });
  });

  it('whose signature is another blocks the lane, and the signature is not told', async () => {
    const outcome = await send(messageForTest(), teams.address.replace(SIG, 'another-secret'));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'unauthorized' });
    expect(JSON.stringify(outcome)).toContain('copy the whole address');
    expect(JSON.stringify(outcome)).not.toContain('another-secret');
  });

  it.each([
    [403, { kind: 'blocked', reason: 'forbidden' }],
    [410, { kind: 'blocked', reason: 'no_such_endpoint' }],
    [400, { kind: 'rejected', status: 400 }],
    [413, { kind: 'rejected', status: 413 }],
    [429, { kind: 'retry', reason: 'busy', retryAfterMs: 30_000 }],
    [502, { kind: 'retry', reason: 'server_error' }],
    [302, { kind: 'blocked', reason: 'redirected' }],
  ] as const)('that answers %i means %j', async (status, outcome) => {
    teams.fail({
      status,
      headers: status === 429 ? { 'retry-after': '30' } : {},
      body: { error: { code: 'Other', message: 'no' } },
    });
    expect(await send(messageForTest())).toMatchObject(outcome);
  });

  it('that answers with a web page is no workflow', async () => {
    teams.fail({ status: 200, body: '<html>Sign in</html>', contentType: 'text/html' });
    expect(await send(messageForTest())).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
  });

  it('that quotes its address has the secret left out', async () => {
    teams.fail({ status: 403, body: `no: ${teams.address}` });
    const told = JSON.stringify(await send(messageForTest()));
    expect(told).toContain('may not be started');
    expect(told).not.toContain(SIG);
  });

  it('that quotes the signature or the workflow of its address has both left out', async () => {
    // Shorter than what is left out of any answer.
    const id = '0a1b2c3d4e5f60718293a4b5';
    const url = `https://prod-12.francecentral.logic.azure.com/workflows/${id}/triggers/manual/paths/invoke?sig=${SIG}`;
    const body = JSON.stringify({ error: { code: 'Other', message: `no ${id} with ${SIG}` } });
    const answer = { status: 400, headers: new Headers({ 'content-type': 'application/json' }), body };
    const told = JSON.stringify(teamsProduct(configOf(url)).outcome({ ok: true, value: answer }, 0));
    expect(told).toContain('no … with …');
  });

  it('that answers too late is asked again', async () => {
    teams.fail({ hang: true });
    const outcome = await tell(teamsProduct(configOf(teams.address)), messageForTest(), { timeoutMs: 50 });
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'timeout' });
  });
});
