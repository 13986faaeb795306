import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { kitDatabase, servedTenants, type KitDatabase, type ServedTenants } from '@tenantry/testing';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, text as textColumn, uuid } from 'drizzle-orm/pg-core';
import { Pool } from 'pg';
import { Column, DataSource, Entity, PrimaryColumn, type EntityManager } from 'typeorm';
import { tenantDrizzle } from './drizzle.js';
import { pgFacade } from './pg-facade.js';
import { schemaOf } from './schema-of.js';
import type { TenantTransaction } from './tenant-transaction.js';
import type { RunOptions, Tenants } from './tenants.js';
import { tenantManager } from './typeorm.js';

@Entity({ name: 'note' })
class Note {
  @PrimaryColumn({ type: 'uuid', name: 'tenant_id' })
  tenantId: string;
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  text: string;
}

const note = pgTable('note', {
  tenantId: uuid('tenant_id').notNull(),
  id: uuid('id').notNull(),
  text: textColumn('text').notNull(),
});

let database: KitDatabase;
let admin: Pool;
let pool: Pool;
let served: ServedTenants;
let tenants: Tenants;
let dataSource: DataSource;

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 1 });
  pool = new Pool({ connectionString: database.appUrl, max: 4 });
  served = servedTenants(database, pool);
  ({ tenants } = served);
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.appUrl,
    entities: [Note],
    installExtensions: false,
    poolSize: 1,
  }).initialize();
});

afterAll(async () => {
  await dataSource.destroy();
  await Promise.all([admin.end(), pool.end(), served.close()]);
  await database.drop();
});

/** The same few things, in each library's own words. */
interface Notes {
  add(text: string): Promise<unknown>;
  texts(): Promise<string[]>;
  nested(work: (inner: Notes) => Promise<void>): Promise<void>;
  failing(): Promise<unknown>;
}

function typeormNotes(manager: EntityManager, tenantId: string): Notes {
  return {
    add: (text) => manager.save(Note, { tenantId, id: newId(), text }),
    texts: async () => (await manager.find(Note, { order: { text: 'ASC' } })).map(({ text }) => text),
    nested: (work) => manager.transaction((inner) => work(typeormNotes(inner, tenantId))),
    failing: () => manager.query('SELECT 1 / 0'),
  };
}

function drizzleNotes(db: ReturnType<typeof tenantDrizzle>, tenantId: string): Notes {
  return {
    add: (text) => db.insert(note).values({ tenantId, id: newId(), text }),
    texts: async () => (await db.select().from(note).orderBy(note.text)).map((row) => row.text),
    nested: (work) => db.transaction((inner) => work(drizzleNotes(inner, tenantId))),
    failing: () => db.execute(sql`SELECT 1 / 0`),
  };
}

const LIBRARIES = {
  TypeORM: (tx: TenantTransaction) => typeormNotes(tenantManager(dataSource, tx), tx.tenantId),
  Drizzle: (tx: TenantTransaction) => drizzleNotes(tenantDrizzle(tx), tx.tenantId),
};

describe.each(['TypeORM', 'Drizzle'] as const)('%s inside a tenant’s transaction', (library) => {
  describe.each(['pooled', 'schema'] as const)('of a %s tenant', (isolation) => {
    let tenantId: string;
    const run = <T>(work: (notes: Notes, tx: TenantTransaction) => Promise<T>, options?: RunOptions) =>
      tenants.run(tenantId, (tx) => work(LIBRARIES[library](tx), tx), options);
    const saved = (): Promise<string[]> => run((notes) => notes.texts(), { readOnly: true });

    beforeEach(async () => {
      tenantId = await served.activeTenant(isolation);
    });

    it('reads and writes this tenant’s rows only, and commits with the run', async () => {
      const other = await served.activeTenant(isolation);
      await tenants.run(other, (tx) => LIBRARIES[library](tx).add('theirs'));
      await run(async (notes, tx) => {
        await notes.add('mine');
        await tx.query('UPDATE note SET text = $1', ['changed']);
        expect(await notes.texts()).toEqual(['changed']);
      });
      expect(await saved()).toEqual(['changed']);
      await run(async (notes) => {
        await notes.add('lost');
        throw new Error('no');
      }).catch(() => undefined);
      expect(await saved()).toEqual(['changed']);
    });

    it('nests transactions as savepoints, and what comes behind them is in the same transaction', async () => {
      await run(async (notes, tx) => {
        await notes.add('before');
        await notes.nested(async (inner) => {
          await inner.add('inside');
          await inner.nested(async (innermost) => void (await innermost.add('innermost')));
          await inner
            .nested(async (undone) => {
              await undone.add('undone');
              await undone.failing();
            })
            .catch(() => undefined);
        });
        expect(tenants.current()).toBe(tx);
        await notes.add('still in the context');
      });
      expect(await saved()).toEqual(['before', 'innermost', 'inside', 'still in the context']);
    });

    it('is of no use after the run, on whosever connection', async () => {
      const kept = await run(async (notes) => {
        await notes.texts();
        return notes;
      });
      await expect(kept.texts()).rejects.toMatchObject({
        ...(library === 'Drizzle'
          ? { cause: { code: 'tenant-context-missing' } }
          : { driverError: { code: 'tenant-context-missing' } }),
      });
    });

    it('has its serialization failures retried, however it wraps them', async () => {
      await run((notes) => notes.add('first'));
      let attempts = 0;
      await run(
        async (notes, tx) => {
          await notes.texts();
          attempts += 1;
          if (attempts === 1)
            await admin.query(`UPDATE ${schemaOf(isolation, tenantId, 'primary')}.note SET text = 'theirs'`);
          if (library === 'TypeORM')
            await tenantManager(dataSource, tx)
              .createQueryBuilder()
              .update(Note)
              .set({ text: 'ours' })
              .execute();
          else await tenantDrizzle(tx).update(note).set({ text: 'ours' });
        },
        { isolationLevel: 'repeatable read', retries: 1 },
      );
      expect(attempts).toBe(2);
      expect(await saved()).toEqual(['ours']);
    });
  });
});

describe('TypeORM', () => {
  const READ = { text: 'SELECT text FROM note' };

  it('reaches no tenant without a context, and ends no transaction of a tenant', async () => {
    const tenantId = await served.activeTenant();
    await expect(dataSource.query('SELECT * FROM pooled_primary.note')).rejects.toMatchObject({
      code: 'TN002',
    });
    await tenants.run(tenantId, async (tx) => {
      const manager = tenantManager(dataSource, tx);
      await manager.save(Note, { tenantId, id: newId(), text: 'kept' });
      await manager.queryRunner?.startTransaction();
      await manager.queryRunner?.commitTransaction();
      expect(await tx.query(READ.text)).toEqual([{ text: 'kept' }]);
      await manager.queryRunner?.release();
      expect(await tx.query(READ.text)).toEqual([{ text: 'kept' }]);
    });
    expect(await tenants.query(tenantId, READ)).toEqual([{ text: 'kept' }]);
  });

  it('is refused where its entities would not be looked for among the tenant’s tables', async () => {
    const elsewhere = new DataSource({
      type: 'postgres',
      url: database.appUrl,
      entities: [Note],
      schema: 'public',
    });
    await elsewhere.initialize();
    try {
      await tenants.run(await served.activeTenant(), async (tx) => {
        expect(() => tenantManager(elsewhere, tx)).toThrow(/names the schema public/);
      });
    } finally {
      await elsewhere.destroy();
    }
  });
});

describe('Drizzle', () => {
  it('would end the transaction with a plain database over it, which is why it gets a transaction', async () => {
    const tenantId = await served.activeTenant();
    const naive = tenants.run(tenantId, async (tx) => {
      const db = drizzle({ client: pgFacade(tx) as unknown as Pool });
      await db.transaction((inner) => inner.insert(note).values({ tenantId, id: newId(), text: 'x' }));
    });
    await expect(naive).rejects.toMatchObject({ cause: { code: 'tenant-context-missing' } });
  });

  it('may prepare statements, whose names stay here', async () => {
    const tenantId = await served.activeTenant();
    await tenants.run(tenantId, async (tx) => {
      const prepared = tenantDrizzle(tx)
        .select()
        .from(note)
        .where(eq(note.text, sql.placeholder('text')))
        .prepare('by_text');
      expect(await prepared.execute({ text: 'x' })).toEqual([]);
      expect(await prepared.execute({ text: 'y' })).toEqual([]);
      expect(await tx.query('SELECT name FROM pg_prepared_statements')).toEqual([]);
    });
  });
});

describe('the shape of a connection of pg', () => {
  it('takes statements as pg does, and nothing that holds on to the connection', async () => {
    const tenantId = await served.activeTenant();
    await tenants.run(tenantId, async (tx) => {
      const client = pgFacade(tx);
      expect((await client.query('SELECT $1::int AS n', [1])).rows).toEqual([{ n: 1 }]);
      expect((await client.query({ text: 'SELECT $1::int AS n', values: [2] })).rows).toEqual([{ n: 2 }]);
      expect((await client.query({ text: 'SELECT 3', rowMode: 'array' })).rows).toEqual([[3]]);
      const cursor = { text: 'SELECT 1', submit: () => undefined };
      await expect(client.query(cursor)).rejects.toThrow(TypeError);
    });
  });
});
