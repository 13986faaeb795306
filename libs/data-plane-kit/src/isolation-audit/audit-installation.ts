import { TENANT_SCHEMA_PATTERN } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import {
  type Allowance,
  auditCatalogue,
  type Finding,
  inReadOnly,
  readAuditConfig,
  readOnly,
  sortByAllowances,
} from '@tenantry/isolation-audit';
import type { ClientBase, Pool } from 'pg';
import type { MaintenanceCluster } from '../clusters/maintenance-clusters.js';
import { readMarker } from '../orphans/object-marker.js';
import type { ServiceDefinition } from '../service-definition.js';

/** A finding, and the database that it was made in. */
export interface LocatedFinding extends Finding {
  readonly database: string;
}

export interface InstallationAudit {
  readonly databases: number;
  readonly findings: readonly LocatedFinding[];
  /** Databases (or, for the service's own, clusters) that could not be looked at, and why. */
  readonly failed: readonly { readonly database: string; readonly error: unknown }[];
}

export interface InstallationAuditOptions {
  readonly service: ServiceDefinition;
  readonly clusters: readonly MaintenanceCluster[];
  readonly allow: readonly Allowance[];
  /** Ends it at the next database. */
  readonly signal?: AbortSignal;
}

/** The databases of their own that tenants have on the server, by name; another installation may have its tenants there too. */
const TENANT_DATABASES = `
SELECT datname::text AS name, shobj_description(oid, 'pg_database') AS comment, current_database()::text AS here
FROM pg_database WHERE datname ~ $1 AND datallowconn AND has_database_privilege(oid, 'CONNECT') ORDER BY 1`;

interface FoundDatabase {
  readonly name: string;
  readonly comment: string | null;
  readonly here: string;
}

/** Audits a service's database on each cluster, and those that tenants have there for themselves, as the login that provisions. */
export async function auditInstallation(options: InstallationAuditOptions): Promise<InstallationAudit> {
  const { service, clusters, allow, signal } = options;
  const findings: LocatedFinding[] = [];
  const failed: { database: string; error: unknown }[] = [];
  let databases = 0;
  /** One that cannot be looked at, as when it is made or purged at this moment, keeps no other from being looked at. */
  const attempt = async (database: string, work: () => Promise<void>): Promise<void> => {
    if (signal?.aborted) return;
    try {
      await work();
      databases += 1;
    } catch (error) {
      failed.push({ database, error });
    }
  };
  for (const cluster of clusters) {
    let tenants: readonly string[] = [];
    await attempt(cluster.name, () =>
      withClient(cluster.pool, async (client) => {
        findings.push(...(await auditOne(client, service, allow)));
        tenants = await tenantDatabases(client, service);
      }),
    );
    for (const name of tenants)
      await attempt(name, async () => {
        const inside = cluster.connectTo(name);
        inside.on('error', () => undefined);
        try {
          await inside.connect();
          findings.push(...(await auditOne(inside, service, allow)));
        } finally {
          await inside.end().catch(() => undefined);
        }
      });
  }
  return { databases, findings, failed };
}

/**
 * Audits one database of a service, as after its migration.
 *
 * @param url of any login; a superuser's sees what others' sessions do, too.
 * @param configFile as for the scheduled audit. @throws when it cannot be read, or the database not be looked at.
 */
export async function auditServiceDatabase(
  url: string,
  service: ServiceDefinition,
  configFile?: string,
): Promise<readonly LocatedFinding[]> {
  const allow = await allowancesAt(configFile);
  return readOnly(url, (sql) => auditTx(sql, service, allow));
}

/** What the file allows; nothing without one. */
export async function allowancesAt(configFile: string | undefined): Promise<readonly Allowance[]> {
  return configFile === undefined ? [] : (await readAuditConfig(configFile)).allow;
}

async function withClient(pool: Pool, work: (client: ClientBase) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await work(client);
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function tenantDatabases(client: ClientBase, service: ServiceDefinition): Promise<string[]> {
  const { rows } = await client.query<FoundDatabase>(TENANT_DATABASES, [TENANT_SCHEMA_PATTERN]);
  return rows.filter((found) => isOwn(found, service)).map(({ name }) => name);
}

function isOwn({ comment, here }: FoundDatabase, { name }: ServiceDefinition): boolean {
  const marker = readMarker(comment);
  return marker?.service === name && marker.database === here;
}

function auditOne(
  client: ClientBase,
  service: ServiceDefinition,
  allow: readonly Allowance[],
): Promise<LocatedFinding[]> {
  return inReadOnly(client, (sql) => auditTx(sql, service, allow));
}

async function auditTx(
  sql: SqlExecutor,
  { globalTables }: ServiceDefinition,
  allow: readonly Allowance[],
): Promise<LocatedFinding[]> {
  const { findings, scope } = await auditCatalogue(sql, { globalTables });
  const today = new Date().toISOString().slice(0, 10);
  return sortByAllowances(findings, allow, today).open.map((finding) => ({
    ...finding,
    database: scope.database,
  }));
}
