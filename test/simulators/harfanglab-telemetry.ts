/**
 * HarfangLab's authentication telemetry of Windows: who logged on to which agent. Read only.
 * Sources: XSOAR Hurukai.py `TelemetryWindowsAuthentication` (filters, members) and `get_frequent_users` (`windows.logon_type=2`).
 */

import { isoMicros, uuidFrom } from './harfanglab-answers.ts';
import { PERMISSIONS, type ApiCall, type ApiReply, type ApiRoute } from './harfanglab-api.ts';
import { list, type ListRules } from './harfanglab-list.ts';

/** 4624 with type 2: somebody at the keyboard. Source: Microsoft's event 4624. */
const INTERACTIVE = 2;

export interface NewLogon {
  readonly agentId: string;
  /** As Windows names the account. */
  readonly user: string;
  readonly atMs: number;
  /** Default: the agent's, when it is known. */
  readonly hostname?: string;
  /** Default 2, interactive; 3 network, 10 remote. */
  readonly logonType?: number;
  /** Default true. */
  readonly isSuccess?: boolean;
  /** Default `SYSTEM`. */
  readonly sourceUser?: string;
}

export interface TelemetryOptions {
  readonly logons?: readonly NewLogon[];
}

const LIST: ListRules = {
  filters: [
    'agent.agentid',
    'agent.hostname',
    'source_address',
    'source_username',
    'target_username',
    'success',
    'windows.logon_type',
    'windows.logon_title',
    '@event_create_date',
  ],
  orderings: ['@event_create_date', '@timestamp'],
  searched: ['agent.hostname', 'source_username', 'target_username'],
};

export class TelemetryEndpoint {
  readonly routes: readonly ApiRoute[];
  readonly #logons: NewLogon[];
  readonly #hostnameOf: (agentId: string) => string | undefined;

  constructor(options: TelemetryOptions, hostnameOf: (agentId: string) => string | undefined) {
    this.#logons = [...(options.logons ?? [])];
    this.#hostnameOf = hostnameOf;
    this.routes = [
      {
        method: 'GET',
        path: '/api/data/telemetry/authentication/AuthenticationWindows/',
        permission: PERMISSIONS.telemetryView,
        answer: (call) => this.#list(call),
      },
    ];
  }

  add(logon: NewLogon): void {
    this.#logons.push(logon);
  }

  #list(call: ApiCall): ApiReply {
    return list(
      this.#logons.map((logon, i) => this.#toRecord(logon, i)),
      call,
      LIST,
    );
  }

  #toRecord(logon: NewLogon, i: number): object {
    const { agentId, user, atMs, logonType = INTERACTIVE, isSuccess = true, sourceUser = 'SYSTEM' } = logon;
    return {
      id: uuidFrom(`logon ${i}`),
      '@timestamp': isoMicros(atMs),
      '@event_create_date': isoMicros(atMs),
      agent: { agentid: agentId, hostname: logon.hostname ?? this.#hostnameOf(agentId) ?? null },
      source_address: null,
      source_username: sourceUser,
      target_username: user,
      success: isSuccess,
      process_name: null,
      windows: {
        event_id: isSuccess ? 4624 : 4625,
        event_title: isSuccess ? 'An account was successfully logged on' : 'An account failed to log on',
        logon_process_name: 'User32',
        logon_title: logonType === INTERACTIVE ? 'Interactive' : `Logon type ${logonType}`,
        logon_type: logonType,
      },
      tenant: null,
    };
  }
}
