import { tenantDatabaseName } from '@tenantry/contracts';
import { createRequestHandler, type ServiceDefinition } from '@tenantry/data-plane-kit';
import { newId } from '@tenantry/kernel';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  TEST_LOGINS,
  UNDISTURBED,
} from '@tenantry/testing';
import { Client, Pool } from 'pg';
import type { Row } from '../report.ts';
import { median, rounded } from '../statistics.ts';
import { bareSchemaStatements, requireSameObjects } from './bare-schema.ts';

/** What making a tenant takes, against what the server takes for its objects alone. Medians, in milliseconds. */
export interface Provisioning {
  readonly schema: Compared;
  /** The same against DDL whose statements are each awaited, as tools that migrate send them. */
  readonly schemaByStatement: Compared;
  /** The same for a service with more tables. */
  readonly largeSchema: Compared;
  readonly database: Compared;
}

interface Compared {
  readonly kitMs: number;
  /** The same objects: a transaction of DDL in one message, or CREATE DATABASE of the same template. */
  readonly bareMs: number;
  /** The median of the ratios of each two that were made one after the other. */
  readonly ratio: number;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** How often each is made that counts. */
const SAMPLES = 25;
/** How often before: a service that has been running for a while has compiled its code. */
const WARM_UP = { schema: 30, database: 3 };
const AT_MOST = 1.3;
const MANY_TABLES = 20;

/** As rows of the table, with what is to be reached. */
export async function making(): Promise<{
  rows: Row[];
  figures: Provisioning;
  ratios: Record<string, number>;
}> {
  const figures = {
    schema: await schemas(EXAMPLE_SERVICE, inOneMessage),
    schemaByStatement: await schemas(EXAMPLE_SERVICE, oneByOne),
    largeSchema: await schemas(LARGE_SERVICE, inOneMessage),
    database: await databases(),
  };
  const { schema, schemaByStatement, largeSchema, database } = figures;
  const row = (what: string, { kitMs, bareMs, ratio }: Compared, judged = true): Row => ({
    what,
    value: `${rounded(kitMs)} ms`,
    comparedWith: `${rounded(bareMs)} ms`,
    ratio: `${rounded(ratio)} x`,
    ...(judged && { target: `<= ${AT_MOST} x`, met: ratio <= AT_MOST }),
  });
  return {
    rows: [
      row('a schema provisioned, against its DDL in one transaction', schema),
      row('the same, against its DDL statement by statement', schemaByStatement, false),
      row(`the same for ${MANY_TABLES} tables, against their DDL in one transaction`, largeSchema, false),
      row('a database provisioned, against its copy alone', database),
    ],
    figures,
    ratios: {
      schemaProvisioning: schema.ratio,
      schemaProvisioningByStatement: schemaByStatement.ratio,
      largeSchemaProvisioning: largeSchema.ratio,
      databaseProvisioning: database.ratio,
    },
  };
}

const LARGE_SERVICE: ServiceDefinition = {
  ...EXAMPLE_SERVICE,
  migrations: [
    ...EXAMPLE_SERVICE.migrations,
    ...Array.from({ length: MANY_TABLES - 4 }, (_, n) => ({
      name: `1${String(n).padStart(3, '0')}-more`,
      sql: `CREATE TABLE more_${n} (tenant_id uuid NOT NULL, id uuid NOT NULL, text text NOT NULL, PRIMARY KEY (tenant_id, id))`,
    })),
  ],
};

type Way = (client: Client, statements: readonly string[]) => Promise<unknown>;

const inOneMessage: Way = (client, statements) => client.query(statements.join(';'));

const oneByOne: Way = async (client, statements) => {
  for (const statement of statements) await client.query(statement);
};

/** TEST_DATABASE_URL names the server. */
function schemas(service: ServiceDefinition, way: Way): Promise<Compared> {
  return withKit(service, 'schema', async ({ database, admin, provision }) => {
    // As the kit makes it, and with its rights: the two have the same owner.
    const bare = new Client({ connectionString: database.provisionerUrl });
    await bare.connect();
    try {
      await bare.query('SET ROLE tenantry_provisioner');
      const compared = await inPairs(
        provision,
        (tenantId) => way(bare, bareSchemaStatements(service, tenantId)),
        WARM_UP.schema,
      );
      await requireSameObjects(admin, ...compared.last);
      return compared;
    } finally {
      await bare.end();
    }
  });
}

function databases(): Promise<Compared> {
  return withKit(EXAMPLE_SERVICE, 'database', async ({ admin, provision }) => {
    const template = await templateOf(admin);
    const copies: string[] = [];
    try {
      return await inPairs(
        provision,
        (tenantId) => {
          const name = tenantDatabaseName(tenantId, 'primary');
          copies.push(name);
          return admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
        },
        WARM_UP.database,
      );
    } finally {
      for (const name of copies) await admin.query(`DROP DATABASE IF EXISTS ${name}`);
    }
  });
}

interface Kit {
  readonly database: KitDatabase;
  readonly admin: Client;
  /** From the request to its result, by the kit's handler. */
  readonly provision: (tenantId: string) => Promise<unknown>;
}

async function withKit<T>(
  service: ServiceDefinition,
  isolation: 'schema' | 'database',
  work: (kit: Kit) => Promise<T>,
): Promise<T> {
  const database = await kitDatabase(service, { tenantDatabases: isolation === 'database' });
  const pool = new Pool({ connectionString: database.provisionerUrl, max: 2 });
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const handler = createRequestHandler({
    service,
    pool,
    tenantLogins: TEST_LOGINS,
    logger: SILENT,
    onStep: () => {},
  });
  try {
    return await work({
      database,
      admin,
      provision: (tenantId) =>
        handler(requestedWork({ tenantId, verb: 'provisioning', generation: 1, isolation }), UNDISTURBED),
    });
  } finally {
    await Promise.all([pool.end(), admin.end()]);
    await database.drop();
  }
}

/**
 * Makes one of each in turns, each time the other one first, so that whatever else the machine does hits both alike. Nothing is removed
 * in between: a file system that has just deleted makes new files more slowly, and whoever comes first after a checkpoint writes more.
 */
async function inPairs(
  kit: (tenantId: string) => Promise<unknown>,
  bare: (tenantId: string) => Promise<unknown>,
  warmUp: number,
): Promise<Compared & { last: [string, string] }> {
  const kitTimes: number[] = [];
  const bareTimes: number[] = [];
  let last: [string, string] = ['', ''];
  for (let sample = -warmUp; sample < SAMPLES; sample += 1) {
    last = [newId(), newId()];
    const turns = [
      { times: kitTimes, work: () => kit(last[0]) },
      { times: bareTimes, work: () => bare(last[1]) },
    ];
    for (const { times, work } of sample % 2 === 0 ? turns : turns.toReversed()) {
      const startedAt = performance.now();
      await work();
      if (sample >= 0) times.push(performance.now() - startedAt);
    }
  }
  return {
    kitMs: median(kitTimes),
    bareMs: median(bareTimes),
    ratio: median(kitTimes.map((ms, sample) => ms / (bareTimes[sample] ?? NaN))),
    last,
  };
}

async function templateOf(admin: Client): Promise<string> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'tenantry_template_%'
       AND position('"database":"' || current_database() || '"' IN shobj_description(oid, 'pg_database')) > 0`,
  );
  return rows[0]!.name;
}
