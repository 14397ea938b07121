/** The verdict on a detection closes its case: that case, once, and no other. */

import { afterEach, describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import {
  CASES,
  DELIVERED,
  HOUR_MS,
  MINUTE_MS,
  SEARCH,
  Stage,
  type StageOptions,
  judged,
} from './cases-stage.ts';

const CASE_TAGS = '/cases/entities/case-tags/v1';
const DAY_MS = 24 * HOUR_MS;

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start({ ...options, cases: { close_with_verdict: true, ...options.cases } });
};
afterEach(async () => stage.stop());

const judge = async (detection: CanonicalEvent, verdict: Verdict = 'false_positive'): Promise<Outcome> =>
  stage.deliver(judged(detection, verdict, stage.now));

describe('a verdict', () => {
  it.each([
    ['true_positive', 'true positive'],
    ['false_positive', 'false positive'],
  ] as const)('closes the case of its detection, with a tag and a line: %s', async (verdict, words) => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    const before = stage.onlyCase;
    expect(await judge(detection, verdict)).toEqual(DELIVERED);
    const { status, tags, description } = stage.onlyCase;
    expect(status).toBe('closed');
    expect(tags).toEqual([...before.tags, verdict]);
    expect(description.split('\n').slice(-2)).toEqual([
      `Verdict at the relay: ${words}, ${stage.now}. Closed by noxys-relay.`,
      '-- noxys-relay updates what stands above. Notes below this line stay.',
    ]);
    expect(description).toContain(before.description.split('\n').slice(0, -1).join('\n'));
  });

  it('expects the version that it read, so that no change of an analyst is lost', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    await judge(detection);
    const [change] = stage.calls('PATCH', CASES);
    // One, and another with the tag.
    expect(change).toMatchObject({ expected_version: 2, fields: { status: 'closed' } });
  });

  it('is made once more where somebody changes the case at the same time, and keeps their notes', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    const { description } = stage.onlyCase;
    await stage.change({ description: `${description}\nMine.` });
    const body = { errors: [{ code: 409, message: 'version' }] };
    const conflict = stage.fail('PATCH', CASES, { status: 409, body, times: 1 });
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(conflict.hits).toBe(1);
    expect(stage.onlyCase.status).toBe('closed');
    expect(stage.onlyCase.description.endsWith('stay.\nMine.')).toBe(true);
  });

  it('leaves a text alone that analysts made theirs, and closes all the same', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    await stage.change({ description: 'Ours.' });
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase).toMatchObject({ status: 'closed', description: 'Ours.' });
  });

  it('keeps the notes as they are where analysts took away what stood above the line', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    const marker = stage.onlyCase.description.split('\n').at(-1) ?? '';
    await stage.change({ description: `${marker}\nMine.` });
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.description.split('\n').slice(1)).toEqual([marker, 'Mine.']);
  });

  it('closes though Falcon takes no further tag', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    stage.fail('POST', CASE_TAGS, { status: 400, body: { errors: [{ code: 400, message: 'no' }] } });
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('closed');
    expect(stage.onlyCase.tags).not.toContain('false_positive');
  });

  it('says how many detections the case has, as one of them was judged', async () => {
    await start();
    const first = stage.detection('det-1');
    await stage.deliver(first, stage.detection('det-2'), stage.detection('det-3'));
    await judge(first);
    expect(stage.onlyCase.description).toContain('; 3 detections are in this case, one was judged. Closed');
  });

  it('that changes never opens a case again', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    await judge(detection, 'false_positive');
    const closed = stage.onlyCase;
    expect(await judge(detection, 'true_positive')).toEqual(DELIVERED);
    expect(stage.onlyCase).toEqual(closed);
  });

  it('is done where an analyst closed the case', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    await stage.change({ status: 'closed' });
    const closed = stage.onlyCase;
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase).toEqual(closed);
  });

  it('waits for a case that was just made and can not be read yet, and is done where it is gone', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    const gone = { resources: [], errors: [{ code: 404, message: 'case not found', id: stage.onlyCase.id }] };
    stage.fail('POST', CASES, { status: 200, body: gone });
    expect(await judge(detection)).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    stage.passes(MINUTE_MS);
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('new');
  });

  it('is asked for again where Falcon fails', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    stage.fail('PATCH', CASES, { status: 500, body: {}, times: 1 });
    expect(await judge(detection)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('closed');
  });

  it('finds a case whose opening was not answered', async () => {
    await start();
    const detection = stage.detection('det-1');
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    expect(await stage.deliver(detection)).toMatchObject({ kind: 'retry' });
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('closed');
  });

  it('finds the case that it opened when the memory of it is over', async () => {
    await start();
    const detection = stage.detection('det-1');
    await stage.deliver(detection);
    stage.passes(9 * DAY_MS);
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.calls('GET', SEARCH)).toHaveLength(1);
    expect(stage.onlyCase.status).toBe('closed');
  });

  it('closes the earlier case of a group, and not the one of today', async () => {
    await start();
    const first = stage.detection('det-1');
    await stage.deliver(first);
    stage.passes(DAY_MS);
    await stage.deliver(stage.detection('det-2'));
    expect(await judge(first)).toEqual(DELIVERED);
    expect(stage.cases.map(({ status }) => status)).toEqual(['closed', 'new']);
  });

  it('of a detection that no case has in it closes none', async () => {
    await start();
    await stage.deliver(stage.detection('det-1'));
    expect(await judge(stage.detection('det-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('new');
  });

  it('never closes the case that stands for a storm', async () => {
    await start({ cases: { per_hour_max: 1 } });
    const stormy = stage.detection('det-2', { groupKey: 'user-43' });
    await stage.deliver(stage.detection('det-1'), stormy);
    expect(await judge(stormy)).toEqual(DELIVERED);
    expect(stage.cases.map(({ status }) => status)).toEqual(['new', 'new']);
  });
});

describe('a verdict that comes before its detection is in a case', () => {
  it.each([
    ['true_positive', 'true positive'],
    ['false_positive', 'false positive'],
  ] as const)(
    'closes the case once the detection opens it, with tag and line: %s',
    async (verdict, words) => {
      await start();
      const [detection, judgedAt] = [stage.detection('det-1'), stage.now];
      expect(await judge(detection, verdict)).toEqual(DELIVERED);
      expect(stage.cases).toEqual([]);
      stage.passes(HOUR_MS);
      expect(await stage.deliver(detection)).toEqual(DELIVERED);
      expect(stage.onlyCase).toMatchObject({ status: 'closed', tags: expect.arrayContaining([verdict]) });
      expect(stage.onlyCase.description).toContain(`Verdict at the relay: ${words}, ${judgedAt}. Closed by`);
    },
  );

  it('closes the case of others that the detection joins', async () => {
    await start();
    await stage.deliver(stage.detection('det-1'));
    const late = stage.detection('det-2');
    await judge(late);
    expect(stage.onlyCase.status).toBe('new');
    await stage.deliver(late);
    expect(stage.onlyCase.status).toBe('closed');
    expect(stage.onlyCase.description).toContain('; 2 detections are in this case, one was judged. Closed');
  });

  it('holds until the detection of a failed opening is delivered again', async () => {
    await start();
    const detection = stage.detection('det-1');
    stage.fail('PUT', CASES, { status: 500, body: {}, times: 1 });
    await stage.deliver(detection);
    stage.passes(2 * MINUTE_MS);
    expect(await judge(detection)).toEqual(DELIVERED);
    expect(stage.cases).toEqual([]);
    expect(await stage.deliver(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('closed');
  });

  it('is the last of several', async () => {
    await start();
    const detection = stage.detection('det-1');
    await judge(detection, 'true_positive');
    await judge(detection, 'false_positive');
    await stage.deliver(detection);
    expect(stage.onlyCase.tags).toContain('false_positive');
    expect(stage.onlyCase.tags).not.toContain('true_positive');
  });

  it('closes at the next try where Falcon fails, and opens no second case', async () => {
    await start();
    const detection = stage.detection('det-1');
    await judge(detection);
    stage.fail('PATCH', CASES, { status: 500, body: {}, times: 1 });
    expect(await stage.deliver(detection)).toMatchObject({ kind: 'retry', reason: 'server_error' });
    expect(stage.onlyCase.status).toBe('new');
    expect(await stage.deliver(detection)).toEqual(DELIVERED);
    expect(stage.onlyCase.status).toBe('closed');
  });

  it('closes once: the next case of the group stays open', async () => {
    await start();
    const first = stage.detection('det-1');
    await judge(first);
    await stage.deliver(first);
    await stage.deliver(first, stage.detection('det-2'));
    expect(stage.cases.map(({ status }) => status)).toEqual(['closed', 'new']);
  });

  it('never closes the case that stands for a storm', async () => {
    await start({ cases: { per_hour_max: 1 } });
    const stormy = stage.detection('det-2', { groupKey: 'user-43' });
    await judge(stormy);
    await stage.deliver(stage.detection('det-1'), stormy);
    expect(stage.cases.map(({ status }) => status)).toEqual(['new', 'new']);
    expect(stage.remembered).not.toContain('judged:');
  });

  it('is remembered for eight days by a hash, and names nobody', async () => {
    await start();
    const detection = stage.detection('det-1');
    await judge(detection);
    expect(stage.remembered).toMatch(/judged:[0-9a-f]{16}"/);
    for (const name of ['det-1', detection.user?.id, detection.device?.hostname])
      expect(stage.remembered).not.toContain(name);
    stage.passes(8 * DAY_MS);
    await stage.deliver(detection);
    expect(stage.onlyCase.status).toBe('new');
  });

  it('is not remembered of a detection that is in a case already', async () => {
    await start();
    const [first, second] = [stage.detection('det-1'), stage.detection('det-2')];
    await stage.deliver(first, second);
    stage.passes(DAY_MS);
    await stage.deliver(stage.detection('det-3'));
    await judge(second);
    expect(stage.remembered).not.toContain('judged:');
  });
});

describe('after a verdict', () => {
  it('a later detection of the group opens a new case, also in the same batch', async () => {
    await start();
    const first = stage.detection('det-1');
    const verdict = judged(first, 'false_positive', stage.now);
    expect(await stage.deliver(first, verdict, stage.detection('det-2'))).toEqual(DELIVERED);
    expect(stage.cases.map(({ status }) => status)).toEqual(['closed', 'new']);
    await stage.deliver(stage.detection('det-3'));
    expect(stage.cases.map(({ description }) => /Count: (\d+) det/.exec(description)?.[1])).toEqual([
      undefined,
      '2',
    ]);
  });

  it('what came before it in the batch is settled though Falcon then fails', async () => {
    await start();
    const first = stage.detection('det-1');
    stage.fail('PATCH', CASES, { status: 500, body: {} });
    const outcome = await stage.deliver(first, judged(first, 'true_positive', stage.now));
    expect(outcome).toMatchObject({ kind: 'delivered', settled: 1, others: { kind: 'retry' } });
  });
});
