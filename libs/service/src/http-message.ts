import type { IncomingMessage, ServerResponse } from 'node:http';

/** What we use of Express's request. */
export interface HttpRequest extends IncomingMessage {
  body?: unknown;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  readonly originalUrl: string;
  readonly path: string;
  /** Set once a route has matched. */
  readonly route?: { readonly path: string };
}

/** What we use of Express's response. */
export type HttpResponse = ServerResponse;

export type NextFunction = (error?: unknown) => void;

/** The path as it was sent, without the query string. */
export function requestPath(request: HttpRequest): string {
  return request.originalUrl.split('?', 1)[0] ?? '/';
}
