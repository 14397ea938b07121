/**
 * What a saved config, a pause or a resume makes of a running relay: the next version of the config, the lanes' rows, the rules and the
 * entry of the audit in one transaction, then all of it taken over in memory.
 */

import type { ConfigureRequest, LaneStart, PauseRequest, ResumeRequest } from '../domain/rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { logEvent } from '../lib/log.ts';
import { forgetAnnouncement } from './announcements.ts';
import type { Audit } from './audit.ts';
import type { ConfigStore } from './config-store.ts';
import type { Intake } from './intake.ts';
import type { RelayIo } from './io.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneState } from './lane-state.ts';
import type { LaneStore } from './lane-store.ts';
import type { EventLog } from './log.ts';
import type { PseudonymStore } from './pseudonym-store.ts';
import { isResumeFelt, resumed, writeResumed } from './resume.ts';
import type { TenantRules } from './tenant-rules.ts';

export interface ReconfigurationParts {
  readonly db: Database;
  readonly io: RelayIo;
  readonly configs: ConfigStore;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
  readonly audit: Audit;
  readonly intake: Intake;
  readonly rules: TenantRules;
  readonly pseudonyms: PseudonymStore;
  readonly config: () => SealedTenantConfig;
  /** Does what is due by the config as it is: another one may know nothing of it. Never throws. */
  readonly beforeChange: () => void;
}

export class Reconfiguration {
  readonly #parts: ReconfigurationParts;

  constructor(parts: ReconfigurationParts) {
    this.#parts = parts;
  }

  /** Saves the next version of the config, what it makes of the lanes, and who saved it: all or nothing. */
  configure({ config, addedFrom, ...by }: ConfigureRequest): void {
    const { db, io } = this.#parts;
    const { pseudonyms } = this.#parts;
    this.#parts.beforeChange();
    const isMapOver = pseudonyms.hasRows && config.privacy.sealed_map !== true;
    const rules = this.#parts.rules.prepare(config);
    const written = db.transaction(() => {
      const saved = this.#writeConfig(config, addedFrom);
      if (isMapOver) pseudonyms.clear();
      this.#parts.rules.write(rules, { version: saved.version, actor: by.actor, nowMs: io.nowMs() });
      this.#parts.audit.noteSaved(by, saved.version, io.nowMs());
      return saved;
    });
    this.#takeOver(config, written.states);
    if (isMapOver) pseudonyms.forget();
    this.#parts.rules.takeOver(rules);
  }

  /** Stops a destination: its lanes keep their place. False when there is none of that name. */
  pause({ destination, actor }: PauseRequest): boolean {
    const { db, io } = this.#parts;
    const config = withEnabled(this.#parts.config(), destination, false);
    if (!config || config === this.#parts.config()) return config !== undefined;
    this.#parts.beforeChange();
    const states = db.transaction(() => {
      const saved = this.#writeConfig(config);
      const detail = { destination, version: saved.version };
      this.#parts.audit.append('destination.paused', actor, detail, io.nowMs());
      return saved.states;
    });
    this.#takeOver(config, states);
    return true;
  }

  /**
   * Lets a destination go on, and ends the pauses of its lanes; from `now`, gives up what they had waiting.
   * Returns how many events that were; undefined when there is none of that name.
   */
  resume({ destination, from, actor }: ResumeRequest): number | undefined {
    const { db, io } = this.#parts;
    const config = withEnabled(this.#parts.config(), destination, true);
    if (!config) return undefined;
    const parts = { log: this.#parts.log, lanes: this.#parts.lanes, store: this.#parts.laneStore };
    const lanes = resumed(parts, destination, from, io.nowMs());
    const discarded = lanes.reduce((sum, { count }) => sum + count, 0);
    const states = db.transaction(() => {
      const saved = config === this.#parts.config() ? undefined : this.#writeConfig(config);
      writeResumed(parts, lanes, from);
      if (discarded > 0) forgetAnnouncement(db);
      const detail = { destination, from, discarded, ...(saved && { version: saved.version }) };
      if (saved || lanes.some(isResumeFelt))
        this.#parts.audit.append('destination.resumed', actor, detail, io.nowMs());
      return saved?.states;
    });
    const resumedStates = lanes.map(({ lane, state }) => [lane.name, state] as const);
    if (states) this.#takeOver(config, new Map([...states, ...resumedStates]));
    else for (const { lane, state } of lanes) lane.reconfigure(state);
    for (const { lane, count } of lanes.filter((given) => given.count > 0))
      logEvent('warn', 'events.discarded', { tenant: this.#parts.config().id, lane: lane.name, count });
    return discarded;
  }

  /** Writes the next version of the config and what it makes of the lanes. Call inside a transaction, and `#takeOver` once that holds. */
  #writeConfig(config: SealedTenantConfig, addedFrom: LaneStart = 'now') {
    const { io, configs } = this.#parts;
    const { head, oldestSeq } = this.#parts.log;
    const starts = { head, cursor: addedFrom === 'now' ? head : oldestSeq - 1 };
    const version = configs.write(config, io.nowMs());
    return { version, states: this.#parts.lanes.write(config, starts, io.nowMs()) };
  }

  #takeOver(config: SealedTenantConfig, states: ReadonlyMap<string, LaneState>): void {
    this.#parts.configs.load();
    this.#parts.lanes.reconfigure(config, states);
    this.#parts.intake.reconfigure(config);
  }
}

/** The config with a destination stopped or going on; the same one when it is so already, undefined without one of that name. */
function withEnabled(
  config: SealedTenantConfig,
  name: string,
  enabled: boolean,
): SealedTenantConfig | undefined {
  const destination = config.destinations.find((known) => known.name === name);
  if (!destination || destination.enabled === enabled) return destination && config;
  const destinations = config.destinations.map((known) =>
    known === destination ? { ...known, enabled } : known,
  );
  return { ...config, destinations };
}
