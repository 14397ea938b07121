/** The stand-in's rights of a person: erased in steps, exported in pages, held; and what is kept for how long. */

import type { ErasureView, HoldView } from '../../cli/api-types.ts';
import type { StoredPerson } from './stand-in-rights-state.ts';
import type { Asked, Route, StandInState } from './stand-in-types.ts';
import { answer, jsonOf, problem } from './stand-in-types.ts';

interface NamedSubject {
  readonly user_id?: string;
  readonly user_email?: string;
  readonly user_key?: string;
}

const PAGE_ITEMS = 2;
const TENANT = String.raw`^/api/v1/tenants/([^/]+)`;
const DAY_MS = 86_400_000;
export const NONE_REMOVED = {
  events: 0,
  detections: 0,
  deadLetters: 0,
  followUps: 0,
  windows: 0,
  watches: 0,
  pseudonyms: 0,
  devices: 0,
  texts: 0,
};

function personOf(state: StandInState, named: NamedSubject): StoredPerson | undefined {
  const { user_id: id, user_email: email, user_key: key } = named;
  return state.rights.persons.find(
    (person) =>
      person.key === key ||
      (id !== undefined && person.id === id) ||
      (email !== undefined && person.email === email),
  );
}

function isNobody({ user_id: id, user_email: email, user_key: key }: NamedSubject): boolean {
  return id === undefined && email === undefined && key === undefined;
}

const NO_SUBJECT = () =>
  problem(422, 'body_invalid', 'The body has 1 fault.', {
    faults: [{ path: '', message: 'must have at least one of user_id, user_email, user_key' }],
  });

/** A handler that a tenant is needed for. */
function ofTenant(handle: (asked: Asked) => Response): Route['handle'] {
  return (asked) =>
    asked.state.tenants.has(asked.parts[0] ?? '')
      ? handle(asked)
      : problem(404, 'tenant_not_found', 'No tenant has this id.');
}

function erase(asked: Asked): Response {
  const { state } = asked;
  const named = jsonOf<NamedSubject>(asked);
  if (isNobody(named)) return NO_SUBJECT();
  const person = personOf(state, named);
  const key = person?.key ?? 'p_nobody';
  const holds = state.rights.holds.filter(({ keys }) => keys === undefined || keys.includes(key));
  if (holds.length > 0) {
    const ids = holds.map(({ id }) => id);
    const tenant = asked.parts[0] ?? '';
    const detail = `Nothing was removed, as legal holds ${ids.join(', ')} keep it: lift those first, with DELETE …/holds/${ids[0]} or noxys-relay holds lift ${tenant} ${ids[0]}.`;
    return problem(409, 'held', detail, { holds: ids });
  }
  const at = new Date(state.nowMs).toISOString();
  const erasure: ErasureView = {
    id: state.rights.erasures.length + 1,
    begunAt: at,
    lateUntil: new Date(state.nowMs + 8 * DAY_MS).toISOString(),
    keys: [key],
    removed: { ...NONE_REMOVED, events: person?.items.length ?? 0 },
    undelivered: {},
    outside: { destinations: [], recoverableUntil: new Date(state.nowMs + 30 * DAY_MS).toISOString() },
    late: 0,
    remaining: [],
    alsoSeen: [],
    ...state.rights.erasure,
  };
  if (person) person.items = [{ kind: 'key', key }];
  state.rights.erasures.unshift(erasure);
  return answer(erasure, {}, 202);
}

/** One more look: one more thing is gone, or it is done. */
function look({ state, parts }: Asked): Response {
  const { erasures } = state.rights;
  const index = erasures.findIndex(({ id }) => String(id) === parts[1]);
  const found = erasures[index];
  if (!found) return problem(404, 'erasure_not_found', 'No erasure has this id.');
  const { removed } = found;
  erasures[index] =
    state.rights.looksUntilDone-- > 0
      ? { ...found, removed: { ...removed, texts: removed.texts + 1 } }
      : { ...found, doneAt: new Date(state.nowMs).toISOString() };
  return answer(erasures[index]);
}

function exportPage(asked: Asked): Response {
  const { cursor = 'at-0', ...named } = jsonOf<NamedSubject & { readonly cursor?: string }>(asked);
  if (isNobody(named)) return NO_SUBJECT();
  const from = Number(/^at-(\d+)$/.exec(cursor)?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) return problem(400, 'parameter_invalid', 'cursor is none of this tenant');
  const items = personOf(asked.state, named)?.items ?? [];
  const next = from + PAGE_ITEMS;
  return answer({
    items: items.slice(from, next),
    ...(next < items.length && { next: `at-${next}` }),
  });
}

function placeHold(asked: Asked): Response {
  const { state } = asked;
  const { reason, ...named } = jsonOf<NamedSubject & { readonly reason: string }>(asked);
  if (state.rights.holds.length >= 50)
    return problem(409, 'too_many_holds', 'The tenant has 50 holds, and no room for more.');
  const hold: HoldView = {
    id: state.rights.holds.length + 1,
    at: new Date(state.nowMs).toISOString(),
    ...(isNobody(named) ? {} : { keys: [personOf(state, named)?.key ?? 'p_nobody'] }),
    by: 'bootstrap',
    reason,
    held: 0,
  };
  state.rights.holds.push(hold);
  return answer(hold, {}, 201);
}

function liftHold({ state, parts }: Asked): Response {
  const { holds } = state.rights;
  const index = holds.findIndex(({ id }) => String(id) === parts[1]);
  const [hold] = index === -1 ? [] : holds.splice(index, 1);
  return hold ? answer(hold) : problem(404, 'hold_not_found', 'No hold has this id.');
}

function route(method: string, path: string, handle: (asked: Asked) => Response): Route {
  return { method, path: new RegExp(`${TENANT}/${path}$`), handle: ofTenant(handle) };
}

export const rightsRoutes: readonly Route[] = [
  route('POST', 'erase', erase),
  route('GET', 'erasures', ({ state }) => answer({ erasures: state.rights.erasures })),
  route('GET', 'erasures/([^/]+)', look),
  route('POST', 'export', exportPage),
  route('GET', 'holds', ({ state }) => answer({ holds: state.rights.holds })),
  route('POST', 'holds', placeHold),
  route('DELETE', 'holds/([^/]+)', liftHold),
  route('GET', 'retention', ({ state }) => answer({ lines: state.rights.retention })),
];
