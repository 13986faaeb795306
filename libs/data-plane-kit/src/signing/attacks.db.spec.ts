import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import { DatabaseError } from 'pg';
import { Attacker, Rows, type Victim } from './testing/attacker.js';
import { ATTACKS, type Attack } from './testing/attacks.js';
import { functionCalls } from './testing/function-calls.js';
import { HARVEST, PLANTS } from './testing/plants.js';
import { type AppSession, KEY, OTHER_KEY, SignedWorld, signer, SIGNINGS } from './testing/signed-world.js';

type Mode = keyof typeof SIGNINGS;

let world: SignedWorld;
let own: string;
let victims: Record<Victim['model'], Victim>;

beforeAll(async () => {
  world = await SignedWorld.make();
  own = await world.tenant('pooled', 'the attacker’s own');
  const tables = await world.tenantTables();
  const victim = async (model: Victim['model']): Promise<Victim> => {
    const secret = `secret of the ${model} victim`;
    const tenantId = await world.tenant(model, secret);
    const schema = model === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary';
    // In a schema of its own even a table without the tenant column is the tenant's: it has the guard alone.
    if (model === 'schema') await world.admin.query(`INSERT INTO ${schema}.currency VALUES ($1)`, [secret]);
    return { tenantId, schema, secret, model, tables };
  };
  victims = { pooled: await victim('pooled'), schema: await victim('schema') };
  await world.admin.query('ANALYZE');
});

afterAll(() => world.drop());

/** Lets the attacker try it in its own context and again without one. @returns whether it got at the victim's rows. */
async function crosses(
  mode: Mode,
  victim: Victim,
  work: (attacker: Attacker) => Promise<void>,
  savepoint?: string,
): Promise<boolean> {
  const signed = mode !== 'off';
  const rows = await Rows.of(world.admin, victim);
  const session = await world.appSession();
  try {
    const attacker = new Attacker(session, own, victim, await markerOf(session, victim, signed));
    await session.rows('BEGIN');
    if (savepoint) await session.rows(`SAVEPOINT ${savepoint}`);
    await session.enter(own, { signed });
    const attack = async (): Promise<void> => {
      await work(attacker);
      await attacker.loot();
      // Whatever the attacker left open, since the rows could not be put back behind it.
      await session.rows('COMMIT');
    };
    await attack();
    await attack();
    const wrote = await rows.changed();
    return wrote || attacker.sawSecret;
  } finally {
    await session.end();
  }
}

/** What the attacker could have kept of a transaction of the victim's on the same connection. */
async function markerOf(session: AppSession, { tenantId }: Victim, signed: boolean): Promise<string> {
  await session.rows('BEGIN');
  await session.enter(tenantId, { signed });
  const [row] = await session.rows(`SELECT coalesce(current_setting('tenantry.ctx', true), '') AS marker`);
  await session.rows('COMMIT');
  return (row as { marker: string }).marker;
}

/** A tenant's own database holds nobody else, whatever its contexts are marked by: dedicated-attacks.db.spec.ts. */
const PAIRS: readonly [Mode, Victim['model']][] = [
  ['off', 'pooled'],
  ['off', 'schema'],
  ['mac', 'pooled'],
  ['mac', 'schema'],
  ['setting', 'pooled'],
  ['setting', 'schema'],
];

describe.each(PAIRS)('signing %s, an attacker after a tenant of the model %s', (mode, model) => {
  beforeAll(() => world.install(SIGNINGS[mode]));

  it.each<Attack>([...ATTACKS])('$name', async ({ steps, savepoint, unsigned }) => {
    const crossed = await crosses(
      mode,
      victims[model],
      async (attacker) => {
        for (const step of steps(attacker.victim, attacker)) await attacker.try(step);
      },
      savepoint,
    );
    expect(crossed).toBe(mode === 'off' && unsigned === 'crosses');
  });

  it('calls every function of the kit', async () => {
    const called: string[] = [];
    const crossed = await crosses(mode, victims[model], async (attacker) => {
      // Inside its context that changes nothing; without one it makes a transaction of its own to try in.
      await attacker.try('BEGIN');
      for (const { name, calls } of await functionCalls(world.admin, attacker.victim, attacker.session)) {
        for (const call of calls) await attacker.try(call);
        called.push(name);
      }
    });
    expect(called).toEqual(expect.arrayContaining(['current_tenant()', 'set_fence(uuid, bigint, text)']));
    expect(called.length).toBeGreaterThanOrEqual(2 * 12);
    // Unsigned, enter opens whatever it is asked for.
    expect(crossed).toBe(mode === 'off' && model === 'pooled');
  });

  it('shows tokens of the victim that it got hold of elsewhere', async () => {
    const { tenantId } = victims[model];
    const terms = { tenantId, generation: 1, readOnly: false };
    const elsewhere = await world.appSession();
    const stolen = [
      signer().sign(terms, elsewhere.backendPid),
      signer(KEY, 'none', -5001).sign(terms, 0),
      signer(OTHER_KEY).sign(terms, 0),
    ];
    const crossed = await crosses(mode, victims[model], async (attacker) => {
      for (const { expiresAt, keyId, mac, pid } of stolen) {
        const values = [tenantId, 1, 'w', expiresAt, keyId, mac, pid];
        await attacker.try('SELECT tenantry.enter($1, $2, $3, $4, $5, $6, $7)', values);
        // As if it were for this connection, or for any.
        await attacker.try(
          'SELECT tenantry.enter($1, $2, $3, $4, $5, $6, pg_backend_pid())',
          values.slice(0, 6),
        );
        await attacker.try('SELECT tenantry.enter($1, $2, $3, $4, $5, $6, 0)', values.slice(0, 6));
        if (model === 'schema') await attacker.try(`SET ROLE ${victims[model].schema}`);
      }
    });
    await elsewhere.end();
    expect(crossed).toBe(false);
  });

  it.each(Object.keys(PLANTS))('plants %s for the next borrower', async (plant) => {
    const victim = victims[model];
    const rows = await Rows.of(world.admin, victim);
    const session = await world.appSession();
    const attacker = new Attacker(session, own, victim, '');
    try {
      await session.rows('BEGIN');
      await session.enter(own, { signed: mode !== 'off' });
      for (const statement of PLANTS[plant]!(own)) await attacker.try(statement);
      await session.rows('COMMIT');
      for (const statement of PLANTS[plant]!(own)) await attacker.try(statement);
      const served = await serve(session, victim, mode !== 'off');
      expect(await rows.added()).toBe(served ? 1 : 0);
      for (const statement of HARVEST) await attacker.try(statement);
      await attacker.loot();
      expect(attacker.sawSecret).toBe(false);
    } finally {
      await session.end();
      await rows.changed();
    }
  });
});

/** What the kit does for the victim on a connection that was not cleaned. @returns whether it was served. */
async function serve(session: AppSession, victim: Victim, signed: boolean): Promise<boolean> {
  try {
    await session.rows('BEGIN');
    await session.enter(victim.tenantId, { signed });
    if (victim.model === 'schema') await session.rows(`SET LOCAL ROLE ${victim.schema}`);
    await session.rows(`SET LOCAL search_path TO ${victim.schema}, pg_temp`);
    await session.rows('INSERT INTO note VALUES ($1, gen_random_uuid(), $2)', [
      victim.tenantId,
      victim.secret,
    ]);
    expect(await session.rows('SELECT DISTINCT text FROM note')).toEqual([{ text: victim.secret }]);
    await session.rows('COMMIT');
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    await session.rows('ROLLBACK');
    return false;
  }
}
