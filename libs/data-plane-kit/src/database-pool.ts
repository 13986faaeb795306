import { Pool } from 'pg';
import { TimedClient } from './timed-client.js';

export interface DatabasePoolOptions {
  readonly url: string;
  /** Connections, at most. */
  readonly max: number;
  /** What the server shows of it. */
  readonly applicationName: string;
  /** How long this side waits for one statement, in milliseconds; its connection is then closed. */
  readonly queryTimeoutMs: number;
  /**
   * Has the server find out by itself, within half a minute, that this process is gone without a word, and let go of its
   * locks. Needs a direct connection, since a pooler refuses the startup parameter. Default: false.
   */
  readonly holdsLocks?: boolean;
  /** Called when an idle connection is lost; the pool goes on with others. */
  readonly onLost: (error: Error) => void;
}

/** How long to wait for a connection, a new one or one in use, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5000;
const KEEPALIVE_AFTER_MS = 10_000;
/** The last for what is sent and never acknowledged, which no keepalive watches. */
const SERVER_KEEPALIVES =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25000';

/** A pool in which nothing waits for ever: a database, or a path to it, that has gone silent is an error within bounds. */
export function databasePool({
  url,
  max,
  applicationName,
  queryTimeoutMs,
  holdsLocks = false,
  onLost,
}: DatabasePoolOptions): Pool {
  const pool = new Pool({
    connectionString: holdsLocks ? withServerKeepalives(url) : url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    Client: TimedClient,
  });
  pool.on('error', onLost);
  return pool;
}

/** In the URL, whose options would win over those beside it. */
function withServerKeepalives(url: string): string {
  const kept = new URL(url);
  const given = kept.searchParams.get('options');
  kept.searchParams.set('options', given ? `${given} ${SERVER_KEEPALIVES}` : SERVER_KEEPALIVES);
  return kept.href;
}
