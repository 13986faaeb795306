import { Client } from 'pg';
import { CONNECTION_LIMITS } from '../database/connection-limits.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, warn, fail } = findingsOf('database');

const OTHERS = 3;
/** A pool with a single connection gives it to nobody else meanwhile. */
const HELD_MS = 2_000;

export type PoolerMode = 'none' | 'session' | 'transaction';

/**
 * What is between this machine and the server. A pooler gives a client another number than that of the server's process. In
 * transaction mode, a client whose last process is held by others is served by another one.
 */
export async function poolerMode(url: string): Promise<PoolerMode> {
  const clients = Array.from({ length: OTHERS + 1 }, () => newClient(url));
  const [client, ...others] = clients as [Client, ...Client[]];
  try {
    await client.connect();
    const first = await backend(client);
    if (first === announced(client)) return 'none';
    await Promise.all(others.map((other) => other.connect()));
    for (const other of others) {
      await other.query('BEGIN');
      await other.query('SELECT 1');
    }
    return (await backend(client)) === first ? 'session' : 'transaction';
  } catch (error) {
    if (error instanceof Error && error.message.includes('timeout')) return 'transaction';
    throw error;
  } finally {
    await Promise.all(clients.map((one) => one.end().catch(() => undefined)));
  }
}

/** Which of the settings that the control plane's processes ask for at the start of a connection is refused on the way; undefined: none. */
export async function refusedSetting(url: string): Promise<string | undefined> {
  const client = new Client({
    ...CONNECTION_LIMITS,
    connectionString: url,
    application_name: 'tenantry-doctor',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    const refused = error instanceof Error && /unsupported startup parameter: (\w+)/.exec(error.message);
    if (!refused) throw error;
    return refused[1];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether what is in between fits what the control plane is told to use. */
export function judgePooler(mode: PoolerMode, outboxNotify: 'on' | 'off', refused?: string): Finding {
  if (refused !== undefined)
    return fail(
      'pooler',
      `it refuses ${refused}, so no process of the control plane can connect`,
      `add ${refused} to ignore_startup_parameters of pgbouncer, and set it for the login (ALTER ROLE … SET ${refused} = …), or let DATABASE_URL lead to the server itself`,
    );
  switch (mode) {
    case 'none':
      return ok('pooler', 'none: connections are the server’s own');
    case 'session':
      return ok('pooler', 'one in session mode');
    case 'transaction':
      return outboxNotify === 'off'
        ? ok('pooler', 'one in transaction mode; OUTBOX_NOTIFY is off')
        : warn(
            'pooler',
            'one in transaction mode, through which nobody can be notified',
            'set OUTBOX_NOTIFY=off, or let DATABASE_URL lead to the server itself; main.migrate needs the latter anyhow',
          );
  }
}

function newClient(connectionString: string): Client {
  const client = new Client({
    connectionTimeoutMillis: CONNECTION_LIMITS.connectionTimeoutMillis,
    connectionString,
    application_name: 'tenantry-doctor',
    query_timeout: HELD_MS,
  });
  client.on('error', () => undefined);
  return client;
}

/** The number that the connection was given at its start, which the types of `pg` leave out. */
function announced(client: Client): unknown {
  return 'processID' in client ? client.processID : undefined;
}

async function backend(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
