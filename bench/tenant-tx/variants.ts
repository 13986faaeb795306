import type { Tenants } from '@tenantry/data-plane-kit';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { READ, type Documents } from './documents.ts';

/** One way to read a tenant's documents. */
export interface Variant {
  readonly name: string;
  /** Answers with how many there were. */
  read(tenantId: string): Promise<number>;
  close(): Promise<void>;
}

/** Where a database is reached: as it is, or through something that delays. */
export type Way = (url: string) => string;

const ENTER_BY_HAND = `SELECT set_config('tenantry.tenant', $1, true)`;

/** The same statement with nobody in between: what no construction can be faster than. */
function unscoped({ unscopedUrl }: Documents, way: Way, max: number): Variant {
  const pool = new pg.Pool({ connectionString: way(unscopedUrl), max });
  return {
    name: 'unscoped',
    read: async (tenantId) => (await pool.query(READ, [tenantId])).rows.length,
    close: () => pool.end(),
  };
}

/** What people write: BEGIN, set_config, the statement, COMMIT, each awaited. */
function byHand({ appUrl }: Documents, way: Way, max: number): Variant {
  const pool = new pg.Pool({ connectionString: way(appUrl), max });
  return {
    name: 'four round trips',
    async read(tenantId) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(ENTER_BY_HAND, [tenantId]);
        const { rows } = await client.query(READ, [tenantId]);
        await client.query('COMMIT');
        return rows.length;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

async function typeorm({ appUrl }: Documents, way: Way, max: number): Promise<Variant> {
  const source = new DataSource({
    type: 'postgres',
    url: way(appUrl),
    poolSize: max,
    installExtensions: false,
  });
  await source.initialize();
  return {
    name: 'TypeORM transaction',
    read: (tenantId) =>
      source.transaction(async (manager) => {
        await manager.query(ENTER_BY_HAND, [tenantId]);
        const rows: unknown[] = await manager.query(READ, [tenantId]);
        return rows.length;
      }),
    close: () => source.destroy(),
  };
}

const document = pgTable('document', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid('id').notNull(),
  title: text('title').notNull(),
});

/** As Drizzle's documentation shows row-level security: a transaction that begins with set_config. */
function drizzleRls({ appUrl }: Documents, way: Way, max: number): Variant {
  const pool = new pg.Pool({ connectionString: way(appUrl), max });
  const db = drizzle({ client: pool });
  return {
    name: 'Drizzle with RLS',
    read: (tenantId) =>
      db.transaction(async (tx) => {
        await tx.execute(sql`SELECT set_config('tenantry.tenant', ${tenantId}, true)`);
        const { id, title } = document;
        const rows = await tx.select({ id, title }).from(document).where(eq(document.tenantId, tenantId));
        return rows.length;
      }),
    close: () => pool.end(),
  };
}

function kit(
  name: string,
  documents: Documents,
  way: Way,
  max: number,
  read: (tenants: Tenants, tenantId: string) => Promise<object[]>,
): Variant {
  const pool = new pg.Pool({ connectionString: way(documents.appUrl), max });
  const tenants = documents.tenantsOver(pool);
  return {
    name,
    read: async (tenantId) => (await read(tenants, tenantId)).length,
    close: () => pool.end(),
  };
}

const single = (tenants: Tenants, tenantId: string): Promise<object[]> =>
  tenants.query(tenantId, { text: READ, values: [tenantId] });

export interface Databases {
  readonly unsigned: Documents;
  readonly mac: Documents;
  readonly setting: Documents;
}

/** All of them, each with connections of its own, one a client. */
export async function variants(
  { unsigned, mac, setting }: Databases,
  way: Way,
  clients: number,
): Promise<Variant[]> {
  return [
    unscoped(unsigned, way, clients),
    byHand(unsigned, way, clients),
    await typeorm(unsigned, way, clients),
    drizzleRls(unsigned, way, clients),
    kit('query', unsigned, way, clients, single),
    // Twice the connections: a reader goes on while its own is still being given back.
    kit('run, one read', unsigned, way, 2 * clients, (tenants, tenantId) =>
      tenants.run(tenantId, (tx) => tx.query(READ, [tenantId]), { readOnly: true }),
    ),
    kit('query, signed (mac)', mac, way, clients, single),
    kit('query, signed (setting)', setting, way, clients, single),
  ];
}
