import { afterEach, describe, expect, it } from 'vitest';

import type { DeliveryIo } from '../../../src/destinations/destination.ts';
import { failure, success } from '../../../src/lib/result.ts';
import { CASES, DELIVERED, HOUR_MS, MINUTE_MS, SEARCH, Stage, type StageOptions } from './cases-stage.ts';

const LAG_MS = 30_000;
const UNCONFIRMED = { kind: 'retry', reason: 'unconfirmed', retryAfterMs: 10_000 };

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start({ ...options, falcon: { caseSearchLagMs: LAG_MS, ...options.falcon } });
};
afterEach(async () => stage.stop());

describe('a case whose answer nobody saw', () => {
  it.each([
    ['a timeout', { delayMs: 600, times: 1 }],
    ['a connection that broke', { drop: 'after_reading', times: 1 } as const],
  ])('after %s is found and kept, however long the search lags behind', async (_what, fault) => {
    await start();
    const event = stage.event('evt-1');
    stage.fail('PUT', CASES, fault);
    expect(await stage.deliver(event)).toMatchObject({ kind: 'retry' });
    expect(stage.cases).toHaveLength(1);
    expect(await stage.deliver(event)).toMatchObject(UNCONFIRMED);
    stage.passes(10_000);
    expect(await stage.deliver(event)).toMatchObject(UNCONFIRMED);
    stage.passes(LAG_MS);
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
    expect(stage.calls('PUT', CASES)).toHaveLength(1);
  });

  it('is asked for again, with the same tag, when it did not show for a minute', async () => {
    await start();
    stage.fail('PUT', CASES, { hang: true, times: 1 });
    const event = stage.event('evt-1');
    expect(await stage.deliver(event)).toMatchObject({ kind: 'retry', reason: 'timeout' });
    stage.passes(MINUTE_MS - 1);
    expect(await stage.deliver(event)).toMatchObject(UNCONFIRMED);
    stage.passes(1);
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 1 event');
  });

  it('is made of the entries at hand when it is asked for again, and gets the others as they come', async () => {
    await start();
    stage.fail('PUT', CASES, { hang: true, times: 1 });
    const first = stage.event('evt-1');
    const events = [first, stage.event('evt-2'), stage.event('evt-3')];
    await stage.deliver(...events);
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(first)).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 1 event');
    expect(await stage.deliver(...events)).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 3 events');
  });

  it('is looked for again, and not just asked for, when asking again was refused for now', async () => {
    await start({ falcon: { caseSearchLagMs: 2 * MINUTE_MS } });
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    const event = stage.event('evt-1');
    await stage.deliver(event);
    stage.passes(MINUTE_MS);
    stage.fail('PUT', CASES, { status: 429, body: { errors: null }, times: 1 });
    expect(await stage.deliver(event)).toMatchObject({ kind: 'retry', reason: 'busy' });
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('is forgotten when Falcon takes none like it', async () => {
    await start();
    stage.fail('PUT', CASES, { hang: true, times: 1 });
    await stage.deliver(stage.event('evt-1'));
    stage.passes(MINUTE_MS);
    stage.fail('PUT', CASES, { status: 400, body: { errors: [{ code: 400, message: 'no' }] }, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject({ kind: 'rejected' });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 1 event');
  });

  it.each([
    ['an empty body', undefined],
    ['nulls', { errors: null, resources: null, meta: null }],
    ['errors', { errors: [{ code: 500, message: 'half done' }], resources: [] }],
    ['a resource without an id', { resources: [{ name: 'x' }] }],
  ])('is looked for after a 201 with %s', async (_what, body) => {
    await start();
    stage.fail('PUT', CASES, { status: 201, body, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject(UNCONFIRMED);
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('is taken with errors beside it', async () => {
    await start();
    const body = { errors: [{ code: 500, message: 'index' }], resources: [{ id: 'case-9' }] };
    stage.fail('PUT', CASES, { status: 201, body, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.calls('PUT', CASES)).toHaveLength(0);
  });

  it('holds back entries of its own group only as long as it is not known', async () => {
    await start();
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(stage.event('evt-1'));
    const other = stage.event('evt-2', { user: { id: 'user-43' } });
    expect(await stage.deliver(other, stage.event('evt-1'))).toMatchObject({
      kind: 'delivered',
      settled: 1,
      others: UNCONFIRMED,
    });
    stage.passes(LAG_MS);
    expect(await stage.deliver(stage.event('evt-3'), stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
    expect(stage.cases[0]?.description).toContain('Count: 2 events');
  });

  it('is looked for as long when its request had to wait for a turn and a token first', async () => {
    await start();
    stage.onTurn = () => stage.passes(2 * MINUTE_MS);
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    const event = stage.event('evt-1');
    await stage.deliver(event);
    stage.onTurn = () => undefined;
    expect(await stage.deliver(event)).toMatchObject(UNCONFIRMED);
    stage.passes(LAG_MS);
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('is not remembered when its request never left', async () => {
    await start();
    stage.fail('POST', '/oauth2/token', { status: 503, body: '', times: 1 });
    const event = stage.event('evt-1');
    expect(await stage.deliver(event)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(stage.remembered).not.toContain('case:');
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.calls('GET', SEARCH)).toHaveLength(0);
    expect(stage.cases).toHaveLength(1);
  });

  it('is not asked for again because a search failed', async () => {
    await start();
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(stage.event('evt-1'));
    stage.passes(HOUR_MS);
    stage.fail('GET', SEARCH, { status: 503, body: '', times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject({
      kind: 'retry',
      reason: 'server_error',
    });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });
});

describe('what an entry that Falcon fails over leaves behind', () => {
  it.each([400, 500])('after HTTP %i holds up none of its group', async (status) => {
    await start();
    stage.sicken(status);
    const poison = stage.event('evt-1', { classifications: ['POISON'] });
    for (let i = 0; i < 3; i++) {
      expect(await stage.deliver(poison)).not.toEqual(DELIVERED);
      stage.passes(MINUTE_MS);
    }
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 1 event');
    expect(await stage.deliver(stage.event('evt-3'))).toEqual(DELIVERED);
  });

  it('gives way to the next one, after two requests that came to nothing', async () => {
    await start();
    stage.sicken(500);
    const poison = stage.event('evt-1', { classifications: ['POISON'] });
    for (let i = 0; i < 2; i++) {
      expect(await stage.deliver(poison)).toMatchObject({ kind: 'retry', reason: 'server_error' });
      expect(await stage.deliver(stage.event('evt-2'))).toMatchObject(UNCONFIRMED);
      stage.passes(MINUTE_MS);
    }
    expect(await stage.deliver(poison)).toMatchObject(UNCONFIRMED);
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(await stage.deliver(poison)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(stage.onlyCase.description).toContain('Count: 1 event');
  });

  it('is in no request of a sibling, when both were in one that got no answer', async () => {
    await start();
    stage.fail('PUT', CASES, { hang: true, times: 1 });
    await stage.deliver(stage.event('evt-1', { classifications: ['POISON'] }), stage.event('evt-2'));
    stage.passes(MINUTE_MS);
    stage.sicken(400);
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 1 event');
  });
});

describe('an answer that leaves open whether a case was made', () => {
  const answered = (status: number): DeliveryIo => {
    const io = stage.io;
    return {
      ...io,
      send: async (request) => {
        const answer = await io.send(request);
        if (request.method !== 'PUT' || !answer.ok) return answer;
        return success({ ...answer.value, status, body: '' });
      },
    };
  };
  it.each([200, 204, 408, 425, 500, 503, 524])('HTTP %i leaves one', async (status) => {
    await start();
    await stage.channel.deliver([stage.event('evt-1')], answered(status));
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject(UNCONFIRMED);
    stage.passes(LAG_MS);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('a TLS session that broke leaves one', async () => {
    await start();
    const io = stage.io;
    const broken: typeof io.send = async (request) => {
      const answer = await io.send(request);
      return request.method === 'PUT' ? failure({ kind: 'tls', detail: 'certificate' }) : answer;
    };
    await stage.channel.deliver([stage.event('evt-1')], { ...io, send: broken });
    stage.passes(LAG_MS);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });
});

describe('that there is no case', () => {
  const unseen = async () => {
    await start();
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(stage.event('evt-1'));
    stage.passes(MINUTE_MS);
  };
  it.each([
    ['without a body', ''],
    ['without resources', { errors: null }],
    ['with an error', { errors: [{ code: 500, message: 'index' }], resources: null }],
    ['with something else', { errors: null, resources: [{ id: 7 }] }],
  ])('is not told by a search %s', async (_what, body) => {
    await unseen();
    stage.fail('GET', SEARCH, { status: 200, body, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject({ kind: 'retry' });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('is not told by a clock that was set back', async () => {
    await start();
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(stage.event('evt-1'));
    stage.passes(-24 * HOUR_MS);
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject(UNCONFIRMED);
    stage.passes(MINUTE_MS - 1);
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject(UNCONFIRMED);
    stage.passes(24 * HOUR_MS);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('nor that the case of somebody else, which a search shows, is the one', async () => {
    await start();
    const foreign = { name: 'Ransomware', severity: 10, description: 'by hand', tags: ['soc'] };
    await stage.falcon.call('PUT', CASES, { body: foreign });
    stage.fail('PUT', CASES, { drop: 'before_reading', times: 1 });
    await stage.deliver(stage.event('evt-1'));
    stage.passes(MINUTE_MS);
    const shown = { errors: null, resources: [stage.onlyCase.id] };
    stage.fail('GET', SEARCH, { status: 200, body: shown, times: 1 });
    expect(await stage.deliver(stage.event('evt-1'))).toMatchObject(UNCONFIRMED);
    expect(await stage.deliver(stage.event('evt-1', { severity: 'critical' }))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
    expect(stage.cases[0]).toMatchObject({ severity: 10, version: 1 });
  });
});

describe('an entry that is in a closed case', () => {
  /** Six entries in a case that was closed; the request for the next one came to nothing, or is about to be refused. */
  const closed = async () => {
    await start();
    const events = Array.from({ length: 8 }, (_, i) => stage.event(`evt-${i + 1}`));
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(...events.slice(0, 6));
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(...events.slice(0, 1))).toEqual(DELIVERED);
    await stage.change({ status: 'closed' });
    stage.fail('PUT', CASES, { drop: 'before_reading', times: 1 });
    expect(await stage.deliver(...events.slice(3, 7))).toMatchObject({ kind: 'retry' });
    stage.passes(MINUTE_MS);
    return events;
  };

  it('comes into no other one, though the next one was never made', async () => {
    const events = await closed();
    expect(await stage.deliver(...events.slice(3, 4))).toEqual(DELIVERED);
    expect(await stage.deliver(...events.slice(4, 6))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
    expect(await stage.deliver(...events.slice(3))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
    expect(stage.cases[1]?.description).toContain('Count: 2 events');
    expect(stage.cases[1]?.description).toContain('Event ids: evt-7, evt-8');
  });

  it('comes into no other one, though Falcon took the next one neither at first nor later', async () => {
    const events = await closed();
    stage.fail('PUT', CASES, { status: 400, body: { errors: [{ code: 400, message: 'no' }] }, times: 1 });
    expect(await stage.deliver(...events.slice(6, 7))).toMatchObject({ kind: 'rejected' });
    expect(await stage.deliver(...events.slice(4, 6))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
    expect(await stage.deliver(...events.slice(7))).toEqual(DELIVERED);
    expect(stage.cases[1]?.description).toContain('Count: 1 event');
  });
});

describe('a lane that stands still for a week', () => {
  it.each([
    ['was not answered', { drop: 'after_reading', times: 1 } as const],
    ['was answered, and not noted by the lane', undefined],
  ])('keeps one case whose opening %s', async (_what, fault) => {
    await start();
    if (fault) stage.fail('PUT', CASES, fault);
    await stage.deliver(stage.event('evt-1'));
    const late = stage.event('evt-1');
    stage.passes(7 * 24 * HOUR_MS);
    expect(await stage.deliver(late)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('counts an entry once that comes again after hundreds of others', async () => {
    await start();
    const late = stage.event('late');
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(late);
    stage.passes(LAG_MS);
    for (let i = 0; i < 3; i++) {
      const others = Array.from({ length: 80 }, (_, k) => stage.event(`evt-${i}-${k}`));
      expect(await stage.deliver(...others)).toEqual(DELIVERED);
    }
    expect(await stage.deliver(late)).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 241 events');
  });
});

describe('a crash', () => {
  it('after Falcon made the case and before the relay noted it leaves one case', async () => {
    await start();
    const event = stage.event('evt-1');
    const io = stage.io;
    const crashing = {
      ...io,
      send: async (request: Parameters<typeof io.send>[0]) => {
        const answer = await io.send(request);
        if (request.method === 'PUT') throw new Error('crash');
        return answer;
      },
    };
    await expect(stage.channel.deliver([event], crashing)).rejects.toThrow('crash');
    stage.passes(LAG_MS);
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });

  it('between the record and the request leaves one case', async () => {
    await start();
    const event = stage.event('evt-1');
    const io = stage.io;
    const crashing = {
      ...io,
      send: async (request: Parameters<typeof io.send>[0]) => {
        if (request.method !== 'PUT') return io.send(request);
        request.onSend?.();
        throw new Error('crash');
      },
    };
    await expect(stage.channel.deliver([event], crashing)).rejects.toThrow('crash');
    expect(await stage.deliver(event)).toMatchObject(UNCONFIRMED);
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
  });
});
