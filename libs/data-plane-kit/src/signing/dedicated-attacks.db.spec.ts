import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantDatabaseName } from '@tenantry/contracts';
import { Attacker, Rows, type Victim } from './testing/attacker.js';
import { ATTACKS } from './testing/attacks.js';
import { functionCalls } from './testing/function-calls.js';
import { type AppSession, SignedWorld, SIGNINGS } from './testing/signed-world.js';

let world: SignedWorld;
let own: string;
/** Tenants of every model, in the databases where they are. */
let victims: { readonly victim: Victim; readonly database: string }[];

beforeAll(async () => {
  world = await SignedWorld.make({ tenantDatabases: true });
  await world.install(SIGNINGS.mac);
  own = await world.tenant('database', 'the attacker’s own');
  const tables = await world.tenantTables();
  const shared = new URL(world.database.adminUrl).pathname.slice(1);
  const made = async (model: 'pooled' | 'database'): Promise<(typeof victims)[number]> => {
    const secret = `secret of the victim that is ${model}`;
    const tenantId = await world.tenant(model, secret);
    const database = model === 'database' ? tenantDatabaseName(tenantId, 'primary') : shared;
    // Its rows are in the shared layout wherever it lives.
    return { victim: { tenantId, schema: 'pooled_primary', secret, model: 'pooled', tables }, database };
  };
  victims = [await made('pooled'), await made('database')];
}, 60_000);

afterAll(() => world.drop());

async function inOwnDatabase<T>(work: (session: AppSession) => Promise<T>): Promise<T> {
  const session = await world.appSession(world.dedicatedUrl(own));
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

describe('the login of a tenant with a database of its own', () => {
  it.each([true, false])('serves it, whether the service signs or not (%s)', async (signed) => {
    const notes = await inOwnDatabase(async (session) => {
      await session.rows('BEGIN');
      await session.enter(own, { signed });
      return session.rows('SELECT text FROM pooled_primary.note');
    });
    expect(notes).toEqual([{ text: 'the attacker’s own' }]);
  });

  it('finds no key there to sign with', async () => {
    const admin = world.adminOf(tenantDatabaseName(own, 'primary'));
    const { rows } = await admin.query('SELECT FROM tenantry.context_key');
    expect(rows).toEqual([]);
  });

  it('connects to no database of anybody else', async () => {
    const { rows } = await world.admin.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname = ANY ($1) OR datname ~ '^tenantry_template_'`,
      [victims.map(({ database }) => database)],
    );
    expect(rows.length).toBeGreaterThan(victims.length);
    for (const { name } of rows)
      await expect(world.appSession(world.dedicatedUrl(own, name))).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|55000)$/),
      });
  });

  it('cannot be taken by the login that serves the shared tables', async () => {
    const session = await world.appSession();
    for (const name of [own, victims[1]!.victim.tenantId].map((id) => tenantDatabaseName(id, 'primary'))) {
      expect(await session.attempt(`SET ROLE ${name}`)).toMatchObject({ code: '42501' });
      const url = new URL(world.database.appUrl);
      url.pathname = `/${name}`;
      await expect(world.appSession(url.href)).rejects.toMatchObject({ code: '42501' });
    }
    await session.end();
  });

  it('reaches nobody else with any SQL from its own database', async () => {
    const roles = ['tenantry_app', 'tenantry_dedicated', ...victims.map(({ database }) => database)];
    for (const { victim, database } of victims) {
      const rows = await Rows.of(world.adminOf(database), victim);
      await inOwnDatabase(async (session) => {
        const attacker = new Attacker(session, own, victim, '');
        await session.rows('BEGIN');
        await session.enter(own, { signed: true });
        for (const { steps } of ATTACKS) for (const step of steps(victim, attacker)) await attacker.try(step);
        for (const { calls } of await functionCalls(world.admin, victim, session))
          for (const call of calls) await attacker.try(call);
        for (const role of roles)
          for (const text of [`SET ROLE "${role}"`, `GRANT "${role}" TO CURRENT_USER`])
            await attacker.try(text);
        for (const extension of ['dblink', 'postgres_fdw', 'file_fdw'])
          await attacker.try(`CREATE EXTENSION ${extension}`);
        await attacker.try(`CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw`);
        await attacker.try(`ALTER DATABASE "${database}" OWNER TO CURRENT_USER`);
        await attacker.try(`DROP DATABASE "${database}"`);
        await attacker.loot();
        await session.rows('COMMIT');
        expect(attacker.sawSecret).toBe(false);
      });
      expect(await rows.changed()).toBe(false);
    }
  });
});
