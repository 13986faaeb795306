import {
  databaseUrl,
  freePort,
  startPostgres,
  withClient,
  type PostgresServer,
} from '@tenantry/testing/servers';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const PASSWORD = 'drill-password';
/** The data is to outlive the server and not the machine. */
const SETTINGS = { fsync: 'off', max_connections: '200' };

/** The PostgreSQL that the control plane's database is on, and nothing else: it can be lost as a whole. It keeps its address. */
export interface ControlServer {
  /** A superuser's, of the server's maintenance database. */
  readonly adminUrl: string;
  readonly folder: string;
  readonly dataDir: string;
  /** Where the write-ahead log is archived. */
  readonly archive: string;
  /** Runs one of PostgreSQL's own programs. */
  tool(name: string, args: readonly string[]): Promise<void>;
  /** Starts it with these settings besides its own. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** A further server over another data directory, on a port of its own. */
  startBeside(dataDir: string): Promise<PostgresServer>;
  /** In an orderly way, or as a power failure does. */
  stop(how?: 'orderly' | 'power failure'): Promise<void>;
  query<R extends object>(text: string, database?: string): Promise<R[]>;
  /** Gives a copy of a data directory the place of the server's own, which is put aside. */
  replaceData(copy: string): Promise<void>;
}

/** Makes and starts the server. @param tools the folder of PostgreSQL's programs, of the same major version. */
export async function startControlServer(folder: string, tools: string): Promise<ControlServer> {
  const dataDir = path.join(folder, 'data');
  const archive = path.join(folder, 'archive');
  await mkdir(archive);
  // The server may run as another user.
  await chmod(archive, 0o777);
  const port = await freePort();
  const launch = (directory: string, at: number, settings: Readonly<Record<string, string>>) =>
    startPostgres({
      dataDir: directory,
      password: PASSWORD,
      port: at,
      settings: {
        ...SETTINGS,
        archive_mode: 'on',
        archive_command: `cp %p ${archive}/%f`,
        ...settings,
      },
    });
  let running: PostgresServer | undefined;
  const adminUrl = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const server: ControlServer = {
    adminUrl,
    folder,
    dataDir,
    archive,
    tool: async (name, args) => {
      await exec(path.join(tools, name), [...args], { maxBuffer: 64 * 1024 * 1024 });
    },
    start: async (settings = {}) => {
      running = await launch(dataDir, port, settings);
    },
    startBeside: async (directory) => launch(directory, await freePort(), { archive_mode: 'off' }),
    stop: async (how = 'orderly') => {
      const stopping = running;
      running = undefined;
      if (how === 'orderly') return stopping?.stop();
      stopping?.process.signal('SIGQUIT');
      await stopping?.process.ended;
    },
    query: (text, database = 'postgres') => queryAt(databaseUrl(adminUrl, database), text),
    replaceData: async (copy) => {
      await rename(dataDir, `${dataDir}.lost`);
      await copyData(copy, dataDir, `${dataDir}.lost`);
      await rm(`${dataDir}.lost`, { recursive: true });
    },
  };
  await server.start();
  return server;
}

/** Copies a data directory, or the folder of a base backup, so that the owner of `like` may start it. */
export async function copyData(from: string, to: string, like: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true });
  await rm(path.join(to, 'postmaster.pid'), { force: true });
  await chmod(to, 0o700);
  await ownLike(to, like);
}

/** Puts an empty file into a data directory: such files tell the server how to start. */
export async function putSignal(dataDir: string, name: string): Promise<void> {
  await writeFile(path.join(dataDir, name), '');
  await ownLike(dataDir, dataDir);
}

async function ownLike(target: string, like: string): Promise<void> {
  const { uid, gid } = await stat(like);
  if (process.getuid?.() === 0) await exec('chown', ['-R', `${uid}:${gid}`, target]);
}

export function queryAt<R extends object>(
  url: string,
  text: string,
  params: readonly unknown[] = [],
): Promise<R[]> {
  return withClient(url, async (client) => (await client.query<R>(text, [...params])).rows);
}
