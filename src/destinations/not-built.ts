import type { Channel, ChannelKind } from './destination.ts';

export function notBuilt(kind: ChannelKind): Channel {
  const outcome = { kind: 'blocked', reason: 'not_configured', detail: 'not built yet' } as const;
  return { kind, inFlight: 1, deliver: async () => Promise.resolve(outcome) };
}
