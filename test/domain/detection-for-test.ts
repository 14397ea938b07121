import type { Detection } from '../../src/domain/detection.ts';

/** A detection of the guides' rule on repeated violations, changed as a test needs it. */
export function detectionForTest(changes: Partial<Detection> = {}): Detection {
  return {
    id: 'det_17959439cff046d2',
    ruleId: '17959439-cff0-46d2-9135-de30a0d097dc',
    ruleName: 'noxys_hl3_repeated_violations',
    title: 'Repeated AI policy violations from same user',
    level: 'medium',
    groupKey: 'user-42',
    user: { id: 'user-42' },
    platforms: ['perplexity'],
    classifications: ['CREDIT_CARD', 'EMAIL'],
    count: 6,
    windowSeconds: 3600,
    firstAt: '2026-11-22T07:05:00.000Z',
    lastAt: '2026-11-22T08:00:00.000Z',
    eventIds: ['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5', 'evt_6'],
    dryRun: false,
    ...changes,
  };
}
