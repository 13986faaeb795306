import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 50;

/** A client of one of the two REST APIs. */
export class Api {
  constructor(baseUrl, key, headers = {}) {
    this.baseUrl = baseUrl;
    this.key = key;
    this.headers = headers;
  }

  /** The same client for a tenant of the data plane. */
  forTenant(tenantId) {
    return new Api(this.baseUrl, this.key, { ...this.headers, 'Tenantry-Tenant': tenantId });
  }

  /** Sends a request and answers whatever came back. */
  async send(method, path, body) {
    const answer = await fetch(new URL(path, this.baseUrl), {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Sends a request that has to succeed. @throws Error with the problem's own words. */
  async call(method, path, body) {
    const { status, body: answer } = await this.send(method, path, body);
    if (status >= 400)
      throw new Error(`${method} ${path} answered ${status}: ${answer?.detail ?? 'no details'}`);
    return answer;
  }
}

/** Asks until `probe` answers something, telling each new `label`. @throws Error after the given time. */
export async function until(what, probe, timeoutMs = 60_000) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain for: ${what}`);
    await pause(POLL_MS);
  }
}
