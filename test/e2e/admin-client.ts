/** An operator's requests to the admin API, as a script would make them. */

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The answer as it came. */
  readonly text: string;
  readonly body: unknown;
}

export class AdminClient {
  readonly #url: string;
  readonly #token: string;
  readonly #fetch: typeof fetch;

  constructor(url: string, token: string, ask: typeof fetch = fetch) {
    this.#url = url;
    this.#token = token;
    this.#fetch = ask;
  }

  async get(path: string): Promise<AdminAnswer> {
    return this.#request('GET', path);
  }

  async post(path: string, body?: unknown): Promise<AdminAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.#request('POST', path, text, { 'content-type': 'application/json' });
  }

  /** Saves a tenant's config: text as YAML, anything else as JSON. */
  async put(
    id: string,
    document: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<AdminAnswer> {
    const isText = typeof document === 'string';
    const contentType = isText ? 'application/yaml' : 'application/json';
    return this.#request('PUT', `/api/v1/tenants/${id}`, isText ? document : JSON.stringify(document), {
      'content-type': contentType,
      ...headers,
    });
  }

  async delete(path: string): Promise<AdminAnswer> {
    return this.#request('DELETE', path);
  }

  async #request(
    method: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<AdminAnswer> {
    const response = await this.#fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      body: JSON.parse(text) as unknown,
    };
  }
}
