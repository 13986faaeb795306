import type { SqlExecutor } from '@tenantry/database';
import type { Logger } from '@tenantry/messaging';
import type { DatabaseScope } from './database-scope.js';
import { inParallel } from './in-parallel.js';
import { namedServerObjects } from './named-objects.js';
import type { OpenToAll } from './open-to-all.js';
import { scanDatabase } from './scan-database.js';
import { UnfitScanLogin } from './scan-login.js';
import type { ScanProgress } from './scan-progress.js';
import type { ClusterScan, DatabaseScan, Unscannable } from './scan-result.js';
import { type ScanTarget, type SessionLimits, withScanSession } from './scan-session.js';
import { marked } from './tenant-mark.js';

export interface ClusterScanOptions {
  readonly mark: string;
  /** Of the purge. */
  readonly generation: number;
  readonly scope: DatabaseScope;
  readonly tenantColumns: readonly string[];
  readonly limits: SessionLimits;
  /** How many databases of the server are looked at at once. */
  readonly databasesAtOnce: number;
  readonly progress: ScanProgress;
  readonly openToAll: OpenToAll;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

interface Database {
  readonly oid: string;
  readonly name: string;
  readonly named: boolean;
  /** A template that nobody can connect to, so that nobody can have written to it either. */
  readonly sealed: boolean;
  readonly may_connect: boolean;
}

/** A database that could not be looked at, by the time it was tried. */
interface Missed extends Unscannable {
  readonly oid: string;
}

/**
 * Looks at every database of a server that is in the scope, and at its roles. What cannot be looked at is listed, whatever
 * the reason: it never counts as clean.
 *
 * @throws WorkAbandoned alone, when the scan is to end.
 */
export async function scanCluster(target: ScanTarget, options: ClusterScanOptions): Promise<ClusterScan> {
  const { cluster } = target;
  try {
    return await withScanSession(target, options.limits, options.signal, (sql) => scan(sql, target, options));
  } catch (error) {
    options.signal.throwIfAborted();
    options.logger.warn({ err: error, cluster }, 'A cluster could not be scanned');
    const nothing = { databases: [], namedDatabases: [], roles: [], objects: [], notScanned: [] };
    return {
      cluster,
      scannedAt: new Date(),
      ...nothing,
      unscannable: [{ cluster, reason: reasonOf(error) }],
    };
  }
}

async function scan(sql: SqlExecutor, target: ScanTarget, options: ClusterScanOptions): Promise<ClusterScan> {
  const { mark, scope, progress, databasesAtOnce } = options;
  const [clock] = await sql.query<{ now: Date }>('SELECT now() AS now');
  const all = await databasesOf(sql, mark);
  const roles = await sql.query<{ name: string }>(
    `SELECT rolname::text AS name FROM pg_roles WHERE ${marked('rolname')} ORDER BY 1`,
    [mark],
  );
  const leftOut = (database: Database): string | undefined =>
    database.sealed
      ? 'a template that lets nobody in'
      : scope(database.name)
        ? undefined
        : 'outside of the scope';
  const wanted = all.filter((database) => leftOut(database) === undefined);
  progress.expect(wanted.length);
  const found: DatabaseScan[] = [];
  const missed: Missed[] = [];
  await inParallel(wanted, databasesAtOnce, async (database) => {
    const result = await scanOne(target, database, options);
    if ('oid' in result) missed.push(result);
    else found.push(result);
    progress.databaseDone();
    await progress.tick();
  });
  const { cluster } = target;
  return {
    cluster,
    scannedAt: clock!.now,
    databases: found,
    namedDatabases: all.filter(({ named }) => named).map(({ name }) => name),
    roles: roles.map(({ name }) => name),
    objects: await namedServerObjects(sql, mark),
    notScanned: all.flatMap((database) => {
      const reason = leftOut(database);
      return reason === undefined ? [] : [{ database: database.name, reason }];
    }),
    unscannable:
      wanted.length === 0
        ? [{ cluster, reason: 'none of its databases is in the scope' }]
        : await stillThere(sql, missed),
  };
}

function databasesOf(sql: SqlExecutor, mark: string): Promise<Database[]> {
  return sql.query<Database>(
    `SELECT oid::text AS oid, datname::text AS name, ${marked('datname')} AS named, datistemplate AND NOT datallowconn AS sealed,
       datallowconn AND has_database_privilege(oid, 'CONNECT') AS may_connect
     FROM pg_database ORDER BY datname`,
    [mark],
  );
}

async function scanOne(
  target: ScanTarget,
  { oid, name: database, may_connect: mayConnect }: Database,
  options: ClusterScanOptions,
): Promise<DatabaseScan | Missed> {
  const { cluster } = target;
  const { mark, generation, tenantColumns, limits, progress, openToAll, signal, logger } = options;
  const missed = (reason: string): Missed => ({ oid, cluster, database, reason });
  if (!mayConnect)
    return missed('the scan may not connect to it: grant CONNECT, or leave it out of the scope');
  try {
    return await withScanSession(databaseOf(target, database), limits, signal, async (sql) => {
      const here = await sql.query(
        'SELECT FROM pg_database WHERE datname = current_database() AND oid = $1',
        [oid],
      );
      if (here.length === 0) throw new Error('another database has taken its name');
      await openToAll.look(sql, cluster, database);
      const { writersTimeoutMs } = limits;
      const onStep = (): Promise<void> => progress.tick();
      return scanDatabase(sql, {
        database,
        mark,
        generation,
        tenantColumns,
        writersTimeoutMs,
        signal,
        onStep,
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ err: error, cluster, database }, 'A database could not be scanned');
    return missed(reasonOf(error));
  }
}

function databaseOf({ cluster, url }: ScanTarget, database: string): ScanTarget {
  const target = new URL(url);
  target.pathname = `/${encodeURIComponent(database)}`;
  return { cluster, url: target.href };
}

/** Those that were dropped before their turn came hold nothing; the others nobody knows about. */
async function stillThere(sql: SqlExecutor, missed: readonly Missed[]): Promise<Unscannable[]> {
  const present = await sql.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_database WHERE oid = ANY ($1::oid[])',
    [missed.map(({ oid }) => oid)],
  );
  const oids = new Set(present.map(({ oid }) => oid));
  return missed.filter(({ oid }) => oids.has(oid)).map(({ oid: _, ...rest }) => rest);
}

function reasonOf(error: unknown): string {
  if (error instanceof UnfitScanLogin) return error.message;
  const { message = '', code } = error as Partial<Error> & { readonly code?: string };
  return `it cannot be reached: ${message || code || 'no reason given'}`;
}
