import { createServer, type Server } from 'node:http';

/**
 * What one client, or all of them together, can take of a process's HTTP server. Milliseconds and bytes; docs/operating.md
 * has them in its table of bounds.
 */
export const HTTP_BOUNDS = {
  /** From the first byte of a request until its headers are there. */
  headersTimeout: 15_000,
  /** From the first byte of a request until its body is there; how long the answer takes is the statements' to bound. */
  requestTimeout: 30_000,
  /**
   * How long a connection stays open without a request. Above the 60 s after which load balancers usually give theirs up: whoever gives
   * up last never sends a request into a connection that is just being closed.
   */
  keepAliveTimeout: 75_000,
  /** Of the request line and all headers together; 431 beyond. */
  maxHeaderSize: 16 * 1024,
  maxHeadersCount: 100,
  /** Open at once; further ones are closed at once. */
  maxConnections: 10_000,
} as const;

/** A server in which no client can hold anything for ever; it does not listen yet. */
export function boundedServer(): Server {
  const { headersTimeout, requestTimeout, keepAliveTimeout, maxHeaderSize, maxHeadersCount, maxConnections } =
    HTTP_BOUNDS;
  const server = createServer({ headersTimeout, requestTimeout, keepAliveTimeout, maxHeaderSize });
  server.maxHeadersCount = maxHeadersCount;
  server.maxConnections = maxConnections;
  return server;
}
