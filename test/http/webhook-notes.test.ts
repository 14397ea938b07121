import { describe, expect, it } from 'vitest';

import { shownType, WebhookNotes } from '../../src/http/webhook-notes.ts';

describe('WebhookNotes', () => {
  it('takes a tenant once a minute, and each tenant by itself', () => {
    const notes = new WebhookNotes();
    expect(notes.take('acme', 0)).toBe(true);
    expect(notes.take('acme', 59_999)).toBe(false);
    expect(notes.take('other', 59_999)).toBe(true);
    expect(notes.take('acme', 60_000)).toBe(true);
    expect(notes.take('acme', 119_999)).toBe(false);
  });

  it('takes a tenant again when the clock has gone back', () => {
    const notes = new WebhookNotes();
    notes.take('acme', 3_600_000);
    expect(notes.take('acme', 0)).toBe(true);
  });

  it('remembers a thousand tenants, the least recently noted out first', () => {
    const notes = new WebhookNotes();
    for (let i = 0; i < 1_000; i++) notes.take(`t${i}`, 0);
    notes.take('t0', 60_000);
    notes.take('one-more', 60_000);
    expect(notes.take('t0', 60_001)).toBe(false);
    expect(notes.take('t2', 1)).toBe(false);
    expect(notes.take('t1', 1)).toBe(true);
  });
});

describe('shownType', () => {
  it.each<[readonly { type: string }[], string]>([
    [[{ type: 'interaction.created' }, { type: 'b' }], 'interaction.created'],
    [[{ type: 'webhook.test:v1/x-y_z' }], 'webhook.test:v1/x-y_z'],
    [[], 'unknown'],
    [[{ type: 'alice@acme.fr' }], 'unknown'],
    [[{ type: 'a sentence about somebody' }], 'unknown'],
    [[{ type: 'x'.repeat(129) }], 'unknown'],
  ])('of %j is %s', (events, type) => {
    expect(shownType(events)).toBe(type);
  });
});
