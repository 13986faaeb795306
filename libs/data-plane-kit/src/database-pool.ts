import { type Client, type ClientConfig, Pool } from 'pg';
import { type Secret, secretOf } from './credentials/secret.js';
import { TimedClient } from './timed-client.js';

export interface ClientOptions {
  readonly url: string;
  /** What the server shows of it. */
  readonly applicationName: string;
  /** How long this side waits for one statement, in milliseconds; its connection is then closed. */
  readonly queryTimeoutMs: number;
  /**
   * Has the server find out by itself, within half a minute, that this process is gone without a word, and let go of its
   * locks. Needs a direct connection, since a pooler refuses the startup parameter. Default: false.
   */
  readonly holdsLocks?: boolean | undefined;
}

export interface DatabasePoolOptions extends Omit<ClientOptions, 'url'> {
  /** Read for each connection anew when it is a secret, so that it can be rotated. */
  readonly url: string | Secret;
  /** Connections, at most. */
  readonly max: number;
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
  holdsLocks,
  onLost,
}: DatabasePoolOptions): Pool {
  const secret = typeof url === 'string' ? secretOf(url) : url;
  const config = (): ClientConfig =>
    clientConfig({ url: secret.read(), applicationName, queryTimeoutMs, holdsLocks });
  const pool = new Pool({
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    max,
    Client: class extends TimedClient {
      constructor() {
        super(config());
      }
    },
  });
  pool.on('error', onLost);
  return pool;
}

/** One such connection beside all pools; not connected yet. */
export function databaseClient(options: ClientOptions): Client {
  return new TimedClient(clientConfig(options));
}

/** One such connection beside all pools, connected. */
export async function openClient(options: ClientOptions): Promise<Client> {
  const client = databaseClient(options);
  // Unheard until somebody owns it, the loss of the connection would end the process.
  const onError = (): void => undefined;
  client.on('error', onError);
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  client.off('error', onError);
  return client;
}

function clientConfig({
  url,
  applicationName,
  queryTimeoutMs,
  holdsLocks = false,
}: ClientOptions): ClientConfig {
  return {
    connectionString: holdsLocks ? withServerKeepalives(url) : url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
  };
}

/** In the URL, whose options would win over those beside it. */
function withServerKeepalives(url: string): string {
  const kept = new URL(url);
  const given = kept.searchParams.get('options');
  kept.searchParams.set('options', given ? `${given} ${SERVER_KEEPALIVES}` : SERVER_KEEPALIVES);
  return kept.href;
}
