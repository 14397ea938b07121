/**
 * HarfangLab's threats: list, comment and note. No public source has a filter by agent: a list is filtered by its `agents`, or a
 * threat's agents are asked for (`Agent/?threat_id=`). A repeated comment is a second comment.
 * Sources: XSOAR Hurukai.py (list, note); SEKOIA threat_actions.py (comment) and threat_critical.json (`agents`).
 */

import { isoMicros } from './harfanglab-answers.ts';
import { NOT_FOUND, PERMISSIONS, type ApiCall, type ApiReply, type ApiRoute } from './harfanglab-api.ts';
import { fieldErrors, hasErrors, isText } from './harfanglab-fields.ts';
import { list, type ListRules } from './harfanglab-list.ts';

const THREATS = '/api/data/alert/alert/Threat/';
const NOTE = { title: isText, content: isText };

export type ThreatStatus = 'new' | 'probable_false_positive' | 'false_positive' | 'investigating' | 'closed';

export interface ThreatAgent {
  readonly agent_id: string;
  readonly agent_hostname: string;
  readonly agent_ostype: string;
  readonly security_event_count: number;
}

export interface ThreatNote {
  readonly title: string;
  readonly content: string;
  readonly creation_date: string;
  readonly last_update: string;
}

export interface HarfangLabThreat {
  /** A number until 2024, a UUID in newer samples. */
  readonly id: string | number;
  readonly slug: string;
  readonly status: ThreatStatus;
  readonly level: string;
  readonly creation_date: string;
  readonly last_update: string;
  readonly last_seen: string;
  readonly agents: readonly ThreatAgent[];
  readonly note: ThreatNote | null;
  readonly [field: string]: unknown;
}

export type NewThreat = Pick<HarfangLabThreat, 'id'> &
  Partial<Omit<HarfangLabThreat, 'agents'>> & {
    readonly agents?: readonly (Pick<ThreatAgent, 'agent_id'> & Partial<ThreatAgent>)[];
  };

export interface ThreatComment {
  readonly atMs: number;
  readonly threatId: string;
  readonly comment: string;
}

export interface ThreatsOptions {
  readonly threats?: readonly NewThreat[];
}

const LIST: ListRules = {
  filters: ['id', 'status', 'level', 'slug', 'creation_date', 'first_seen', 'last_seen', 'last_update'],
  listFilters: ['status', 'level'],
  orderings: ['creation_date', 'last_seen', 'last_update'],
  searched: ['id', 'slug'],
};

export class ThreatsEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly comments: ThreatComment[] = [];
  readonly #threats = new Map<string, HarfangLabThreat>();

  constructor(options: ThreatsOptions, nowMs: number) {
    for (const threat of options.threats ?? []) this.add(threat, nowMs);
    const [read, write] = [PERMISSIONS.threatsView, PERMISSIONS.threatsEdit];
    const note = `${THREATS}{id}/note/`;
    this.routes = [
      { method: 'GET', path: THREATS, permission: read, answer: (call) => this.#list(call) },
      { method: 'GET', path: `${THREATS}{id}/`, permission: read, answer: (call) => this.#one(call) },
      {
        method: 'POST',
        path: `${THREATS}{id}/comment/`,
        permission: write,
        answer: (call) => this.#comment(call),
      },
      { method: 'GET', path: note, permission: read, answer: (call) => this.#note(call) },
      { method: 'POST', path: note, permission: write, answer: (call) => this.#addNote(call) },
      { method: 'PATCH', path: note, permission: write, answer: (call) => this.#changeNote(call) },
    ];
  }

  get threats(): readonly HarfangLabThreat[] {
    return [...this.#threats.values()];
  }

  /** Adds a threat, or replaces the one with this id: new, high and of now unless told otherwise. */
  add(threat: NewThreat, nowMs: number): void {
    const agents = (threat.agents ?? []).map((agent) => ({
      agent_hostname: agent.agent_id,
      agent_ostype: 'windows',
      security_event_count: 1,
      ...agent,
    }));
    const now = isoMicros(nowMs);
    this.#threats.set(String(threat.id), {
      slug: `threat-${threat.id}`,
      status: 'new',
      level: 'high',
      creation_date: now,
      first_seen: now,
      last_seen: now,
      last_update: now,
      impacted_users: [],
      rules: [],
      note: null,
      tenant: null,
      ...threat,
      agents,
      agent_count: agents.length,
      top_agents: agents,
    });
  }

  agentsOf(threatId: string): readonly string[] {
    return this.#threats.get(threatId)?.agents.map(({ agent_id }) => agent_id) ?? [];
  }

  #list(call: ApiCall): ApiReply {
    return list(this.threats, call, LIST);
  }

  #one({ id }: ApiCall): ApiReply {
    const threat = this.#threats.get(id);
    return threat === undefined ? NOT_FOUND : { status: 200, body: threat };
  }

  #comment({ id, body, nowMs }: ApiCall): ApiReply {
    if (!this.#threats.has(id)) return NOT_FOUND;
    const errors = fieldErrors(body, { comment: isText }, ['comment']);
    if (hasErrors(errors)) return { status: 400, body: errors };
    this.comments.push({ atMs: nowMs, threatId: id, comment: String(body['comment']) });
    return { status: 200, body: { status: 'comment added' } };
  }

  /** 200 without a body where there is no note. Source: XSOAR `update_threat_description`. */
  #note({ id }: ApiCall): ApiReply {
    const threat = this.#threats.get(id);
    if (threat === undefined) return NOT_FOUND;
    return threat.note === null ? { status: 200 } : { status: 200, body: threat.note };
  }

  /** A threat has one note; that a second is refused, and how, is our choice. */
  #addNote({ id, body, nowMs }: ApiCall): ApiReply {
    const threat = this.#threats.get(id);
    if (threat === undefined) return NOT_FOUND;
    const errors = fieldErrors(body, NOTE, Object.keys(NOTE));
    if (hasErrors(errors)) return { status: 400, body: errors };
    if (threat.note !== null) return { status: 400, body: { detail: 'This threat already has a note.' } };
    const [title, content, now] = [String(body['title']), String(body['content']), isoMicros(nowMs)];
    return this.#keepNote(threat, { title, content, creation_date: now, last_update: now }, 201);
  }

  #changeNote({ id, body, nowMs }: ApiCall): ApiReply {
    const threat = this.#threats.get(id);
    if (threat === undefined || threat.note === null) return NOT_FOUND;
    const errors = fieldErrors(body, NOTE);
    if (hasErrors(errors)) return { status: 400, body: errors };
    const { title = threat.note.title, content = threat.note.content } = body;
    const changed = { title: String(title), content: String(content), last_update: isoMicros(nowMs) };
    return this.#keepNote(threat, { ...threat.note, ...changed }, 200);
  }

  #keepNote(threat: HarfangLabThreat, note: ThreatNote, status: number): ApiReply {
    this.#threats.set(String(threat.id), { ...threat, note, last_update: note.last_update });
    return { status, body: note };
  }
}
