import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import {
  kitDatabase,
  servedTenants,
  silencingProxy,
  waitFor,
  type KitDatabase,
  type ServedTenants,
} from '@tenantry/testing';
import { Client, Pool } from 'pg';
import { onePlace } from './connection-source.js';
import { Tenants } from './tenants.js';
import { TimedClient } from './timed-client.js';

let database: KitDatabase;
let admin: Pool;
let pool: Pool;
let served: ServedTenants;
let tenants: Tenants;
let tenantId: string;
/** What went over the wire, one entry for each Sync. */
let asked: object[] = [];

class ListeningClient extends Client {
  override query(...args: never[]): never {
    asked.push(args[0]!);
    return Reflect.apply(super.query, this, args) as never;
  }
}

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 3 });
  await admin.query(`ALTER ROLE ${database.logins.app.name} SET deadlock_timeout = '20ms'`);
  pool = new Pool({ connectionString: database.appUrl, max: 6, Client: ListeningClient });
  pool.on('error', () => undefined);
  served = servedTenants(database, pool, {
    limits: ({ plan }) =>
      plan === 'limited' ? { statementTimeoutMs: 100, lockTimeoutMs: 50 } : { statementTimeoutMs: 20_000 },
  });
  ({ tenants } = served);
});

afterAll(async () => {
  await Promise.all([pool.end(), admin.end(), served.close()]);
  await database.drop();
});

beforeEach(async () => {
  tenantId = await served.activeTenant();
  asked = [];
});

const ADD = 'INSERT INTO note (tenant_id, id, text) VALUES ($1, $2, $3)';
const add = (text: string): [string, unknown[]] => [ADD, [tenantId, newId(), text]];
const COUNT = { text: 'SELECT count(*)::int AS notes FROM note' };
const READ_SETTING = `SELECT current_setting($1) AS value`;

async function notes(): Promise<unknown> {
  const [row] = await tenants.query<{ notes: number }>(tenantId, COUNT);
  return row?.notes;
}

describe('round trips', () => {
  it.each(['pooled', 'schema'] as const)(
    'are one for a single statement of a %s tenant',
    async (isolation) => {
      tenantId = await served.activeTenant(isolation);
      asked = [];
      await tenants.query(tenantId, COUNT);
      expect(asked).toHaveLength(1);
      await tenants.run(tenantId, async (tx) => {
        await tx.query(COUNT.text);
        await tx.query(COUNT.text);
      });
      expect(asked).toHaveLength(1 + 3);
    },
  );

  it('begin with the first statement: work that asks nothing takes no connection', async () => {
    expect(await tenants.run(tenantId, async () => 'nothing')).toBe('nothing');
    expect(asked).toEqual([]);
  });

  it('are not waited for at the end of a transaction that only reads', async () => {
    const link = await silencingProxy(database.appUrl);
    const through = new Pool({ connectionString: link.url, max: 1, query_timeout: 300, Client: TimedClient });
    const behind = new Tenants({ connections: onePlace(through), routes: served.routes, store: 'primary' });
    const readAndCut = (readOnly: boolean): Promise<unknown> =>
      behind.run(
        tenantId,
        async (tx) => {
          const rows = await tx.query(COUNT.text);
          link.silence();
          return rows;
        },
        { readOnly },
      );
    try {
      expect(await readAndCut(true)).toEqual([{ notes: 0 }]);
      // The connection is lent until COMMIT is answered, which here it never is.
      expect(through.idleCount).toBe(0);
      await waitFor('the connection to be given up', async () => through.totalCount === 0);
      await expect(readAndCut(false)).rejects.toThrow('Query read timeout');
    } finally {
      await through.end();
      await link.close();
    }
  });
});

describe('options of a run', () => {
  it.each(['read committed', 'repeatable read', 'serializable'] as const)('%s', async (isolationLevel) => {
    const level = await tenants.run(tenantId, (tx) => tx.query(READ_SETTING, ['transaction_isolation']), {
      isolationLevel,
    });
    expect(level).toEqual([{ value: isolationLevel }]);
    const single = { text: READ_SETTING, values: ['transaction_isolation'] };
    expect(await tenants.query(tenantId, single, { isolationLevel })).toEqual(level);
  });

  it('read-only refuses to write, in a statement of its own too', async () => {
    const text = `INSERT INTO note (tenant_id, id, text) VALUES ('${tenantId}', '${tenantId}', 'x')`;
    await expect(tenants.query(tenantId, { text }, { readOnly: true })).rejects.toMatchObject({
      code: '25006',
    });
    await expect(
      tenants.run(tenantId, (tx) => tx.query(text), { readOnly: true, isolationLevel: 'repeatable read' }),
    ).rejects.toMatchObject({ code: '25006' });
  });

  describe('retries', () => {
    /** The first time, somebody else changes the row between what it reads and what it writes. */
    async function overtakenOnce(retries: number, swallows = false): Promise<number> {
      let attempts = 0;
      await tenants.run(
        tenantId,
        async (tx) => {
          await tx.query('SELECT text FROM note');
          attempts += 1;
          if (attempts === 1)
            await admin.query(`UPDATE pooled_primary.note SET text = 'theirs' WHERE tenant_id = $1`, [
              tenantId,
            ]);
          const writing = tx.query('UPDATE note SET text = $1', ['ours']);
          await (swallows ? writing.catch(() => undefined) : writing);
        },
        { isolationLevel: 'repeatable read', retries },
      );
      return attempts;
    }

    it('run the work again after a serialization failure, in a new transaction, and only when asked', async () => {
      await tenants.query(tenantId, { text: ADD, values: [tenantId, newId(), 'first'] });
      await expect(overtakenOnce(0)).rejects.toMatchObject({ code: '40001' });
      expect(await overtakenOnce(1)).toBe(2);
      expect(await tenants.query(tenantId, { text: 'SELECT text FROM note' })).toEqual([{ text: 'ours' }]);
    });

    it('see a failure that the work looked past', async () => {
      await tenants.query(tenantId, { text: ADD, values: [tenantId, newId(), 'first'] });
      await expect(overtakenOnce(0, true)).rejects.toMatchObject({ code: 'transaction-aborted' });
      expect(await overtakenOnce(1, true)).toBe(2);
    });

    it('end a deadlock', async () => {
      const ids = [newId(), newId()];
      for (const id of ids) await tenants.query(tenantId, { text: ADD, values: [tenantId, id, ''] });
      const bothHaveOne = Promise.withResolvers<void>();
      let holding = 0;
      const inOrder = (order: readonly string[], mark: string): Promise<void> =>
        tenants.run(
          tenantId,
          async (tx) => {
            for (const id of order) {
              await tx.query('UPDATE note SET text = text || $2 WHERE id = $1', [id, mark]);
              holding += 1;
              if (holding >= 2) bothHaveOne.resolve();
              await bothHaveOne.promise;
            }
          },
          { retries: 2 },
        );
      await Promise.all([inOrder(ids, 'a'), inOrder([...ids].reverse(), 'b')]);
      const texts = await tenants.query<{ text: string }>(tenantId, { text: 'SELECT text FROM note' });
      expect(texts.map(({ text }) => [...text].sort().join(''))).toEqual(['ab', 'ab']);
    });

    it('are not for errors of the work’s own', async () => {
      let attempts = 0;
      await expect(
        tenants.run(
          tenantId,
          async (tx) => {
            attempts += 1;
            await tx.query('SELECT 1 / 0');
          },
          { retries: 3 },
        ),
      ).rejects.toMatchObject({ code: '22012' });
      expect(attempts).toBe(1);
    });
  });
});

describe('limits', () => {
  it('follow from what is known of the tenant, hold for the first statement, and end with the transaction', async () => {
    const timeout = { text: READ_SETTING, values: ['statement_timeout'] };
    expect(await tenants.query(tenantId, timeout)).toEqual([{ value: '20s' }]);
    served.tell(tenantId, 'ACTIVE', 1, { plan: 'limited', revision: 2 });
    await expect(tenants.query(tenantId, { text: 'SELECT pg_sleep(20)' })).rejects.toMatchObject({
      code: '57014',
    });
    await tenants.run(tenantId, async (tx) => {
      expect(await tx.query(READ_SETTING, ['statement_timeout'])).toEqual([{ value: '100ms' }]);
      expect(await tx.query(READ_SETTING, ['lock_timeout'])).toEqual([{ value: '50ms' }]);
    });
    expect((await pool.query(READ_SETTING, ['statement_timeout'])).rows).toEqual([{ value: '0' }]);
  });

  it('end the wait for a lock', async () => {
    await tenants.query(tenantId, { text: ADD, values: [tenantId, newId(), 'held'] });
    served.tell(tenantId, 'ACTIVE', 1, { plan: 'limited', revision: 2 });
    const holder = await admin.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM pooled_primary.note WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
      await expect(tenants.query(tenantId, { text: 'DELETE FROM note' })).rejects.toMatchObject({
        code: '55P03',
      });
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  });
});

describe('savepoints', () => {
  it('undo what failed behind them, and what is nested in it, and let the rest be saved', async () => {
    await tenants.run(tenantId, async (tx) => {
      await tx.query(...add('before'));
      await expect(
        tx.savepoint(async () => {
          await tx.query(...add('undone'));
          expect(await tx.savepoint(() => tx.query(`${ADD} RETURNING text`, add('undone too')[1]))).toEqual([
            { text: 'undone too' },
          ]);
          await tx.query('SELECT 1 / 0');
        }),
      ).rejects.toMatchObject({ code: '22012' });
      await tx.savepoint(() => tx.query(...add('after')));
    });
    const kept = await tenants.query(tenantId, { text: 'SELECT text FROM note ORDER BY text' });
    expect(kept).toEqual([{ text: 'after' }, { text: 'before' }]);
  });

  it('say when a failure was looked past: what is behind them is not saved', async () => {
    await tenants.run(tenantId, async (tx) => {
      await tx.query(...add('kept'));
      await expect(
        tx.savepoint(async () => {
          await tx.query(...add('lost'));
          await tx.query('nonsense').catch(() => undefined);
        }),
      ).rejects.toMatchObject({ code: 'transaction-aborted' });
    });
    expect(await notes()).toBe(1);
  });

  it('may be the first thing that a transaction does', async () => {
    await tenants.run(tenantId, (tx) => tx.savepoint(() => tx.query(...add('first'))));
    expect(await notes()).toBe(1);
  });
});

describe('rows over a cursor', () => {
  const SERIES = 'SELECT g, $1::text AS note FROM generate_series(1, $2::int) g';

  it('come a batch at a time, and other statements run in between', async () => {
    await tenants.run(tenantId, async (tx) => {
      let seen = 0;
      for await (const { g } of tx.stream<{ g: number }>(SERIES, ['x', 2_050], { batchRows: 100 })) {
        seen += 1;
        expect(g).toBe(seen);
        if (g === 150) await tx.query(...add('meanwhile'));
      }
      expect(seen).toBe(2_050);
      // One round trip a batch, the insert, and the cursor's end; the first one has begun the transaction too.
      expect(asked).toHaveLength(21 + 1 + 1);
    });
    expect(await notes()).toBe(1);
  });

  it('are closed by leaving the loop, and by the end of the transaction', async () => {
    const open = `SELECT count(*)::int AS cursors FROM pg_cursors WHERE name LIKE 'tenantry%'`;
    const rows = await tenants.run(tenantId, async (tx) => {
      for await (const row of tx.stream(SERIES, ['x', 10_000])) {
        expect(row).toEqual({ g: 1, note: 'x' });
        break;
      }
      expect(await tx.query(open)).toEqual([{ cursors: 0 }]);
      return tx.stream(SERIES, ['x', 3]);
    });
    await expect(rows.next()).rejects.toMatchObject({ code: 'tenant-context-missing' });
  });

  it('end with the error of the row that fails, and of a query that is none', async () => {
    const consumed = (text: string, batchRows?: number): Promise<void> =>
      tenants.run(tenantId, async (tx) => {
        const rows = tx.stream(text, [], { ...(batchRows !== undefined && { batchRows }) });
        for await (const row of rows) expect(row).toBeDefined();
      });
    const failing = 'SELECT 1 / (700 - g) FROM generate_series(1, 1000) g';
    await expect(consumed(failing)).rejects.toMatchObject({ code: '22012' });
    await expect(consumed('SELECT 1; COMMIT')).rejects.toMatchObject({ code: '42601' });
    await expect(consumed('SELECT 1', 0)).rejects.toThrow(RangeError);
    expect(await notes()).toBe(0);
  });
});

describe('the end of a transaction', () => {
  it('waits for what is under way, though nobody awaits it', async () => {
    await tenants.run(tenantId, async (tx) => {
      await tx.query(COUNT.text);
      void tx.query(...add('late'));
    });
    expect(await notes()).toBe(1);
  });

  it('is an error when the fence refused, whatever the work made of it', async () => {
    await served.freeze(tenantId);
    const swallowing = tenants.run(tenantId, async (tx) => {
      await tx.query(COUNT.text).catch(() => undefined);
      await expect(tx.query(COUNT.text)).rejects.toMatchObject({ code: 'tenant-suspended' });
    });
    await expect(swallowing).rejects.toMatchObject({ code: 'tenant-suspended' });
  });

  it.each([false, true])(
    'is an error when a statement failed and nobody looked (read-only: %s)',
    async (readOnly) => {
      const swallowing = tenants.run(
        tenantId,
        async (tx) => {
          await tx.query('nonsense').catch(() => undefined);
        },
        { readOnly },
      );
      await expect(swallowing).rejects.toMatchObject({
        code: 'transaction-aborted',
        cause: { code: '42601' },
      });
    },
  );

  it.each(['COMMIT', 'ROLLBACK', 'COMMIT AND CHAIN', 'ABORT AND CHAIN'])(
    'is an error when a single statement is %s',
    async (text) => {
      await expect(tenants.query(tenantId, { text })).rejects.toMatchObject({ code: 'transaction-aborted' });
      expect(await notes()).toBe(0);
    },
  );

  it('tells what COMMIT itself refuses', async () => {
    const name = 'deferred';
    await admin.query(`CREATE TABLE public.${name} (id int, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
      GRANT USAGE ON SCHEMA public TO tenantry_app; GRANT INSERT ON public.${name} TO tenantry_app`);
    const text = `INSERT INTO public.${name} VALUES (1), (1)`;
    await expect(tenants.query(tenantId, { text })).rejects.toMatchObject({ code: '23505' });
    await expect(tenants.run(tenantId, (tx) => tx.query(text))).rejects.toMatchObject({ code: '23505' });
    await waitFor('the connections to come back', async () => pool.idleCount === pool.totalCount);
    expect(await notes()).toBe(0);
  });
});

describe('statements', () => {
  it('may begin beside each other, in one transaction', async () => {
    const ids = await tenants.run(tenantId, (tx) =>
      Promise.all([1, 2, 3].map(() => tx.query('SELECT pg_current_xact_id()::text AS id'))),
    );
    expect(new Set(ids.map(([row]) => JSON.stringify(row))).size).toBe(1);
  });

  it('cannot take rows from a stream that is not there', async () => {
    const copying = { text: 'COPY note FROM STDIN' };
    await expect(tenants.query(tenantId, copying)).rejects.toMatchObject({ code: expect.any(String) });
    await expect(tenants.run(tenantId, (tx) => tx.query(copying.text))).rejects.toMatchObject({
      code: expect.any(String),
    });
    expect(await notes()).toBe(0);
  });

  it('answer with all that the driver knows', async () => {
    const answer = await tenants.run(tenantId, (tx) =>
      tx.execute({ text: 'SELECT 1 AS one, $1::text AS two', values: ['x'], rowMode: 'array' }),
    );
    expect(answer).toMatchObject({ command: 'SELECT', rowCount: 1, rows: [[1, 'x']] });
    expect(answer.fields.map(({ name }) => name)).toEqual(['one', 'two']);
  });

  it('may be empty', async () => {
    expect(await tenants.query(tenantId, { text: '' })).toEqual([]);
  });
});
