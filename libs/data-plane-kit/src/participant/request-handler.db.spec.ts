import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Isolation,
  type ParticipantRequest,
  pooledSchemaName,
  type RequestType,
  tenantSchemaName,
} from '@tenantry/contracts';
import type { Row } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { WorkControl, WorkResult } from '@tenantry/messaging';
import { EXAMPLE_SERVICE, kitDatabase, type KitDatabase, waitFor } from '@tenantry/testing';
import { Client, type ClientConfig, Pool } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import { createRequestHandler } from './request-handler.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const control: WorkControl = {
  signal: new AbortController().signal,
  assertCurrent: async () => {},
  progress: async () => {},
};

let database: KitDatabase;
let admin: Pool;
let app: Pool;
let pool: Pool;
let tenantId: string;

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 4 });
  app = new Pool({ connectionString: database.appUrl, max: 4 });
  pool = new Pool({ connectionString: database.provisionerUrl, max: 4 });
});

afterAll(async () => {
  await Promise.all([admin.end(), app.end(), pool.end()]);
  await database.drop();
});

beforeEach(() => {
  tenantId = newId();
});

type Verb = 'provisioning' | 'suspension' | 'reactivation' | 'purge';

interface Ask {
  readonly generation?: number;
  readonly isolation?: Isolation;
  readonly onStep?: (step: string) => void | Promise<void>;
  readonly request?: Partial<ParticipantRequest>;
  readonly fenceTimes?: { lockTimeoutMs: number; terminateAfterMs: number; giveUpAfterMs: number };
  readonly seed?: ServiceDefinition['seed'];
  /** Whose connection is used. */
  readonly from?: Pool;
}

function ask(
  verb: Verb,
  {
    generation = 1,
    isolation = 'schema',
    onStep = () => {},
    request = {},
    fenceTimes,
    seed,
    from = pool,
  }: Ask = {},
): Promise<WorkResult> {
  const handler = createRequestHandler({
    service: { ...EXAMPLE_SERVICE, ...(seed && { seed }) },
    pool: from,
    logger,
    onStep,
    ...(fenceTimes && { fenceTimes }),
  });
  const type: RequestType = `tenant.${verb}_requested.v1`;
  const schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : pooledSchemaName('primary');
  const operationId = newId();
  const full: ParticipantRequest = {
    operationId,
    generation,
    attempt: 1,
    participants: ['example'],
    desired: verb === 'suspension' ? 'suspended' : verb === 'purge' ? 'purged' : 'active',
    placements: [{ store: 'primary', isolation, cluster: 'default', database: null, schema }],
    ...request,
  };
  return handler({ tenantId, operationId, generation, attempt: 1, type, request: full }, control);
}

async function query<R extends Row>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await admin.query<R>(text, values)).rows;
}

async function fence(): Promise<Row | undefined> {
  const [row] = await query('SELECT generation::int, access FROM tenantry.fence WHERE tenant_id = $1', [
    tenantId,
  ]);
  return row;
}

/** Adds a row as the serving login would. */
async function write(generation: number, isolation: Isolation = 'schema'): Promise<void> {
  const client = await app.connect();
  const schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary';
  const noteId = newId();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT tenantry.enter($1, $2, 'w')`, [tenantId, generation]);
    if (isolation === 'schema') await client.query(`SET LOCAL ROLE ${schema}`);
    await client.query(`INSERT INTO ${schema}.note VALUES ($1, $2, 'x')`, [tenantId, noteId]);
    await client.query(`INSERT INTO ${schema}.attachment VALUES ($1, $2, $3)`, [tenantId, newId(), noteId]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

describe('provisioning', () => {
  it.each([['schema'], ['pooled']] as const)(
    'makes a working %s tenant and says what it made',
    async (isolation) => {
      const { evidence } = await ask('provisioning', { isolation });
      expect(evidence).toEqual({
        isolation,
        schema: isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary',
        migrations: ['0001-notes', '0002-labels'],
        seeded: { labels: ['done', 'new'] },
      });
      expect(await fence()).toEqual({ generation: 1, access: 'open' });
      await write(1, isolation);
    },
  );

  const STEPS = [
    'fence',
    'schema',
    'migration 0001-notes',
    'migration 0002-labels',
    'seed',
    'marker',
    'open',
  ];
  it.each(STEPS)('is completed by the retry when it ends after the step %s', async (last) => {
    const died = new Error('as if killed');
    const onStep = (step: string): void => {
      if (step === `provision.${last}`) throw died;
    };
    await expect(ask('provisioning', { onStep })).rejects.toBe(died);
    // The marker is written in the moment in which the tenant is let in.
    if (last !== 'marker' && last !== 'open') await expect(write(1)).rejects.toMatchObject({ code: 'TN001' });
    const { evidence } = await ask('provisioning');
    expect(evidence).toMatchObject({
      migrations: ['0001-notes', '0002-labels'],
      seeded: { labels: ['done', 'new'] },
    });
    await write(1);
    const schema = tenantSchemaName(tenantId, 'primary');
    expect(await query(`SELECT count(*)::int AS n FROM ${schema}.label`)).toEqual([{ n: 2 }]);
  });

  it.each(['schema', 'pooled'] as const)(
    'is not done with isolation %s when the seed goes on over a statement of its own that failed',
    async (isolation) => {
      const seed: ServiceDefinition['seed'] = async (sql) => {
        await sql.query('SELECT 1 / 0').catch(() => undefined);
        return {};
      };
      await expect(ask('provisioning', { isolation, seed })).rejects.toThrow('had failed');
      expect(await fence()).toEqual({ generation: 1, access: 'frozen' });
      await ask('provisioning', { isolation });
      await write(1, isolation);
    },
  );

  it.each(['schema', 'pooled'] as const)(
    'lets a seed with isolation %s write rows of its own tenant only',
    async (isolation) => {
      const seed: ServiceDefinition['seed'] = async (sql) => {
        await sql.query(`INSERT INTO label (tenant_id, name) VALUES ($1, 'stray')`, [newId()]);
        return {};
      };
      await expect(ask('provisioning', { isolation, seed })).rejects.toMatchObject({ code: '42501' });
      expect(await fence()).toEqual({ generation: 1, access: 'frozen' });
    },
  );

  it('needs ten messages for a new schema, with the two of its seed', async () => {
    const texts: string[] = [];
    class CountingClient extends Client {
      constructor(config?: ClientConfig) {
        super(config);
        const send = this.query.bind(this) as (...args: unknown[]) => unknown;
        Object.assign(this, { query: (...args: unknown[]) => (texts.push(String(args[0])), send(...args)) });
      }
    }
    const counted = new Pool({
      connectionString: database.provisionerUrl,
      max: 1,
      Client: CountingClient,
    });
    await ask('provisioning', { from: counted });
    await counted.end();
    expect(texts).toHaveLength(10);
  });

  it('seeds once: what the tenant deleted afterwards stays deleted', async () => {
    await ask('provisioning');
    await query(`DELETE FROM ${tenantSchemaName(tenantId, 'primary')}.label WHERE name = 'new'`);
    await ask('suspension', { generation: 2 });
    await ask('reactivation', { generation: 3 });
    expect(await query(`SELECT name FROM ${tenantSchemaName(tenantId, 'primary')}.label`)).toEqual([
      { name: 'done' },
    ]);
  });

  it.each([
    [
      'isolation database',
      {
        placements: [
          { store: 'primary', isolation: 'database', cluster: 'default', database: 'x', schema: null },
        ],
      },
    ],
    [
      'a schema of another name',
      {
        placements: [
          { store: 'primary', isolation: 'schema', cluster: 'default', database: null, schema: 'public' },
        ],
      },
    ],
    [
      'another store',
      {
        placements: [
          { store: 'billing', isolation: 'pooled', cluster: 'default', database: null, schema: null },
        ],
      },
    ],
  ] as const)('refuses %s for good, and makes nothing', async (_what, request) => {
    await expect(
      ask('provisioning', { request: { placements: [...request.placements] } }),
    ).rejects.toMatchObject({ retryable: false });
    expect(await fence()).toBeUndefined();
  });

  it('refuses another isolation than the tenant has', async () => {
    await ask('provisioning', { isolation: 'pooled' });
    await expect(ask('provisioning', { generation: 2, isolation: 'schema' })).rejects.toMatchObject({
      name: 'PlacementRefused',
    });
  });

  it('does not open an empty schema in the place of one that is lost', async () => {
    await ask('provisioning');
    await ask('suspension', { generation: 2 });
    await query(`DROP SCHEMA ${tenantSchemaName(tenantId, 'primary')} CASCADE`);
    await expect(ask('reactivation', { generation: 3 })).rejects.toMatchObject({
      name: 'TenantDataLost',
      retryable: false,
    });
    expect(await fence()).toEqual({ generation: 3, access: 'frozen' });
  });

  it('migrates a schema anew that was lost before it was finished', async () => {
    const died = new Error('died');
    const onStep = (step: string): void => {
      if (step === 'provision.seed') throw died;
    };
    await expect(ask('provisioning', { onStep })).rejects.toBe(died);
    await query(`DROP SCHEMA ${tenantSchemaName(tenantId, 'primary')} CASCADE`);
    await ask('provisioning');
    await write(1);
  });

  it('stops at its next step when a suspension overtook it, and the suspension does not wait for it', async () => {
    const onStep = async (step: string): Promise<void> => {
      if (step === 'provision.schema') await ask('suspension', { generation: 2 });
    };
    await expect(ask('provisioning', { onStep })).rejects.toMatchObject({
      name: 'RequestOvertaken',
      retryable: false,
    });
    expect(await fence()).toEqual({ generation: 2, access: 'frozen' });
    expect(await query('SELECT FROM tenantry.provisioned WHERE tenant_id = $1', [tenantId])).toEqual([]);
    await ask('reactivation', { generation: 3 });
    await write(3);
  });

  it('is done by one worker of the tenant at a time', async () => {
    const steps: string[] = [];
    let second: Promise<WorkResult> | undefined;
    const onStep = async (step: string): Promise<void> => {
      steps.push(`first ${step}`);
      if (step !== 'provision.schema') return;
      second = ask('provisioning', {
        onStep: (other) => {
          steps.push(`second ${other}`);
        },
      });
      await waitFor(
        'the second to ask for the lock',
        async () => steps.includes('second provision.schema') || (await askingForLock()) > 0,
      );
    };
    await ask('provisioning', { onStep });
    await second;
    expect(steps.indexOf('second provision.schema')).toBeGreaterThan(steps.indexOf('first provision.open'));
  });
});

/** Sessions whose last statement asked for a worker's lock; the one that has it has gone on since. */
async function askingForLock(): Promise<number> {
  const [row] = await query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND usename = $1 AND query LIKE '%pg_try_advisory_lock%'`,
    [database.logins.provisioner.name],
  );
  return row!.n;
}

describe('suspension and reactivation', () => {
  it('creates the frozen fence where nothing is provisioned yet, and reactivation then provisions', async () => {
    expect((await ask('suspension', { generation: 2 })).evidence).toEqual({
      access: 'frozen',
      provisioned: false,
      sessionsEnded: 0,
    });
    await expect(ask('provisioning', { generation: 1 })).rejects.toMatchObject({ name: 'RequestOvertaken' });
    await expect(write(2)).rejects.toMatchObject({ code: 'TN001' });
    await ask('reactivation', { generation: 3 });
    await write(3);
  });

  it('closes an open tenant to routes of any generation', async () => {
    await ask('provisioning');
    expect((await ask('suspension', { generation: 2 })).evidence).toMatchObject({ provisioned: true });
    await expect(write(1)).rejects.toMatchObject({ code: 'TN006' });
    await expect(write(2)).rejects.toMatchObject({ code: 'TN001' });
  });

  it('ends a transaction that will not, and says so', async () => {
    await ask('provisioning', { isolation: 'pooled' });
    const stuck = await app.connect();
    const lost = new Promise((resolve) => stuck.on('error', resolve));
    await stuck.query('BEGIN');
    await stuck.query(`SELECT tenantry.enter($1, 1, 'w')`, [tenantId]);
    const fenceTimes = { lockTimeoutMs: 20, terminateAfterMs: 60, giveUpAfterMs: 5000 };
    expect((await ask('suspension', { generation: 2, fenceTimes })).evidence).toMatchObject({
      sessionsEnded: 1,
    });
    await lost;
    stuck.release(true);
  });

  it('gives up after its bound, to be asked again', async () => {
    await ask('provisioning', { isolation: 'pooled' });
    const stuck = await app.connect();
    await stuck.query('BEGIN');
    await stuck.query(`SELECT tenantry.enter($1, 1, 'w')`, [tenantId]);
    const fenceTimes = { lockTimeoutMs: 20, terminateAfterMs: 60_000, giveUpAfterMs: 50 };
    await expect(ask('suspension', { generation: 2, fenceTimes })).rejects.toMatchObject({
      name: 'TenantHeld',
      retryable: true,
    });
    await stuck.query('ROLLBACK');
    stuck.release();
    await ask('suspension', { generation: 2 });
  });
});

describe('purging', () => {
  it('destroys a schema tenant, and shows the counts and what remains', async () => {
    await ask('provisioning');
    await write(1);
    const { evidence } = await ask('purge', { generation: 2 });
    const schema = tenantSchemaName(tenantId, 'primary');
    expect(evidence).toMatchObject({
      tables: {
        [`${schema}.note`]: { rowsBefore: 1, rowsAfter: 0 },
        [`${schema}.attachment`]: { rowsBefore: 1, rowsAfter: 0 },
        [`${schema}.label`]: { rowsBefore: 2, rowsAfter: 0 },
        'pooled_primary.note': { rowsBefore: 0, rowsAfter: 0 },
      },
      schemasDropped: [schema],
      rolesDropped: [schema],
      remains: { 'tenantry.tombstone': 1 },
    });
    expect(await query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).toEqual([]);
    expect(await query('SELECT FROM pg_roles WHERE rolname = $1', [schema])).toEqual([]);
  });

  it('destroys a pooled tenant and nobody else', async () => {
    const neighbour = tenantId;
    await ask('provisioning', { isolation: 'pooled' });
    await write(1, 'pooled');
    tenantId = newId();
    await ask('provisioning', { isolation: 'pooled' });
    await write(1, 'pooled');
    const { evidence } = await ask('purge', { generation: 2 });
    expect(evidence).toMatchObject({
      tables: {
        'pooled_primary.note': { rowsBefore: 1, rowsAfter: 0 },
        'pooled_primary.label': { rowsBefore: 2 },
      },
    });
    const left = await query('SELECT tenant_id FROM pooled_primary.note WHERE tenant_id = ANY ($1)', [
      [tenantId, neighbour],
    ]);
    expect(left).toEqual([{ tenant_id: neighbour }]);
  });

  it('neither touches nor names the schemas of other tenants', async () => {
    const neighbour = tenantId;
    await ask('provisioning');
    await write(1);
    const own = newId();
    const pooled = newId();
    for (const [id, isolation] of [
      [own, 'schema'],
      [pooled, 'pooled'],
    ] as const) {
      tenantId = id;
      await ask('provisioning', { isolation });
      await write(1, isolation);
    }
    // Would keep a purge that so much as counted the neighbour's rows waiting, and in the end fail it.
    const reader = await admin.connect();
    await reader.query('BEGIN');
    await reader.query(`LOCK TABLE ${tenantSchemaName(neighbour, 'primary')}.note`);
    const tables = async (schema: string): Promise<string[]> =>
      (
        await query<{ name: string }>(
          `SELECT $1 || '.' || relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'`,
          [schema],
        )
      ).map(({ name }) => name);
    try {
      const ofSchema = await tables(tenantSchemaName(own, 'primary'));
      const shared = ['attachment', 'label', 'note'].map((name) => `pooled_primary.${name}`);
      for (const [id, isolation, expected] of [
        [own, 'schema', [...ofSchema, ...shared]],
        [pooled, 'pooled', shared],
      ] as const) {
        tenantId = id;
        const { evidence } = await ask('purge', { generation: 2, isolation });
        expect(Object.keys((evidence as { tables: object }).tables).sort()).toEqual([...expected].sort());
      }
    } finally {
      await reader.query('ROLLBACK');
      reader.release();
    }
    expect(await query(`SELECT tenant_id FROM ${tenantSchemaName(neighbour, 'primary')}.note`)).toEqual([
      { tenant_id: neighbour },
    ]);
  });

  it.each(['tombstone', 'footprint', 'rows', 'schema', 'marker', 'fence'])(
    'is completed by the retry when it ends after the step %s',
    async (last) => {
      await ask('provisioning');
      await write(1);
      const died = new Error('as if killed');
      const onStep = (step: string): void => {
        if (step === `purge.${last}`) throw died;
      };
      await expect(ask('purge', { generation: 2, onStep })).rejects.toBe(died);
      const schema = tenantSchemaName(tenantId, 'primary');
      const { evidence } = await ask('purge', { generation: 2 });
      expect(evidence).toMatchObject({
        tables: { [`${schema}.note`]: { rowsBefore: 1, rowsAfter: 0 } },
        schemasDropped: [schema],
        rolesDropped: [schema],
      });
      expect(await fence()).toBeUndefined();
    },
  );

  it('finds a table that somebody added by hand', async () => {
    await query('CREATE TABLE public.planted (tenant_id text NOT NULL)');
    try {
      await ask('provisioning');
      await query('INSERT INTO public.planted VALUES (upper($1))', [tenantId]);
      await expect(ask('purge', { generation: 2 })).rejects.toThrow(/planted/);
      await query('GRANT SELECT, DELETE ON public.planted TO tenantry_provisioner');
      const { evidence } = await ask('purge', { generation: 2 });
      expect(evidence).toMatchObject({ tables: { 'public.planted': { rowsBefore: 1, rowsAfter: 0 } } });
    } finally {
      await query('DROP TABLE public.planted');
    }
  });

  it('fails over rows that it cannot delete', async () => {
    await ask('provisioning');
    await query(
      'CREATE MATERIALIZED VIEW public.copied AS SELECT $1::uuid AS tenant_id'.replace('$1', `'${tenantId}'`),
    );
    await query('GRANT SELECT ON public.copied TO tenantry_provisioner');
    try {
      await expect(ask('purge', { generation: 2 })).rejects.toThrow(
        'Something of the tenant is left: 1 rows in public.copied.',
      );
    } finally {
      await query('DROP MATERIALIZED VIEW public.copied');
    }
    await ask('purge', { generation: 2 });
  });

  it('fails over row security that may hide rows from the count', async () => {
    await query(`CREATE TABLE public.hidden (tenant_id uuid NOT NULL); ALTER TABLE public.hidden ENABLE ROW LEVEL SECURITY;
      GRANT SELECT, DELETE ON public.hidden TO tenantry_provisioner`);
    try {
      await ask('provisioning');
      await query('INSERT INTO public.hidden VALUES ($1)', [tenantId]);
      await expect(ask('purge', { generation: 2 })).rejects.toThrow(/public\.hidden/);
    } finally {
      await query('DROP TABLE public.hidden');
    }
  });

  it('keeps a late provisioning out for ever', async () => {
    await ask('provisioning');
    await ask('purge', { generation: 2 });
    for (const [verb, generation] of [
      ['provisioning', 1],
      ['provisioning', 3],
      ['reactivation', 4],
      ['suspension', 5],
    ] as const) {
      await expect(ask(verb, { generation })).rejects.toMatchObject({
        name: 'AlreadyPurged',
        retryable: false,
      });
    }
    expect(
      await query('SELECT FROM pg_namespace WHERE nspname = $1', [tenantSchemaName(tenantId, 'primary')]),
    ).toEqual([]);
  });

  it('stops a provisioning that it overtook between two steps', async () => {
    let purging: Promise<WorkResult> | undefined;
    const onStep = async (step: string): Promise<void> => {
      if (step !== 'provision.migration 0001-notes') return;
      const buried = Promise.withResolvers<void>();
      purging = ask('purge', {
        generation: 2,
        onStep: (at) => {
          if (at === 'purge.tombstone') buried.resolve();
        },
      });
      await buried.promise;
    };
    await expect(ask('provisioning', { onStep })).rejects.toMatchObject({ retryable: false });
    await purging;
    expect(
      await query('SELECT FROM pg_namespace WHERE nspname = $1', [tenantSchemaName(tenantId, 'primary')]),
    ).toEqual([]);
  });

  it('of a tenant that was never here leaves the tombstone', async () => {
    expect((await ask('purge')).evidence).toMatchObject({
      schemasDropped: [],
      rolesDropped: [],
      remains: { 'tenantry.tombstone': 1 },
    });
    await expect(ask('provisioning', { generation: 1 })).rejects.toMatchObject({ name: 'AlreadyPurged' });
  });
});
