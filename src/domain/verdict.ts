/** What an analyst found a detection to be. Types and constants only. */

export const VERDICTS = ['true_positive', 'false_positive'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Of the entry that tells the lanes of a verdict: beside it, the entry has all that the detection's own has. */
export interface JudgedFacts {
  /** Of the detection. */
  readonly detectionId: string;
  readonly verdict: Verdict;
}

/** Of entries by which lanes learn of a verdict. */
export const DETECTION_JUDGED_TYPE = 'relay.detection_judged';
