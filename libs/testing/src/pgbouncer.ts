import { constants } from 'node:fs';
import { access, chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import { startGuarded } from './guarded-process.js';
import { postgresAccount } from './postgres-account.js';
import { waitFor } from './wait-for.js';
import { withClient } from './with-client.js';

const START_TIMEOUT_MS = 10_000;
const LOG_LINES_IN_ERRORS = 15;
/** Where Debian puts it, which is not in everybody's path. */
const ALSO_IN = ['/usr/sbin', '/usr/local/sbin'];

export interface PgBouncerOptions {
  /** A superuser's URL of the server behind it, with whom the logins of its clients are looked up. */
  readonly serverUrl: string;
  /** Connections to the server, at most, for each database and login. Default: 20. */
  readonly poolSize?: number;
}

/** What one pool of it is doing, as `SHOW POOLS` has it. */
export interface BouncerPool {
  readonly database: string;
  readonly user: string;
  readonly cl_active: number;
  readonly cl_waiting: number;
  readonly sv_active: number;
  readonly sv_idle: number;
}

export interface PgBouncer {
  /** The URL that reaches the same database as the same login, through it. */
  through(url: string): string;
  /** Every pool that serves clients. */
  pools(): Promise<BouncerPool[]>;
  /** Its version, e.g. `PgBouncer 1.18.0`. */
  readonly version: string;
  stop(): Promise<void>;
}

/** Where the program is; undefined where there is none. */
export async function findPgBouncer(): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...ALSO_IN];
  for (const folder of folders) {
    const program = path.join(folder, 'pgbouncer');
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  return undefined;
}

/**
 * Starts a pgbouncer in transaction mode on loopback, for every database of a server. Clients log in with the passwords that they have
 * at the server, which are looked up there.
 *
 * @throws Error when there is none on this machine (Debian's package is `pgbouncer`), or with its last messages when it does not come up.
 */
export async function startPgBouncer({ serverUrl, poolSize = 20 }: PgBouncerOptions): Promise<PgBouncer> {
  const program = await findPgBouncer();
  if (program === undefined)
    throw new Error('There is no pgbouncer here; on Debian, apt-get install pgbouncer.');
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-pgbouncer-'));
  const account = await postgresAccount([program, folder]);
  const port = await freePort();
  const server = new URL(serverUrl);
  const admin = { user: decodeURIComponent(server.username), password: decodeURIComponent(server.password) };
  const users = path.join(folder, 'users.txt');
  const settings = path.join(folder, 'pgbouncer.ini');
  await writeFile(users, `"${quoted(admin.user)}" "${quoted(admin.password)}"\n`, { mode: 0o600 });
  await writeFile(settings, settingsFor({ server, port, poolSize, users, admin: admin.user }), {
    mode: 0o600,
  });
  if (account.owner)
    for (const place of [folder, users, settings]) await chown(place, account.owner.uid, account.owner.gid);
  await chmod(folder, 0o700);

  const lastLines: string[] = [];
  const bouncer = await startGuarded({
    ...account.launch(program, ['-q', settings]),
    stopSignal: 'SIGINT',
    cwd: '/',
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > LOG_LINES_IN_ERRORS) lastLines.shift();
    },
  });
  const stop = async (): Promise<void> => {
    await bouncer.stop(5000);
    await rm(folder, { recursive: true, force: true });
  };
  const through = (url: string): string => {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${port}`;
    return changed.href;
  };
  const console = new URL(through(serverUrl));
  console.pathname = '/pgbouncer';
  try {
    const [row] = await waitFor(
      'pgbouncer to answer',
      () => ask<{ version: string }>(console.href, 'SHOW VERSION'),
      START_TIMEOUT_MS,
    );
    return { through, version: String(row?.version), pools: () => poolsOf(console.href), stop };
  } catch (error) {
    await stop();
    throw new Error(`pgbouncer did not start:\n${lastLines.join('\n')}`, { cause: error });
  }
}

async function poolsOf(url: string): Promise<BouncerPool[]> {
  const pools = await ask<BouncerPool>(url, 'SHOW POOLS');
  return pools.filter(({ database }) => database !== 'pgbouncer');
}

/** Its own commands take the simple protocol only. */
async function ask<R extends object>(url: string, command: string): Promise<R[]> {
  return withClient(url, async (client) => (await client.query<R>(command)).rows);
}

interface Settings {
  readonly server: URL;
  readonly port: number;
  readonly poolSize: number;
  readonly users: string;
  readonly admin: string;
}

function settingsFor({ server, port, poolSize, users, admin }: Settings): string {
  return `[databases]
* = host=${server.hostname} port=${server.port || 5432}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
pool_mode = transaction
max_client_conn = 2000
default_pool_size = ${poolSize}
auth_type = scram-sha-256
auth_file = ${users}
auth_user = ${admin}
auth_query = SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1
admin_users = ${admin}
ignore_startup_parameters = extra_float_digits
server_reset_query =
query_wait_timeout = 30
`;
}

function quoted(text: string): string {
  return text.replaceAll('"', '""');
}
