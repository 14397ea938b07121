/** The phases of an erasure, in order: while only a key is known, the raw names are looked for first. */

export const ERASURE_PHASES = [
  'names_in_log',
  'names_in_detections',
  'names_in_windows_0',
  'names_in_windows_1',
  'names_elsewhere',
  'windows_0',
  'windows_1',
  'watches',
  'log',
  'detections',
  'seen',
  'texts',
  'lanes',
  'lifted_holds',
  'held',
  'config',
  'end',
] as const;
export type ErasurePhase = (typeof ERASURE_PHASES)[number];
