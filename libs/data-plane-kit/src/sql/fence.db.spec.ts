import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { kitDatabase, type KitDatabase, waitFor } from '@tenantry/testing';
import { Pool, type PoolClient } from 'pg';

let database: KitDatabase;
let app: Pool;
let provisioner: Pool;

beforeAll(async () => {
  database = await kitDatabase();
  app = new Pool({ connectionString: database.appUrl, max: 20 });
  provisioner = new Pool({ connectionString: database.provisionerUrl, max: 4 });
});

afterAll(async () => {
  await app.end();
  await provisioner.end();
  await database.drop();
});

/** Runs statements in one transaction that is rolled back, and gives the SQLSTATE and DETAIL of what failed. */
async function refusal(
  pool: Pool,
  ...statements: [string, unknown[]?][]
): Promise<{ code?: string; detail?: string }> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    for (const [text, values] of statements) await client.query(text, values);
    return {};
  } catch (error) {
    const { code, detail } = error as { code?: string; detail?: string };
    return { ...(code && { code }), ...(detail && { detail }) };
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

function setFence(tenantId: string, generation: number, access: string): Promise<unknown> {
  return provisioner.query('SELECT tenantry.set_fence($1, $2, $3)', [tenantId, generation, access]);
}

function enter(tenantId: string, generation: number, mode = 'w'): [string, unknown[]] {
  return ['SELECT tenantry.enter($1, $2, $3)', [tenantId, generation, mode]];
}

describe('enter', () => {
  it('lets in whoever knows the generation of an open fence', async () => {
    const tenantId = newId();
    await setFence(tenantId, 3, 'open');
    expect(await refusal(app, enter(tenantId, 3), ['SELECT tenantry.current_tenant()'])).toEqual({});
  });

  it('refuses with TN001 where there is no fence, or a frozen one', async () => {
    const tenantId = newId();
    expect(await refusal(app, enter(tenantId, 1))).toEqual({ code: 'TN001', detail: 'absent' });
    await setFence(tenantId, 1, 'frozen');
    expect(await refusal(app, enter(tenantId, 1))).toEqual({ code: 'TN001', detail: 'frozen' });
  });

  it('lets only readers through a read-only fence, and holds them to it', async () => {
    const tenantId = newId();
    await setFence(tenantId, 1, 'read_only');
    expect(await refusal(app, enter(tenantId, 1, 'w'))).toEqual({ code: 'TN001', detail: 'read_only' });
    const insert: [string, unknown[]] = [
      'INSERT INTO pooled_primary.note VALUES ($1, $1, $2)',
      [tenantId, 'x'],
    ];
    expect(await refusal(app, enter(tenantId, 1, 'r'), ['SELECT FROM pooled_primary.note'])).toEqual({});
    expect(await refusal(app, enter(tenantId, 1, 'r'), insert)).toMatchObject({ code: '25006' });
    expect(
      await refusal(app, enter(tenantId, 1, 'r'), [
        `SELECT set_config('transaction_read_only', 'off', true)`,
      ]),
    ).toMatchObject({ code: '25001' });
  });

  it('refuses a second tenant in one transaction with TN004', async () => {
    const [a, b] = [newId(), newId()];
    await setFence(a, 1, 'open');
    await setFence(b, 1, 'open');
    expect(await refusal(app, enter(a, 1), enter(b, 1))).toMatchObject({ code: 'TN004' });
    expect(await refusal(app, enter(a, 1), enter(a, 1))).toEqual({});
  });

  it('refuses older routes with TN006 and newer ones with TN007', async () => {
    const tenantId = newId();
    await setFence(tenantId, 2, 'open');
    expect(await refusal(app, enter(tenantId, 1))).toEqual({ code: 'TN006', detail: 'open' });
    expect(await refusal(app, enter(tenantId, 3))).toEqual({ code: 'TN007', detail: 'open' });
  });

  it('turns new entrants away with TN005 while a freezer waits behind a running transaction', async () => {
    const tenantId = newId();
    await setFence(tenantId, 1, 'open');
    const inside = await app.connect();
    await inside.query('BEGIN');
    await inside.query(...enter(tenantId, 1));
    const freezing = setFence(tenantId, 2, 'frozen');
    await waitFor('the freezer to wait', async () => (await waiters()) > 0);
    expect(await refusal(app, enter(tenantId, 1))).toMatchObject({ code: 'TN005' });
    await inside.query('COMMIT');
    inside.release();
    await freezing;
    expect(await refusal(app, enter(tenantId, 2))).toMatchObject({ code: 'TN001' });
  });

  it('is what FENCE demands: volatile, so that the fence is read after the lock, and with a fixed search path', async () => {
    const { rows } = await provisioner.query(
      `SELECT provolatile::text AS volatility, lanname AS language, prosecdef AS definer, proconfig AS settings, pg_get_userbyid(proowner) AS owner
       FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid = 'tenantry.enter(uuid, bigint, text)'::regprocedure`,
    );
    expect(rows).toEqual([
      {
        volatility: 'v',
        language: 'plpgsql',
        definer: true,
        settings: ['search_path=pg_catalog, pg_temp'],
        owner: 'tenantry_kit',
      },
    ]);
  });

  it('locks the fence row where a snapshot could be older than the lock', async () => {
    const tenantId = newId();
    await setFence(tenantId, 1, 'open');
    const client = await app.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await client.query('SELECT 1');
      await setFence(tenantId, 2, 'frozen');
      await expect(client.query(...enter(tenantId, 1))).rejects.toMatchObject({ code: '40001' });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

describe('no context', () => {
  it.each([
    'SELECT FROM pooled_primary.note',
    `UPDATE pooled_primary.note SET text = ''`,
    'DELETE FROM pooled_primary.note',
  ])('refuses %s with TN002', async (statement) => {
    expect(await refusal(app, [statement])).toMatchObject({ code: 'TN002' });
  });

  it('refuses the owner of the tables too', async () => {
    expect(await refusal(provisioner, ['SELECT FROM pooled_primary.note'])).toMatchObject({ code: 'TN002' });
  });

  it('refuses an insert, and ends with the transaction on the same connection', async () => {
    const tenantId = newId();
    await setFence(tenantId, 1, 'open');
    const client = await app.connect();
    try {
      await client.query('BEGIN');
      await client.query(...enter(tenantId, 1));
      await client.query('INSERT INTO pooled_primary.note VALUES ($1, $1, $2)', [tenantId, 'x']);
      await client.query('COMMIT');
      await expect(client.query('SELECT FROM pooled_primary.note')).rejects.toMatchObject({ code: 'TN002' });
      await expect(
        client.query('INSERT INTO pooled_primary.note VALUES ($1, $1, $2)', [tenantId, 'y']),
      ).rejects.toMatchObject({ code: 'TN002' });
    } finally {
      client.release();
    }
  });
});

describe('maintain and the writers of the fence', () => {
  it('are not for the serving login', async () => {
    const tenantId = newId();
    for (const call of [
      'maintain($1, 1)',
      `set_fence($1, 1, 'open')`,
      'bury($1, 1)',
      'drop_fence($1)',
      'terminate_holders($1)',
      'lock_key($1)',
    ]) {
      expect(await refusal(app, [`SELECT tenantry.${call}`, [tenantId]])).toMatchObject({ code: '42501' });
    }
    expect(await refusal(provisioner, enter(tenantId, 1))).toMatchObject({ code: '42501' });
  });

  it('refuse a request that is older than the fence', async () => {
    const tenantId = newId();
    await setFence(tenantId, 5, 'open');
    expect(await refusal(provisioner, ['SELECT tenantry.maintain($1, 4)', [tenantId]])).toMatchObject({
      code: 'TN006',
    });
    expect(
      await refusal(provisioner, [`SELECT tenantry.set_fence($1, 4, 'frozen')`, [tenantId]]),
    ).toMatchObject({ code: 'TN006' });
    expect(await refusal(provisioner, ['SELECT tenantry.bury($1, 4)', [tenantId]])).toMatchObject({
      code: 'TN006',
    });
    expect(await refusal(provisioner, ['SELECT tenantry.maintain($1, 5)', [tenantId]])).toEqual({});
  });

  it('refuse a tenant that was purged, whatever its generation', async () => {
    const tenantId = newId();
    await provisioner.query('SELECT tenantry.bury($1, 7)', [tenantId]);
    await provisioner.query('SELECT tenantry.drop_fence($1)', [tenantId]);
    expect(await refusal(provisioner, ['SELECT tenantry.maintain($1, 6)', [tenantId]])).toMatchObject({
      code: 'TN008',
    });
    expect(
      await refusal(provisioner, [`SELECT tenantry.set_fence($1, 8, 'open')`, [tenantId]]),
    ).toMatchObject({ code: 'TN008' });
    expect(await refusal(app, enter(tenantId, 7))).toEqual({ code: 'TN001', detail: 'absent' });
  });
});

describe('what a session of the application may not do', () => {
  it.each([
    ['hold advisory locks', 'SELECT pg_advisory_lock(1)'],
    ['hold shared advisory locks', 'SELECT pg_try_advisory_xact_lock_shared(1, 2)'],
    ['make temporary tables', 'CREATE TEMP TABLE note (id int)'],
    ['read the fence', 'SELECT FROM tenantry.fence'],
    ['read the inbox', 'SELECT FROM tenantry.inbox'],
    ['answer for the participant', `INSERT INTO tenantry.acknowledgement_outbox (envelope) VALUES ('{}')`],
    ['empty a tenant table', 'TRUNCATE pooled_primary.attachment'],
    ['write a global table', `INSERT INTO pooled_primary.currency VALUES ('EUR')`],
    ['become the provisioner', 'SET ROLE tenantry_provisioner'],
  ])('%s', async (_what, statement) => {
    expect(await refusal(app, [statement])).toMatchObject({ code: '42501' });
  });
});

describe('freezing', () => {
  // FENCE.md counted thousands of late rows for constructions that look the same; the moment that counts is the commit.
  it('lets no write commit after it has', async () => {
    const tenantId = newId();
    await setFence(tenantId, 1, 'open');
    let writing = true;
    let written = 0;
    const writers = Array.from({ length: 8 }, async () => {
      while (writing) if (await writeOnce(tenantId)) written += 1;
    });
    let late = 0;
    for (let round = 0; round < 40; round += 1) {
      await waitFor('writers to be at it', async () => written >= (round + 1) * 5, 20_000);
      await setFence(tenantId, 1, 'frozen');
      const frozen = await rowCount(tenantId);
      for (let look = 0; look < 5; look += 1) late += (await rowCount(tenantId)) - frozen;
      await setFence(tenantId, 1, 'open');
    }
    writing = false;
    await Promise.all(writers);
    expect(written).toBeGreaterThanOrEqual(200);
    expect(late).toBe(0);
  }, 60_000);

  it('can end the transactions that keep it waiting', async () => {
    const tenantId = newId();
    await setFence(tenantId, 1, 'open');
    const stuck = await app.connect();
    const lost = new Promise<Error>((resolve) => stuck.on('error', resolve));
    await stuck.query('BEGIN');
    await stuck.query(...enter(tenantId, 1));
    const { rows } = await provisioner.query<{ ended: number }>(
      'SELECT tenantry.terminate_holders($1) AS ended',
      [tenantId],
    );
    expect(rows[0]?.ended).toBe(1);
    await lost;
    stuck.release(true);
    await setFence(tenantId, 2, 'frozen');
  });
});

/** Whether one row was committed; not when the fence was closed. */
async function writeOnce(tenantId: string): Promise<boolean> {
  const client: PoolClient = await app.connect();
  try {
    await client.query('BEGIN');
    await client.query(...enter(tenantId, 1));
    await client.query('INSERT INTO pooled_primary.note VALUES ($1, $2, $3)', [tenantId, newId(), 'x']);
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    if (['TN001', 'TN005'].includes((error as { code: string }).code)) return false;
    throw error;
  } finally {
    client.release();
  }
}

async function rowCount(tenantId: string): Promise<number> {
  const client = await provisioner.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('tenantry.tenant', $1, true)`, [tenantId]);
    const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM pooled_primary.note');
    return rows[0]!.n;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

async function waiters(): Promise<number> {
  const { rows } = await provisioner.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]!.n;
}
