/**
 * What every pool of this process is bounded by, in milliseconds. A path that has gone silent sends no error: without a limit on this
 * side, a query on it would wait for as long as the operating system does, and the loop that awaits it with it.
 */
export const CONNECTION_LIMITS = {
  connectionTimeoutMillis: 5000,
  /** What the server ends by itself: a statement, its wait for locks included, and a transaction in which nobody says anything. */
  statement_timeout: 30_000,
  idle_in_transaction_session_timeout: 30_000,
  /** Above the server's own statement timeout, so that it only ends what the server can't. */
  query_timeout: 35_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;
