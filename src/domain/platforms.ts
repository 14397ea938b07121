/**
 * The AI platforms that Noxys knows by an id: the name that people know, and the domains that a browser reaches.
 * Sources: Noxys Events API for the ids, the vendors' own sites for the domains, read 2026-11. Pure.
 * Noxys' list of ids is open: a platform that this table lacks gets its domains from the tenant's config.
 */

import { isWithin, normaliseDomain } from './domain-name.ts';

interface Platform {
  readonly name: string;
  /** What a browser that uses the service looks up: a domain indicator is about that very name, not about those below it. */
  readonly domains: readonly string[];
  /** What else is at its first domain, in words. */
  readonly other?: string;
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  chatgpt: { name: 'ChatGPT', domains: ['chatgpt.com', 'chat.openai.com'] },
  claude: { name: 'Claude', domains: ['claude.ai'] },
  gemini: { name: 'Gemini', domains: ['gemini.google.com'] },
  copilot: { name: 'Copilot', domains: ['copilot.microsoft.com'] },
  perplexity: { name: 'Perplexity', domains: ['perplexity.ai', 'www.perplexity.ai'] },
  deepseek: { name: 'DeepSeek', domains: ['chat.deepseek.com', 'deepseek.com', 'www.deepseek.com'] },
  grok: { name: 'Grok', domains: ['grok.com'] },
  mistral: { name: 'Mistral', domains: ['chat.mistral.ai'] },
  poe: { name: 'Poe', domains: ['poe.com'] },
  // The chat is a page of the model hub: it has no name of its own that could tell the two apart.
  huggingchat: { name: 'HuggingChat', domains: ['huggingface.co'], other: 'the model hub' },
};

/** Approved where a tenant says nothing else. Source: the first rule of the HarfangLab guide. */
export const APPROVED_PLATFORMS: readonly string[] = ['chatgpt', 'claude', 'gemini'];

/** Risky where a tenant says nothing else. Source: the first rule of the Falcon guide. */
export const RISKY_PLATFORMS: readonly string[] = ['perplexity', 'deepseek', 'grok'];

/** The name that people know a platform by; the id itself where the table has none. */
export function platformName(id: string): string {
  return platformOf(id)?.name ?? id;
}

/** A tenant's own domains, by platform id. */
type Configured = Readonly<Record<string, readonly string[]>>;

/** The domains of a platform; `configured` ones of the tenant come instead. Empty: none is known. */
export function platformDomains(id: string, configured: Configured): readonly string[] {
  return configuredDomains(id, configured) ?? platformOf(id)?.domains ?? [];
}

/** The domain of a platform that something else has, too; undefined: there is none, or the tenant has configured others. */
export function sharedDomain(
  id: string,
  configured: Configured,
): { readonly domain: string; readonly other: string } | undefined {
  const { domains: [domain] = [], other } = platformOf(id) ?? {};
  if (domain === undefined || other === undefined) return undefined;
  return platformDomains(id, configured).includes(domain) ? { domain, other } : undefined;
}

/** The ids of the relay's own table. */
export const KNOWN_PLATFORMS: readonly string[] = Object.keys(PLATFORMS);

/**
 * The approved platform that a domain is about: it is one of its domains, lies below one, or above one. Undefined: none.
 * An approved platform keeps the domains of the relay's own table, whatever the tenant has configured beside them; one may also be
 * approved by a domain.
 */
export function approvedPlatformOf(
  domain: string,
  { approved, domains }: { readonly approved: readonly string[]; readonly domains: Configured },
): string | undefined {
  return approved.find((id) => {
    const all = [...(platformOf(id)?.domains ?? []), ...(configuredDomains(id, domains) ?? []), id];
    return all.some((text) => {
      const own = normaliseDomain(text);
      return own !== undefined && (isWithin(domain, own) || isWithin(own, domain));
    });
  });
}

function configuredDomains(id: string, configured: Configured): readonly string[] | undefined {
  return Object.hasOwn(configured, id) ? configured[id] : undefined;
}

function platformOf(id: string): Platform | undefined {
  return Object.hasOwn(PLATFORMS, id) ? PLATFORMS[id] : undefined;
}
