/**
 * CrowdStrike's clouds: how they are spelt and which hosts they have. Pure.
 * Never falls back to a default: an unknown region is a fault in the config.
 * Sources: gofalcon falcon/cloud.go, falconpy _enum/_ingest_base_url.py, read 2026-11.
 */

export const FALCON_REGIONS = ['us-1', 'us-2', 'us-3', 'eu-1', 'us-gov-1', 'us-gov-2'] as const;
export type FalconRegion = (typeof FALCON_REGIONS)[number];

export interface FalconHosts {
  /** The OAuth API. */
  readonly api: string;
  /** Next-Gen SIEM HEC: each connector has a name below this host. Absent: none is published. */
  readonly ingest?: string;
}

/** us-3's ingest host follows the pattern of us-1, us-2 and eu-1; no source names it. */
export const FALCON_HOSTS: Readonly<Record<FalconRegion, FalconHosts>> = {
  'us-1': { api: 'api.crowdstrike.com', ingest: 'ingest.us-1.crowdstrike.com' },
  'us-2': { api: 'api.us-2.crowdstrike.com', ingest: 'ingest.us-2.crowdstrike.com' },
  'us-3': { api: 'api.us-3.crowdstrike.com', ingest: 'ingest.us-3.crowdstrike.com' },
  'eu-1': { api: 'api.eu-1.crowdstrike.com', ingest: 'ingest.eu-1.crowdstrike.com' },
  'us-gov-1': { api: 'api.laggar.gcw.crowdstrike.com', ingest: 'ingest.laggar.gcw.crowdstrike.com' },
  'us-gov-2': { api: 'api.us-gov-2.crowdstrike.mil' },
};

/** The region behind a spelling such as `EU1`, `eu-1` or `us_gov_1`; undefined when there is none. */
export function normaliseRegion(text: string): FalconRegion | undefined {
  const bare = text.toLowerCase().replaceAll(/[\s_-]/g, '');
  return FALCON_REGIONS.find((region) => region.replaceAll('-', '') === bare);
}

/** Whether a host is the API or an ingest host of one of the regions. */
export function isFalconHost(hostname: string, regions: readonly FalconRegion[] = FALCON_REGIONS): boolean {
  return regions.some((region) => {
    const { api, ingest } = FALCON_HOSTS[region];
    return hostname === api || (ingest !== undefined && hostname.endsWith(`.${ingest}`));
  });
}

/** The region whose ingest host this is. */
export function regionOfIngestHost(hostname: string): FalconRegion | undefined {
  return FALCON_REGIONS.find((region) => {
    const { ingest } = FALCON_HOSTS[region];
    return ingest !== undefined && hostname.endsWith(`.${ingest}`);
  });
}
