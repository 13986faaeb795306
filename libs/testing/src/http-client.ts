/** What a server answered. */
export interface HttpAnswer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON of any kind, the text otherwise; undefined when empty. */
  readonly body: Body;
}

export interface HttpRequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, whatever it is; for malformed input. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A thin client for tests: it follows no redirect, retries nothing and answers every status alike. */
export class HttpClient {
  constructor(
    readonly baseUrl: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** The same client with further headers; an empty value takes one away. */
  with(headers: Readonly<Record<string, string>>): HttpClient {
    const merged = Object.entries({ ...this.headers, ...headers }).filter(([, value]) => value !== '');
    return new HttpClient(this.baseUrl, Object.fromEntries(merged));
  }

  /** The same client with another API key; none when left out. */
  withKey(apiKey?: string): HttpClient {
    return this.with({ authorization: apiKey === undefined ? '' : `Bearer ${apiKey}` });
  }

  get<Body = unknown>(path: string, options?: HttpRequestOptions): Promise<HttpAnswer<Body>> {
    return this.request('GET', path, options);
  }

  post<Body = unknown>(
    path: string,
    body?: unknown,
    options?: HttpRequestOptions,
  ): Promise<HttpAnswer<Body>> {
    return this.request('POST', path, { body, ...options });
  }

  patch<Body = unknown>(
    path: string,
    body?: unknown,
    options?: HttpRequestOptions,
  ): Promise<HttpAnswer<Body>> {
    return this.request('PATCH', path, { body, ...options });
  }

  delete<Body = unknown>(path: string, options?: HttpRequestOptions): Promise<HttpAnswer<Body>> {
    return this.request('DELETE', path, options);
  }

  /** @throws TypeError when nobody answers. */
  async request<Body = unknown>(
    method: string,
    path: string,
    options: HttpRequestOptions = {},
  ): Promise<HttpAnswer<Body>> {
    const { body, rawBody, headers } = options;
    const answer = await fetch(new URL(path, this.baseUrl), {
      method,
      redirect: 'manual',
      headers: {
        // A kept connection would fail the first request after the server was killed and started again.
        connection: 'close',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
      body: rawBody ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await answer.text();
    const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
    const parsed: unknown = text === '' ? undefined : isJson ? JSON.parse(text) : text;
    return { status: answer.status, headers: answer.headers, body: parsed as Body };
  }
}
