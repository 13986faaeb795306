import { tenantDatabaseName } from '@tenantry/contracts';
import type { PreparedOptions } from '@tenantry/testing/conformance';
import {
  COMPILE_CACHE,
  HttpClient,
  NODE_FLAGS,
  databaseUrl,
  dropInstallation,
  entryFile,
  freePort,
  migrateApp,
  withClient,
} from '@tenantry/testing/servers';
import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** The reference data plane without a control plane, for one that plays it. */
export interface ReferenceParticipant {
  readonly prepared: PreparedOptions;
  drop(): Promise<void>;
}

/** The line that starts the reference data plane as it was built. */
export const REFERENCE_COMMAND = `"${process.execPath}" ${NODE_FLAGS.join(' ')} "${entryFile('data-plane', 'main')}"`;

/** A fresh one on the server of TEST_DATABASE_URL; with it a scratch database for the embedded transport. */
export async function referenceParticipant(): Promise<ReferenceParticipant> {
  const server = process.env['TEST_DATABASE_URL'] ?? '';
  const id = `${process.env['TEST_DATABASE_PREFIX'] ?? 'tnt_test_'}${randomBytes(6).toString('hex')}`;
  const databases = { data: `${id}_data`, bus: `${id}_bus` };
  const password = randomBytes(18).toString('base64url');
  const apiKey = randomBytes(18).toString('base64url');
  const loginUrl = (name: string): string =>
    databaseUrl(server, databases.data, `${id}_${name}_login`, password);
  const logins = {
    DATABASE_URL: loginUrl('app'),
    PROVISIONER_DATABASE_URL: loginUrl('provisioner'),
    TENANT_LOGIN_KEY: 'env:TEST_TENANT_LOGIN_KEY',
    TEST_TENANT_LOGIN_KEY: randomBytes(32).toString('hex'),
  };
  const port = String(await freePort());

  await withClient(server, async (client) => {
    for (const name of Object.values(databases))
      await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  });
  await migrateApp('data-plane', {
    ...logins,
    PARTICIPANT_NAME: 'reference',
    MIGRATE_DATABASE_URL: databaseUrl(server, databases.data),
  });
  const database = new Client({ connectionString: databaseUrl(server, databases.data) });
  await database.connect();
  const api = new HttpClient(`http://127.0.0.1:${port}`).withKey(apiKey);
  return {
    prepared: {
      embeddedUrl: databaseUrl(server, databases.bus),
      env: {
        ...logins,
        PORT: port,
        NODE_ENV: 'production',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        DATA_PLANE_API_KEY_HASHES: createHash('sha256').update(apiKey).digest('hex'),
      },
      probe: (tenantId) => probe(api, database, databaseUrl(server, databases.data), tenantId),
    },
    drop: async () => {
      await database.end();
      await dropInstallation(Object.values(databases), id);
    },
  };
}

/** What the tenant is by the service's own API and by its database, which must not contradict each other. */
async function probe(api: HttpClient, database: Client, url: string, tenantId: string) {
  const { rows } = await database.query<{ access: string | null; buried: boolean; fingerprint: unknown }>(
    `SELECT (SELECT access FROM tenantry.fence WHERE tenant_id = $1) AS access,
       EXISTS (SELECT FROM tenantry.tombstone WHERE tenant_id = $1) AS buried,
       jsonb_build_array(
         (SELECT to_jsonb(f) FROM tenantry.fence f WHERE tenant_id = $1),
         (SELECT to_jsonb(p) FROM tenantry.provisioned p WHERE tenant_id = $1),
         (SELECT to_jsonb(t) FROM tenantry.tombstone t WHERE tenant_id = $1),
         (SELECT count(*) FROM pooled_primary.role WHERE tenant_id = $1),
         (SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, 't_' || replace($1::text, '-', '') || '_')),
         (SELECT count(*) FROM pg_database WHERE starts_with(datname, 't_' || replace($1::text, '-', '') || '_'))
       ) AS fingerprint`,
    [tenantId],
  );
  const { buried = false, fingerprint } = rows[0] ?? {};
  // The fence of a tenant with a database of its own is in there; the one outside is the provisioner's, and always closed.
  const access = (await accessInside(url, tenantId)) ?? rows[0]?.access ?? null;
  const { status } = await api.get('/v1/projects', { headers: { 'tenantry-tenant': tenantId } });
  if ((status === 200) !== (access === 'open'))
    throw new Error(`its API answers ${status} while its fence is ${access ?? 'not there'}`);
  const state = buried ? 'purged' : access === 'open' ? 'active' : access === null ? 'none' : 'suspended';
  return { state, fingerprint } as const;
}

async function accessInside(url: string, tenantId: string): Promise<string | undefined> {
  const inside = new URL(url);
  inside.pathname = `/${tenantDatabaseName(tenantId, 'primary')}`;
  const client = new Client({ connectionString: inside.href });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ access: string }>(
      'SELECT access FROM tenantry.fence WHERE tenant_id = $1',
      [tenantId],
    );
    return rows[0]?.access;
  } catch (error) {
    // Not there, or not to be entered yet.
    if (['3D000', '55000'].includes((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
