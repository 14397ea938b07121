/** Display names of AI platforms by Noxys' platform id. Source: Noxys Events API, read 2026-11. Pure. */

const PLATFORM_NAMES: Readonly<Record<string, string>> = {
  chatgpt: 'ChatGPT',
  claude: 'Claude',
  gemini: 'Gemini',
  deepseek: 'DeepSeek',
  perplexity: 'Perplexity',
  mistral: 'Mistral',
  copilot: 'Copilot',
  poe: 'Poe',
  huggingchat: 'HuggingChat',
  grok: 'Grok',
};

/** The name that people know a platform by; the id itself where the table has none. */
export function platformName(id: string): string {
  return Object.hasOwn(PLATFORM_NAMES, id) ? (PLATFORM_NAMES[id] ?? id) : id;
}
