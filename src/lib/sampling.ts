/**
 * Keeps one in N of many things by their keys: the same key is kept everywhere, in every isolate, Worker and object alike.
 * Pure and cheap: no cryptography, no allocation, no chance. It spreads keys evenly and hides nothing.
 */

/** FNV-1a, 32 bits. Source: draft-eastlake-fnv, read 2026-11. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Whether a key is among the one in `oneIn` that are kept. 0: none is; 1: all are. */
export function isSampled(key: string, oneIn: number): boolean {
  if (oneIn <= 1) return oneIn === 1;
  return hash(key) % oneIn === 0;
}

/** FNV-1a, then MurmurHash3's last mix, without which the low bits of keys that count up are not spread. */
function hash(key: string): number {
  let h = FNV_OFFSET;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), FNV_PRIME);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
