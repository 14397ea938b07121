import { describe, expect, it } from 'vitest';

import { PRIVACY_LEVELS } from '../../src/domain/destination-base.ts';
import { minimise } from '../../src/ingest/minimise.ts';
import { namesBehind } from '../../src/ingest/names-behind.ts';
import type { ParsedEvent } from '../../src/ingest/parse-event.ts';

const KEY = new Uint8Array(32).fill(7);
const EVENT: ParsedEvent = {
  id: 'evt_1',
  type: 'interaction.high_risk',
  occurredAt: '2026-11-22T00:00:00.000Z',
  receivedAt: '2026-11-22T00:00:00.000Z',
  tenant: 'acme',
  classifications: [],
  classificationCount: 0,
  faults: [],
  personal: { userId: 'u-1', userEmail: 'alice@acme.fr', deviceId: 'dev-1', hostname: 'PC-1' },
};

describe('namesBehind', () => {
  const levels = PRIVACY_LEVELS.flatMap((id) => PRIVACY_LEVELS.map((email) => [id, email] as const));
  it.each(levels)(
    'has the names of the keys that an event is left with, and no other: %s, %s',
    (id, email) => {
      const privacy = { user_id: id, user_email: email, device: 'pseudonymise', url: 'drop' } as const;
      const { user } = minimise(EVENT, privacy, KEY);
      expect([...namesBehind([EVENT], privacy, KEY)]).toEqual([
        ...(id === 'pseudonymise' ? [[user?.id, { id: 'u-1' }]] : []),
        ...(email === 'pseudonymise' ? [[user?.email, { email: 'alice@acme.fr' }]] : []),
      ]);
    },
  );

  it('names a user of several events once, and nobody where events name none', () => {
    const privacy = { user_id: 'pseudonymise', user_email: 'pseudonymise' } as const;
    expect(namesBehind([EVENT, { ...EVENT, id: 'evt_2' }], privacy, KEY).size).toBe(2);
    expect(namesBehind([{ personal: { deviceId: 'dev-1' } }], privacy, KEY).size).toBe(0);
  });
});
