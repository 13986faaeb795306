import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Isolation, tenantDatabaseName, tenantSchemaName } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  TEST_LOGINS,
  UNDISTURBED,
} from '@tenantry/testing';
import { startPostgres, type PostgresServer } from '@tenantry/testing/servers';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Pool } from 'pg';
import { databaseUrlOf } from '../database-url.js';
import type { ServiceDefinition } from '../service-definition.js';
import { createRequestHandler } from './request-handler.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const ISOLATIONS: readonly Isolation[] = ['pooled', 'schema', 'database'];

/**
 * Nothing reaches a file but what a commit waits for, and an immediate end of the server loses the rest. That it is in the file is enough:
 * the machine goes on.
 */
const SETTINGS = {
  fsync: 'off',
  wal_writer_delay: '10s',
  wal_writer_flush_after: '2GB',
  shared_buffers: '64MB',
};

let folder: string;
let server: PostgresServer;
let database: KitDatabase;
let tenantId: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-durability-'));
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  server = await start();
  process.env['TEST_DATABASE_URL'] = server.adminUrl;
  database = await kitDatabase(EXAMPLE_SERVICE, { tenantDatabases: true });
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  tenantId = newId();
});

function start(port?: number): Promise<PostgresServer> {
  const dataDir = path.join(folder, 'postgres');
  return startPostgres({ dataDir, password: 'postgres', settings: SETTINGS, ...(port && { port }) });
}

/** As a loss of power would: nobody gets to write anything down. */
async function crash(): Promise<void> {
  server.process.signal('SIGQUIT');
  await server.process.ended;
  server = await start(server.port);
}

interface Asked {
  readonly isolation: Isolation;
  readonly onStep?: (step: string) => void | Promise<void>;
  readonly desired?: 'active' | 'suspended';
  readonly service?: ServiceDefinition;
}

async function provision({
  isolation,
  onStep = () => {},
  desired = 'active',
  service = EXAMPLE_SERVICE,
}: Asked): Promise<void> {
  const pool = new Pool({ connectionString: database.provisionerUrl, max: 1 });
  pool.on('error', () => undefined);
  try {
    const work = requestedWork({ tenantId, verb: 'provisioning', generation: 1, isolation });
    const request = { ...work.request, desired };
    await createRequestHandler({ service, pool, tenantLogins: TEST_LOGINS, logger, onStep })(
      { ...work, request },
      UNDISTURBED,
    );
  } finally {
    await pool.end();
  }
}

async function ask<R extends object>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Marker and fence as the service's database has them, and the seeds, wherever they are. */
async function kept(isolation: Isolation): Promise<object> {
  const own = isolation === 'database' ? tenantDatabaseName(tenantId, 'primary') : undefined;
  const url = own ? databaseUrlOf(database.adminUrl, own) : database.adminUrl;
  const [books] = await ask(
    database.adminUrl,
    `SELECT (SELECT isolation FROM tenantry.provisioned WHERE tenant_id = $1) AS provisioned,
            coalesce((SELECT rolcanlogin FROM pg_roles WHERE rolname = $2), false) AS login`,
    [tenantId, own ?? ''],
  );
  const [fence] = await ask(url, 'SELECT access, generation::int FROM tenantry.fence WHERE tenant_id = $1', [
    tenantId,
  ]);
  const schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary';
  const labels = await ask<{ name: string }>(
    url,
    `SELECT name FROM ${schema}.label WHERE tenant_id = $1 ORDER BY name`,
    [tenantId],
  );
  return { ...books, ...fence, labels: labels.map((label) => label.name) };
}

const whole = (isolation: Isolation, access: 'open' | 'frozen' = 'open'): object => ({
  provisioned: isolation,
  login: isolation === 'database' && access === 'open',
  access,
  generation: 1,
  labels: ['done', 'new'],
});

describe('a server that crashes', () => {
  it.each(ISOLATIONS)('after the answer has everything of a tenant with isolation %s', async (isolation) => {
    await provision({ isolation });
    await crash();
    expect(await kept(isolation)).toEqual(whole(isolation));
  });

  it('after the answer has what was made for a tenant that is not to be let in', async () => {
    await provision({ isolation: 'schema', desired: 'suspended' });
    await crash();
    expect(await kept('schema')).toEqual(whole('schema', 'frozen'));

    const more = { name: '0003-more', sql: 'CREATE TABLE more (tenant_id uuid NOT NULL)' };
    const service = { ...EXAMPLE_SERVICE, migrations: [...EXAMPLE_SERVICE.migrations, more] };
    await provision({ isolation: 'schema', desired: 'suspended', service });
    await crash();
    const table = `${tenantSchemaName(tenantId, 'primary')}.more`;
    expect(await ask(database.adminUrl, 'SELECT to_regclass($1)::text AS it', [table])).toEqual([
      { it: table },
    ]);
  });

  it.each(['schema', 'seed'])(
    'after the step %s has nothing that is not whole, and the retry makes the rest',
    async (last) => {
      const onStep = async (step: string): Promise<void> => {
        if (step === `provision.${last}`) await crash();
      };
      await expect(provision({ isolation: 'schema', onStep })).rejects.toThrow();
      const provisioned = 'SELECT FROM tenantry.provisioned WHERE tenant_id = $1';
      expect(await ask(database.adminUrl, provisioned, [tenantId])).toEqual([]);
      await provision({ isolation: 'schema' });
      expect(await kept('schema')).toEqual(whole('schema'));
    },
  );
});
