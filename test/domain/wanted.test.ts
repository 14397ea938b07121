import { describe, expect, it } from 'vitest';

import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import {
  INDICATORS_CHANGED_TYPE,
  type Takes,
  isControl,
  isFromNoxys,
  isTaken,
} from '../../src/domain/wanted.ts';
import { detectionForTest } from './detection-for-test.ts';

const EVENT: CanonicalEvent = {
  id: 'evt_1',
  type: 'interaction.policy_violated',
  occurredAt: '2026-11-22T08:00:00.000Z',
  receivedAt: '2026-11-22T08:00:01.000Z',
  tenant: 'acme',
  severity: 'high',
  classifications: [],
  classificationCount: 0,
  faults: [],
  source: 'noxys',
};
const CONTROL: CanonicalEvent = { ...EVENT, type: INDICATORS_CHANGED_TYPE };
const detection = (changes: Partial<Detection> = {}) =>
  detectionEvent(detectionForTest(changes), { tenant: 'acme', receivedAt: EVENT.receivedAt });

describe('what a channel takes of the log', () => {
  it.each<[string, Takes, CanonicalEvent, boolean]>([
    ['all events', { events: 'all' }, EVENT, true],
    ['events of a level', { events: 'high' }, EVENT, true],
    ['events above a level', { events: 'medium' }, EVENT, true],
    ['no events below a level', { events: 'critical' }, EVENT, false],
    [
      'no events without severity above a level',
      { events: 'low' },
      { ...EVENT, severity: 'informational' },
      false,
    ],
    ['no events where it is for detections', { detections: 'all' }, EVENT, false],
    ['all detections', { detections: 'all' }, detection({ respond: [] }), true],
    ['no detections where it is for events', { events: 'all' }, detection(), false],
    ['what a detection asks for by default', { detections: 'case' }, detection(), true],
    ['nothing that must be asked for', { detections: 'contain' }, detection(), false],
    ['what its rule asks for', { detections: 'contain' }, detection({ respond: ['contain'] }), true],
    ['only what its rule asks for', { detections: 'case' }, detection({ respond: ['contain'] }), false],
    ['nothing of a rule that runs dry', { detections: 'all' }, detection({ dryRun: true }), false],
    ['its own control entries', { control: INDICATORS_CHANGED_TYPE }, CONTROL, true],
    ['no control entries of others', { events: 'all', detections: 'all' }, CONTROL, false],
  ])('%s', (_name, takes, event, isWanted) => {
    expect(isTaken(takes, event)).toBe(isWanted);
  });

  it('knows what Noxys sent from what the relay made', () => {
    expect([EVENT, detection(), CONTROL].map((event) => [isFromNoxys(event), isControl(event)])).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
  });
});

describe('the entry of a detection', () => {
  it('has its time, its level and the first of its platforms, and names nobody in its id', () => {
    const event = detection({ platforms: ['perplexity', 'grok'], level: 'critical' });
    expect(event).toMatchObject({
      type: 'relay.detection',
      occurredAt: event.detection?.lastAt,
      severity: 'critical',
      platform: { id: 'perplexity', name: 'Perplexity' },
    });
    expect(detection({ platforms: [] })).not.toHaveProperty('platform');
  });
});
