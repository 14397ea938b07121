/** What the relay's admin API answers, as docs/openapi describes it. Types only. */

import type { EventPage, EventView } from '../src/domain/event-view.ts';
import type { ConfigFault } from '../src/domain/fault.ts';
import type { Notice } from '../src/domain/notice.ts';
import type { Role } from '../src/domain/principal.ts';
import type { TokenView } from '../src/domain/registry.ts';
import type { AuditEntry } from '../src/domain/audit.ts';
import type { Explained, Explanation } from '../src/domain/explanation.ts';
import type { DeadLetterView, LaneView } from '../src/domain/lane-view.ts';
import type { LaneTest } from '../src/domain/destination-requests.ts';
import type {
  BacktestReport,
  DetectionPage,
  DetectionView,
  ExplainedDetection,
  ResponseOutcome,
  RuleChange,
  RuleDetail,
  RuleTest,
  RuleView,
  WindowView,
} from '../src/domain/rule-views.ts';
import type { ErasureView, ExportItem, HoldView, RetentionLine } from '../src/domain/rights.ts';
import type { Residency } from '../src/domain/tenant-config.ts';

export type {
  BacktestReport,
  ConfigFault,
  DeadLetterView,
  DetectionPage,
  DetectionView,
  ErasureView,
  EventPage,
  EventView,
  Explained,
  ExplainedDetection,
  Explanation,
  ExportItem,
  HoldView,
  LaneTest,
  LaneView,
  Notice,
  ResponseOutcome,
  RetentionLine,
  RuleChange,
  RuleDetail,
  RuleTest,
  RuleView,
  TokenView,
  WindowView,
};

/** Open windows, in the order of their keys. */
export interface WindowPage {
  readonly windows: readonly WindowView[];
  readonly nextAfter?: string;
}

/** Part of what is stored of a person. */
export interface ExportPage {
  readonly items: readonly ExportItem[];
  /** Absent: it is the last page. */
  readonly next?: string;
}

export interface Me {
  readonly id: string;
  readonly grants: readonly { readonly role: Role; readonly tenant: string | null }[];
  readonly expiresAt?: string;
}

export interface TenantListed {
  readonly id: string;
  readonly residency: Residency;
  /** Absent where the relay's list does not tell it. */
  readonly version?: number;
  readonly savedAt?: string;
}

export interface TenantPage {
  readonly tenants: readonly TenantListed[];
  readonly nextCursor?: string;
}

export interface SecretShown {
  readonly path: string;
  readonly fingerprint: string | null;
  readonly setAt: string | null;
}

export interface TenantShown {
  readonly id: string;
  readonly version: number;
  readonly savedAt: string;
  /** Every secret reads `<set>`. */
  readonly config: ShownConfig;
  readonly secrets?: readonly SecretShown[];
}

/** The parts of a config that the command line reads; the rest is passed on as it is. */
export interface ShownConfig {
  readonly id: string;
  readonly residency: Residency;
  readonly webhook: {
    readonly secrets: readonly string[];
    readonly scheme?: 'standard-webhooks' | 'timestamped-hmac' | 'hmac';
    readonly headers?: { readonly id?: string; readonly timestamp?: string; readonly signature?: string };
    readonly secret_encoding?: 'base64' | 'text' | 'whole' | 'hex';
    readonly tolerance_seconds?: number;
    readonly auth_token?: string;
  };
  readonly forward?: { readonly events?: readonly string[] };
  readonly destinations?: readonly {
    readonly name: string;
    readonly type: string;
    readonly enabled?: boolean;
    /** Of a webhook destination. */
    readonly secrets?: readonly string[];
  }[];
}

export interface TenantSaved {
  readonly id: string;
  readonly version: number;
  readonly changed?: boolean;
  readonly published: boolean;
  readonly warnings: readonly string[];
}

export interface TenantDeleted {
  readonly id: string;
  readonly undelivered: number;
  readonly deadLetters: number;
}

export interface PlanChange {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

export interface Plan {
  readonly change: 'create' | 'update' | 'none';
  readonly version: number | null;
  readonly changes: readonly PlanChange[];
  readonly warnings: readonly string[];
}

export interface SecretState extends SecretShown {
  readonly purpose: string;
  readonly opens: boolean;
  readonly isPrimaryKey: boolean;
}

export interface DestinationTested {
  readonly destination: string;
  readonly tests: readonly (LaneTest & { /** What to do. */ readonly hint?: string })[];
  /** A sentence, when every channel passed and the product has one. */
  readonly summary?: string;
}

export interface SealCounts {
  readonly total: number;
  readonly opens: number;
  readonly primary: number;
}

export interface TenantHealth {
  readonly tenant: string;
  readonly jurisdiction: 'eu' | null;
  readonly version: number;
  readonly publishedVersion: number;
  readonly configFaults: readonly ConfigFault[];
  readonly secrets: SealCounts;
  /** Names in the sealed map. */
  readonly sealedMap?: SealCounts;
  readonly lanes: readonly LaneView[];
  readonly lastWebhook?: { readonly at: string; readonly type: string; readonly accepted: boolean };
  readonly eventsAccepted: number;
  readonly deadLetters: number;
  readonly storageBytes: number;
  readonly noticeChannels: readonly unknown[];
  readonly time: string;
}

export interface QueueState {
  readonly backlog: number;
  readonly oldestAt?: string;
}

export interface DeploymentHealth {
  readonly time: string;
  readonly env: string;
  readonly residency: Residency;
  readonly keyIds: { readonly primary: string; readonly previous?: string };
  readonly access: boolean;
  readonly egressAllow: readonly string[];
  readonly queues: { readonly wakeups: QueueState | null; readonly overflow: QueueState | null };
  readonly versionId?: string;
}

export interface TokenCreated {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant: string | null;
  readonly expiresAt: string;
}

/** Of a tenant, or of the deployment, which has actions of its own. */
export type Audited = Omit<AuditEntry, 'action'> & { readonly action: string };
