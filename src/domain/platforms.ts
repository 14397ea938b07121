/**
 * The AI platforms that Noxys knows by an id: the name that people know, and the domains that a browser reaches.
 * Sources: Noxys Events API for the ids, the vendors' own sites for the domains, read 2026-11. Pure.
 */

interface Platform {
  readonly name: string;
  /** Of the service itself; never one that other services share. */
  readonly domains: readonly string[];
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  chatgpt: { name: 'ChatGPT', domains: ['chatgpt.com', 'chat.openai.com'] },
  claude: { name: 'Claude', domains: ['claude.ai'] },
  gemini: { name: 'Gemini', domains: ['gemini.google.com'] },
  copilot: { name: 'Copilot', domains: ['copilot.microsoft.com'] },
  perplexity: { name: 'Perplexity', domains: ['perplexity.ai', 'www.perplexity.ai'] },
  deepseek: { name: 'DeepSeek', domains: ['chat.deepseek.com', 'www.deepseek.com'] },
  grok: { name: 'Grok', domains: ['grok.com'] },
  mistral: { name: 'Mistral', domains: ['chat.mistral.ai'] },
  poe: { name: 'Poe', domains: ['poe.com'] },
  huggingchat: { name: 'HuggingChat', domains: ['huggingface.co'] },
};

/** Approved where a tenant says nothing else. Source: the first rule of the HarfangLab guide. */
export const APPROVED_PLATFORMS: readonly string[] = ['chatgpt', 'claude', 'gemini'];

/** The name that people know a platform by; the id itself where the table has none. */
export function platformName(id: string): string {
  return platformOf(id)?.name ?? id;
}

/** The domains of a platform; `configured` ones of the tenant come instead. Empty: none is known. */
export function platformDomains(
  id: string,
  configured: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return (Object.hasOwn(configured, id) ? configured[id] : undefined) ?? platformOf(id)?.domains ?? [];
}

/** The ids of the relay's own table. */
export const KNOWN_PLATFORMS: readonly string[] = Object.keys(PLATFORMS);

function platformOf(id: string): Platform | undefined {
  return Object.hasOwn(PLATFORMS, id) ? PLATFORMS[id] : undefined;
}
