/**
 * Closes the case of a detection that an analyst judged. Only the case that has this very detection in it, and never the one that stands
 * for many in a storm. Never opens one again: a verdict that changes later changes nothing here. A verdict may pass its detection, which waits
 * aside or was redriven: then it is remembered, by hash, until the detection is in a case.
 */

import { DETECTION_TYPE } from '../../domain/detection.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { JudgedFacts, Verdict } from '../../domain/verdict.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import { type KnownCase, addTag, findCase, patchCase, readCase } from './case-calls.ts';
import { withLine } from './case-description.ts';
import { type CaseGroup, itemKey, uniqueTag } from './case-group.ts';
import { confirmCase, isSeenByNow } from './case-put.ts';
import { type CaseRecord, REMEMBERED_MS, isOwnItem, itemsBefore, readRecord } from './case-record.ts';
import { hasTagRoom } from './case-tags.ts';
import { type CaseTurn, STORM, unconfirmed } from './case-turn.ts';

/** A change that meets another one is made once more; and the look after the tag. */
const LOOKS_MAX = 3;
const DONE: Outcome = { kind: 'delivered' };
const WORDS: Readonly<Record<Verdict, string>> = {
  true_positive: 'true positive',
  false_positive: 'false positive',
};

/** What is closed. */
interface Closable {
  readonly id: string;
  /** By which it is known to be the relay's. */
  readonly tag: string;
  /** Undefined: nothing is remembered of it. */
  readonly record: CaseRecord | undefined;
}

/** A verdict on a detection. */
interface Judgement {
  readonly verdict: Verdict;
  /** When it was made, as ISO 8601. */
  readonly at: string;
}

/** `group` is a verdict's. A case that is gone, or closed already, is done. */
export async function closeCase(turn: CaseTurn, { key, items }: CaseGroup): Promise<Outcome> {
  const [event] = items;
  const { detection, judged } = event ?? {};
  if (!event || !judged || !detection) return DONE;
  const found = await caseOf(turn, key, judged);
  if (!found.ok) return found.error;
  const judgement = { verdict: judged.verdict, at: event.receivedAt };
  if (found.value) return close(turn, found.value, judgement);
  const item = itemKey({ type: DETECTION_TYPE, id: judged.detectionId });
  if (!isInCase(turn, key, item)) remember(turn, item, judgement);
  return DONE;
}

/** Whether a detection of the group was judged before it got into its case. */
export function isJudged(turn: CaseTurn, { items }: CaseGroup): boolean {
  return judgedIn(turn, items).length > 0;
}

/** Closes the case that the group's detections are in by now, if one of them was judged before. The storm case stays open. */
export async function closeJudged(turn: CaseTurn, { key, items }: CaseGroup): Promise<Outcome> {
  const { memory } = turn.io;
  const early = judgedIn(turn, items);
  const record = early.length > 0 ? readRecord(memory, key) : undefined;
  const own = early.find(({ item }) => record !== undefined && isOwnItem(record, item));
  if (own && record?.state === 'open') {
    const outcome = await close(turn, { id: record.caseId ?? '', tag: record.tag, record }, own.judgement);
    if (outcome.kind !== 'delivered') return outcome;
  }
  for (const { item } of early) memory.delete(judgedKey(item));
  return DONE;
}

interface Judged {
  readonly item: string;
  readonly judgement: Judgement;
}

function judgedIn({ config, io }: CaseTurn, items: CaseGroup['items']): readonly Judged[] {
  if (!config.cases?.close_with_verdict) return [];
  return items.flatMap((event) => {
    const item = itemKey(event);
    const text = event.detection && io.memory.get(judgedKey(item));
    return text === undefined ? [] : [{ item, judgement: JSON.parse(text) as Judgement }];
  });
}

function judgedKey(item: string): string {
  return `judged:${item}`;
}

function remember({ io: { memory, nowMs } }: CaseTurn, item: string, judgement: Judgement): void {
  memory.put(judgedKey(item), JSON.stringify(judgement), nowMs() + REMEMBERED_MS);
}

/** Whether it is known to be in some case already: an earlier one of the group, or the storm's. */
function isInCase({ io }: CaseTurn, key: string, item: string): boolean {
  return [key, STORM.key].some((name) => {
    const record = readRecord(io.memory, name);
    return record !== undefined && itemsBefore(record).includes(item);
  });
}

/** The case that has the detection in it; undefined: none, or none that could be told. */
async function caseOf(
  turn: CaseTurn,
  key: string,
  { detectionId }: JudgedFacts,
): Promise<Result<Closable | undefined, Outcome>> {
  const { api, io, config, context } = turn;
  const opener = { type: DETECTION_TYPE, id: detectionId };
  const record = readRecord(io.memory, key);
  if (record && isOwnItem(record, itemKey(opener))) return remembered(turn, key, record);
  // Forgotten, or an earlier one of the group: the tag is of the entry that opened it.
  const tag = uniqueTag({ tenant: context.tenant, destination: config.name, key, opener });
  const id = await findCase(api, tag);
  if (!id.ok) return failure(id.error.outcome);
  return success(id.value === undefined ? undefined : { id: id.value, tag, record: undefined });
}

async function remembered(
  turn: CaseTurn,
  key: string,
  record: CaseRecord,
): Promise<Result<Closable | undefined, Outcome>> {
  const { state, tag, caseId } = record;
  if (state === 'none') return success(undefined);
  if (state === 'open') return success({ id: caseId ?? '', tag, record });
  const confirmed = await confirmCase(turn, { key, isStorm: false }, { record, items: [] });
  if (confirmed.kind === 'failed') return failure(confirmed.outcome);
  return success(confirmed.kind === 'open' ? { id: confirmed.record.caseId ?? '', tag, record } : undefined);
}

async function close(
  { api, io }: CaseTurn,
  { id, tag, record }: Closable,
  judgement: Judgement,
): Promise<Outcome> {
  const { verdict } = judgement;
  let isTagTried = false;
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const read = await readCase(api, id);
    if (!read.ok) return read.error.outcome;
    const known = read.value;
    // One that was just made may not be seen everywhere yet.
    if (!known && record && !isSeenByNow(record, io.nowMs()))
      return unconfirmed('the case can not be read yet');
    // Analysts may have closed it, or taken it over with its tags.
    if (!known || known.isClosed || !(known.tags?.includes(tag) ?? true)) return DONE;
    if (!isTagTried && mayTag(known, verdict)) {
      // Its own change of the case: the version that the next one expects is read anew. Without it the line says it.
      await addTag(api, id, verdict);
      isTagTried = true;
      continue;
    }
    const description = withLine(known.description ?? '', verdictLine(judgement, record?.count));
    const done = await patchCase(api, known, {
      status: 'closed',
      ...(description !== undefined && { description }),
    });
    if (!done.ok) return done.error.outcome;
    if (done.value === 'changed') return DONE;
  }
  return { kind: 'retry', reason: 'busy', detail: 'somebody else changes the case at the same time' };
}

function mayTag({ tags = [] }: KnownCase, verdict: Verdict): boolean {
  const texts = tags.filter((tag) => typeof tag === 'string');
  return !texts.includes(verdict) && hasTagRoom(texts, verdict);
}

function verdictLine({ verdict, at }: Judgement, count: number | undefined): string {
  const others =
    count === undefined || count < 2 ? '' : `; ${count} detections are in this case, one was judged`;
  return `Verdict at the relay: ${WORDS[verdict]}, ${at}${others}. Closed by noxys-relay.`;
}
