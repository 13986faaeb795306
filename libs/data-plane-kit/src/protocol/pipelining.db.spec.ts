import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import {
  kitDatabase,
  meddlingProxy,
  servedTenants,
  type KitDatabase,
  type MeddlingProxy,
  type ServedTenants,
} from '@tenantry/testing';
import { Client, Pool, type QueryConfig } from 'pg';
import { onePlace } from '../connection-source.js';
import { enterStatement } from '../enter-statement.js';
import { ContextSigner } from '../signing/context-signer.js';
import { Tenants } from '../tenants.js';

/**
 * What FENCE.md found to fail where each statement has a Sync of its own, and here does not. Each case is shown with that
 * construction too: where nothing went wrong with it, the case would prove nothing about ours.
 */
let database: KitDatabase;
let admin: Pool;
let proxy: MeddlingProxy;
let served: ServedTenants;
let pool: Pool;
let naive: Client;
let tenants: Tenants;
let tenantId: string;

/** Into a table of all tenants, which no policy protects. */
const INSERT = { text: `INSERT INTO public.shared (text) VALUES ('written')` };

beforeAll(async () => {
  database = await kitDatabase();
  admin = new Pool({ connectionString: database.adminUrl, max: 2 });
  await admin.query(`CREATE TABLE public.shared (text text);
    GRANT USAGE ON SCHEMA public TO tenantry_app; GRANT SELECT, INSERT ON public.shared TO tenantry_app`);
  proxy = await meddlingProxy(database.appUrl);
  pool = new Pool({ connectionString: proxy.url, max: 1 });
  pool.on('error', () => undefined);
  served = servedTenants(database, pool);
  ({ tenants } = served);
});

afterAll(async () => {
  await Promise.all([pool.end(), admin.end(), served.close()]);
  await proxy.close();
  await database.drop();
});

beforeEach(async () => {
  await admin.query('TRUNCATE public.shared');
  naive = new Client({ connectionString: proxy.url, pipeline: true });
  naive.on('error', () => undefined);
  await naive.connect();
  tenantId = await served.activeTenant();
});

afterEach(async () => {
  proxy.meddle(undefined);
  await naive.end();
});

/** BEGIN, enter, the statements and COMMIT, all sent at once, and a Sync behind each. */
async function withSyncsOfTheirOwn(...statements: (QueryConfig | string)[]): Promise<unknown[]> {
  const enter = enterStatement({ tenantId, generation: 1, readOnly: false });
  const sent = ['BEGIN', enter, ...statements, 'COMMIT'].map((one) => naive.query(one));
  return (await Promise.allSettled(sent)).map((one) =>
    one.status === 'fulfilled' ? one.value.command : ((one.reason as { code?: string }).code ?? one.reason),
  );
}

/** As a cancel does that arrives with it, only that this one always does. */
function failNextBegin(): void {
  let done = false;
  proxy.meddle((sent) => {
    const at = done ? -1 : sent.indexOf('BEGIN');
    if (at < 0) return sent;
    done = true;
    sent.write('BEGIX', at);
    return sent;
  });
}

async function written(): Promise<number> {
  return (await admin.query('SELECT FROM public.shared')).rowCount ?? NaN;
}

const FAILING = {
  text: 'INSERT INTO public.shared (text) VALUES ($1)',
  values: [
    {
      toPostgres: () => {
        throw new Error('no text');
      },
    },
  ],
};

describe('a BEGIN that fails', () => {
  it('has nothing run behind it', async () => {
    failNextBegin();
    await expect(tenants.query(tenantId, INSERT)).rejects.toMatchObject({ code: '42601' });
    expect(await written()).toBe(0);
    failNextBegin();
    await expect(tenants.run(tenantId, (tx) => tx.query(INSERT.text))).rejects.toMatchObject({
      code: '42601',
    });
    expect(await written()).toBe(0);
    failNextBegin();
    expect(await withSyncsOfTheirOwn(INSERT)).toEqual(['42601', 'SELECT', 'INSERT', 'COMMIT']);
    expect(await written()).toBe(1);
  });

  it('does not let a context show that was left on the session', async () => {
    const other = await served.activeTenant();
    const note = {
      text: `INSERT INTO note (tenant_id, id, text) VALUES ($1, $1, 'theirs')`,
      values: [other],
    };
    await tenants.query(other, note);
    const plant = `SELECT set_config('tenantry.tenant', '${other}', false)`;
    const client = await pool.connect();
    await client.query(plant);
    client.release();
    await naive.query(plant);
    const read = 'SELECT text FROM pooled_primary.note';
    failNextBegin();
    await expect(tenants.query(tenantId, { text: read })).rejects.toMatchObject({ code: '42601' });
    failNextBegin();
    const enter = enterStatement({ tenantId, generation: 1, readOnly: false });
    const [, , rows] = await Promise.allSettled([
      naive.query('BEGIN'),
      naive.query(enter),
      naive.query(read),
    ]);
    expect(rows).toMatchObject({ value: { rows: [{ text: 'theirs' }] } });
  });
});

describe('a fence that refuses', () => {
  it('has nothing run behind it, and is what the caller hears', async () => {
    await served.freeze(tenantId);
    await expect(tenants.query(tenantId, INSERT)).rejects.toMatchObject({ code: 'tenant-suspended' });
    expect(await written()).toBe(0);
    // COMMIT resolves: whoever does not look at what it answered believes that it was saved.
    expect(await withSyncsOfTheirOwn(INSERT)).toEqual(['BEGIN', 'TN006', '25P02', 'ROLLBACK']);
  });
});

describe('what fails before it is sent', () => {
  it('is nothing behind which a statement without a context could run: the fence’s own parameters', async () => {
    const broken = new ContextSigner({
      key: () => {
        throw new Error('no key');
      },
    });
    const unsigned = new Tenants({
      connections: onePlace(pool),
      routes: served.routes,
      store: 'primary',
      signer: broken,
    });
    await expect(unsigned.query(tenantId, INSERT)).rejects.toThrow('no key');
    expect(await written()).toBe(0);
    const enter = { text: 'SELECT tenantry.enter($1, 1, $2)', values: [tenantId, FAILING.values[0]] };
    const sent = ['BEGIN', enter, INSERT, 'COMMIT'].map((one) => naive.query(one));
    expect((await Promise.allSettled(sent)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await written()).toBe(1);
  });

  it('takes along what was written before it', async () => {
    await expect(
      tenants.run(tenantId, async (tx) => {
        await tx.query(INSERT.text);
        // Nobody looks at it.
        tx.execute(FAILING).catch(() => undefined);
      }),
    ).rejects.toMatchObject({ code: 'transaction-aborted', cause: { message: 'no text' } });
    await expect(tenants.query(tenantId, FAILING)).rejects.toThrow('no text');
    expect(await written()).toBe(0);
    expect(await withSyncsOfTheirOwn(INSERT, FAILING)).toEqual([
      'BEGIN',
      'SELECT',
      'INSERT',
      expect.any(Error),
      'COMMIT',
    ]);
    expect(await written()).toBe(1);
  });

  it('can be gone back over, like any other failure behind a savepoint', async () => {
    await tenants.run(tenantId, async (tx) => {
      await tx.query(INSERT.text);
      await expect(tx.savepoint(() => tx.execute(FAILING))).rejects.toThrow('no text');
    });
    expect(await written()).toBe(1);
  });
});

describe('a connection that is cut at any byte', () => {
  it('leaves all or nothing, and what was acknowledged is there', async () => {
    let length = 0;
    proxy.meddle((sent) => {
      length = sent.length;
      return sent;
    });
    const twoRows = (text: string): { text: string } => ({
      text: `INSERT INTO public.shared (text) VALUES ('${text}'), ('${text}')`,
    });
    const text = newId();
    await tenants.query(tenantId, twoRows(text));
    proxy.meddle(undefined);
    const outcomes: { readonly acknowledged: boolean; readonly rows: number | null }[] = [];
    for (let cut = 1; cut <= length; cut += Math.ceil(length / 40)) {
      const mark = newId();
      // The connection may have to be made anew, which is not to be cut.
      await pool.query('SELECT 1');
      let passed = 0;
      proxy.meddle((sent) => {
        passed += sent.length;
        return sent.subarray(0, sent.length - Math.max(0, passed - cut));
      });
      const acknowledged = await tenants.query(tenantId, twoRows(mark)).then(
        () => true,
        () => false,
      );
      proxy.meddle(undefined);
      const { rowCount } = await admin.query('SELECT FROM public.shared WHERE text = $1', [mark]);
      outcomes.push({ acknowledged, rows: rowCount });
    }
    expect(outcomes.filter(({ rows }) => rows !== 0 && rows !== 2)).toEqual([]);
    expect(outcomes.filter(({ acknowledged, rows }) => acknowledged && rows !== 2)).toEqual([]);
    expect(outcomes.length).toBeGreaterThanOrEqual(30);
  });
});
