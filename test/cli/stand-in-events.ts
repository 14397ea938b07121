/** The stand-in's hooks and events: verified by the relay's own code, listed, searched, explained. */

import type { EventView } from '../../cli/api-types.ts';
import { importWebhookKeys, verifySignature } from '../../src/ingest/signature.ts';
import { parseBody } from '../../src/ingest/parse.ts';
import type { Asked, Route } from './stand-in-types.ts';
import { answer, jsonOf, problem } from './stand-in-types.ts';

const PSEUDONYM = 'p_0123456789abcdef';

async function hook({ state, headers, body, parts: [id = ''] }: Asked): Promise<Response> {
  const refused = () => problem(401, 'webhook_refused', 'The webhook could not be authenticated.');
  const stored = state.tenants.get(id);
  if (!stored) return refused();
  const verifier = await importWebhookKeys(stored.config.webhook);
  if (!verifier.ok) return problem(503, 'unavailable', 'Later.', {}, { 'retry-after': '1' });
  const verified = await verifySignature({ verifier: verifier.value, headers, body, nowMs: state.nowMs });
  if (!verified.ok) return refused();
  const parsed = parseBody(body, { tenant: id, receivedAtMs: state.nowMs });
  if (!parsed.ok) return problem(400, 'body_unusable', parsed.error.detail);
  const forwarded = parsed.value.events.filter(({ type }) => stored.config.forward.events.includes(type));
  for (const { personal: _nobody, ...event } of forwarded) {
    state.events.push({ ...event, source: 'noxys', seq: state.events.length + 1 });
  }
  const filtered = parsed.value.events.length - forwarded.length;
  return answer({ accepted: forwarded.length, duplicates: 0, filtered, rejected: [] }, {}, 202);
}

function shown(event: EventView, isOpen: boolean): EventView {
  if (event.user === undefined || isOpen) return event;
  return { ...event, user: { key: PSEUDONYM } };
}

function list({ state, url }: Asked): Response {
  const number = (name: string) => Number(url.searchParams.get(name) ?? Number.NaN);
  const limit = number('limit') || 50;
  const [after, before] = [number('after'), number('before')];
  const type = url.searchParams.get('type');
  const own = state.events.filter((event) => type === null || event.type === type);
  const found = Number.isNaN(after)
    ? own.filter(({ seq }) => !(seq >= before)).toReversed()
    : own.filter(({ seq }) => seq > after);
  const events = found
    .slice(0, limit)
    .map((event) => shown(event, url.searchParams.get('persons') === 'show'));
  const head = state.events.at(-1)?.seq ?? 0;
  const isCut = !Number.isNaN(after) && found.length > limit;
  return answer({ events, lastSeq: isCut ? (events.at(-1)?.seq ?? head) : head });
}

function search(asked: Asked): Response {
  const {
    user_email: email,
    limit = 50,
    before = Infinity,
    persons,
  } = jsonOf<{
    user_email?: string;
    limit?: number;
    before?: number;
    persons?: string;
  }>(asked);
  const found = asked.state.events
    .filter(({ user, seq }) => seq < before && (email === undefined || user?.email === email))
    .toReversed();
  const events = found.slice(0, limit).map((event) => shown(event, persons === 'show'));
  const last = found.length > limit ? events.at(-1) : undefined;
  return answer({ events, lastSeq: 0, ...(last ? { nextBefore: last.seq } : {}) });
}

function explain({ state, url, parts }: Asked): Response {
  const type = url.searchParams.get('type');
  const found = state.events.filter(
    (event) => event.id === parts[1] && (type === null || event.type === type),
  );
  if (found.length === 0) return problem(404, 'event_not_found', 'No event has this id.');
  const isOpen = url.searchParams.get('persons') === 'show';
  return answer({
    events: found.map((event) => ({ event: shown(event, isOpen), lanes: state.explain() })),
    isComplete: true,
  });
}

function userKey(asked: Asked): Response {
  const { user_id: id, user_email: email } = jsonOf<{ user_id?: string; user_email?: string }>(asked);
  const key = [...asked.state.names].find(([, name]) =>
    'user_id' in name ? name.user_id === id : name.user_email === email,
  )?.[0];
  return answer({ key: key ?? PSEUDONYM });
}

function reveal(asked: Asked): Response {
  const name = asked.state.names.get(jsonOf<{ user_key: string }>(asked).user_key);
  return name ? answer(name) : problem(404, 'name_not_found', 'The sealed map has no name for this key.');
}

export const eventRoutes: readonly Route[] = [
  { method: 'POST', path: /^\/hooks\/([^/]+)$/, handle: hook },
  { method: 'GET', path: /^\/api\/v1\/tenants\/([^/]+)\/events$/, handle: list },
  { method: 'POST', path: /^\/api\/v1\/tenants\/([^/]+)\/events\/search$/, handle: search },
  { method: 'GET', path: /^\/api\/v1\/tenants\/([^/]+)\/events\/([^/]+)$/, handle: explain },
  { method: 'POST', path: /^\/api\/v1\/tenants\/([^/]+)\/users\/key$/, handle: userKey },
  { method: 'POST', path: /^\/api\/v1\/tenants\/([^/]+)\/users\/reveal$/, handle: reveal },
];
