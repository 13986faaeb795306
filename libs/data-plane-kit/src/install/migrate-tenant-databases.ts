import { TENANT_SCHEMA_PATTERN } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { scramVerifier } from '../credentials/scram-verifier.js';
import type { TenantLogins } from '../credentials/tenant-logins.js';
import { databaseUrlOf } from '../database-url.js';
import { asProvisioner } from '../participant/drop-database.js';
import { readMarker } from '../orphans/object-marker.js';
import type { ServiceDefinition } from '../service-definition.js';
import { inParallel } from '../verifier/in-parallel.js';
import { installTenantLayout, layoutDigest } from './tenant-layout.js';

/** Of whose logins there are passwords to keep up. */
export interface TenantDatabases {
  /** What placements call this cluster. */
  readonly cluster: string;
  readonly logins: TenantLogins;
}

/** How many databases are worked at once. */
const AT_ONCE = 4;

interface TenantDatabase {
  readonly name: string;
  readonly comment: string | null;
  readonly here: string;
}

/** Some tenants' own databases could not be brought up to date; the others were, and running it again goes on there. */
export class TenantDatabasesBehind extends Error {
  constructor(
    readonly databases: readonly string[],
    causes: readonly unknown[],
  ) {
    super(`These tenants' databases could not be migrated: ${databases.join(', ')}.`, {
      cause: new AggregateError(causes),
    });
    this.name = new.target.name;
  }
}

/** Those that nobody can enter yet are half made and their retry's; the others that are this service's and are not known to be up to date. */
const BEHIND = `
SELECT d.datname::text AS name, shobj_description(d.oid, 'pg_database') AS comment, current_database()::text AS here
FROM pg_database d LEFT JOIN tenantry.provisioned p ON d.datname ~ $1 AND p.tenant_id = substr(d.datname, 3, 32)::uuid
WHERE d.datname ~ $1 AND substr(d.datname, 36) = $2 AND d.datallowconn AND p.layout IS DISTINCT FROM $3
ORDER BY d.datname`;

/**
 * Brings the databases of their own that tenants of this service have on this server up to date, a few at once, and their
 * logins to the passwords of the present key.
 *
 * @param client an administrator's, connected to the service's database.
 * @returns what was applied, as `<database>/<name>`. @throws TenantDatabasesBehind when all have been tried.
 */
export async function migrateTenantDatabases(
  client: Client,
  adminUrl: string,
  service: ServiceDefinition,
  { cluster, logins }: TenantDatabases,
): Promise<string[]> {
  const sql = pgExecutor(client);
  const layout = `${layoutDigest(service)} ${logins.keyId}`;
  const behind = await sql.query<TenantDatabase>(BEHIND, [TENANT_SCHEMA_PATTERN, service.store, layout]);
  const own = behind.filter((found) => isOwn(found, service));
  const upToDate: string[] = [];
  const failed: { readonly name: string; readonly error: unknown }[] = [];
  const applied = await inParallel(own, AT_ONCE, async ({ name }) => {
    try {
      const done = await installTenantLayout(databaseUrlOf(adminUrl, name), service);
      upToDate.push(name);
      return done.applied.map((step) => `${name}/${step}`);
    } catch (error) {
      failed.push({ name, error });
      return [];
    }
  });
  // One after the other: to change a login, the connection acts as the provisioner.
  for (const name of upToDate) {
    const password = escapeLiteral(await scramVerifier(logins.password(cluster, name)));
    await asProvisioner(client, `ALTER ROLE ${escapeIdentifier(name)} PASSWORD ${password}`);
    await sql.query(
      'UPDATE tenantry.provisioned SET layout = $2 WHERE tenant_id = substr($1::text, 3, 32)::uuid',
      [name, layout],
    );
  }
  if (failed.length > 0)
    throw new TenantDatabasesBehind(
      failed.map(({ name }) => name),
      failed.map(({ error }) => error),
    );
  return applied.flat();
}

function isOwn({ comment, here }: TenantDatabase, { name }: ServiceDefinition): boolean {
  const marker = readMarker(comment);
  return marker !== undefined && marker.service === name && marker.database === here;
}
