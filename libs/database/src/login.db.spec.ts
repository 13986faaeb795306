import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { ensureLogin } from './login.js';
import { UnfitLogin } from './login-judgement.js';
import { pgExecutor } from './pg-executor.js';
import type { SqlExecutor } from './sql-executor.js';

const PREFIX = `tnt_test_login_${randomBytes(5).toString('hex')}`;
const GROUP = { name: `${PREFIX}_group`, brings: `^${PREFIX}_brought` };
const PASSWORD = `a'b$login$"\\`;

describe('a login', () => {
  let database: TestDatabase;
  let client: Client;
  let sql: SqlExecutor;

  beforeAll(async () => {
    database = await testDatabase();
    client = new Client({ connectionString: database.adminUrl });
    await client.connect();
    sql = pgExecutor(client);
    await client.query(`CREATE ROLE ${GROUP.name} CREATEROLE`);
    await client.query(`CREATE ROLE ${PREFIX}_brought; GRANT ${PREFIX}_brought TO ${GROUP.name}`);
    await client.query(`CREATE ROLE ${PREFIX}_brought_directly; CREATE ROLE ${PREFIX}_other`);
    await client.query(`CREATE ROLE ${PREFIX}_nested; GRANT pg_read_all_data TO ${PREFIX}_nested`);
    await client
      .query('SELECT current_database()')
      .then(({ rows }) => client.query(`REVOKE ALL ON DATABASE ${rows[0].current_database} FROM PUBLIC`));
  });

  afterAll(async () => {
    const roles = await sql.query<{ name: string }>(
      'SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, $1)',
      [PREFIX],
    );
    await client.end();
    await database.drop();
    const server = new Client({ connectionString: database.adminUrl.replace(/\/[^/]*$/, '/postgres') });
    await server.connect();
    for (const { name } of roles) await server.query(`DROP ROLE ${name}`);
    await server.end();
  });

  const connect = async (name: string, password: string): Promise<string> => {
    const login = new Client({ connectionString: database.urlFor(name, password) });
    await login.connect();
    const { rows } = await login.query<{ is: boolean }>(
      `SELECT pg_has_role($1, 'USAGE') AND NOT pg_has_role($2, 'USAGE') AS is`,
      [GROUP.name, `${PREFIX}_other`],
    );
    await login.end();
    return rows[0]?.is ? 'a member' : 'no member';
  };

  /** All that is known of a login: its attributes, password and memberships. */
  const everythingOf = async (name: string): Promise<unknown> =>
    sql.query(
      `SELECT a.*, (SELECT array_agg(m ORDER BY m.roleid) FROM pg_auth_members m WHERE m.member = a.oid) AS memberships
       FROM pg_authid a WHERE rolname = $1`,
      [name],
    );

  it('is made once, however many ask at the same time, and gets the password of the last', async () => {
    const name = `${PREFIX}_made`;
    const clients = Array.from({ length: 4 }, () => new Client({ connectionString: database.adminUrl }));
    await Promise.all(clients.map((one) => one.connect()));
    await Promise.all(
      clients.map((one) => ensureLogin(pgExecutor(one), { name, password: PASSWORD }, GROUP)),
    );
    await Promise.all(clients.map((one) => one.end()));
    expect(await connect(name, PASSWORD)).toBe('a member');
    await ensureLogin(sql, { name, password: 'next' }, GROUP);
    expect(await connect(name, 'next')).toBe('a member');
  });

  it.each([
    ['is a superuser', 'SUPERUSER', ''],
    ['bypasses row security', 'BYPASSRLS', ''],
    ['creates roles', 'CREATEROLE', ''],
    ['creates databases', 'CREATEDB', ''],
    ['replicates', 'REPLICATION', ''],
    ['owns the database', '', 'owner'],
    ['is a member of another role too', '', `${PREFIX}_other`],
    ['is a member of a role that is a member of another', '', `${PREFIX}_nested`],
    ['was given what the group brings, but not by the group', '', `${PREFIX}_brought_directly`],
  ])('that %s is refused and left as it was', async (_what, attribute, given) => {
    const name = `${PREFIX}_unfit_${randomBytes(3).toString('hex')}`;
    await client.query(`CREATE ROLE ${name} LOGIN ${attribute} PASSWORD 'own' IN ROLE ${GROUP.name}`);
    const [row] = await sql.query<{ database: string }>('SELECT current_database() AS database');
    if (given === 'owner') await client.query(`ALTER DATABASE ${row!.database} OWNER TO ${name}`);
    else if (given) await client.query(`GRANT ${given} TO ${name}`);
    const before = await everythingOf(name);
    await expect(ensureLogin(sql, { name, password: 'stolen' }, GROUP)).rejects.toThrow(
      given === 'owner' ? /owns the database/ : new RegExp(attribute || `act as ${given}`),
    );
    expect(await everythingOf(name)).toEqual(before);
    if (given === 'owner') await client.query(`ALTER DATABASE ${row!.database} OWNER TO CURRENT_USER`);
  });

  it('may bypass row security where its group calls for it, and what it reaches may not', async () => {
    const readers = { ...GROUP, bypassesRowSecurity: true };
    const name = `${PREFIX}_reader`;
    await client.query(`CREATE ROLE ${name} LOGIN BYPASSRLS PASSWORD 'own' IN ROLE ${GROUP.name}`);
    await ensureLogin(sql, { name, password: 'next' }, readers);
    expect(await connect(name, 'next')).toBe('a member');
    await client.query(`ALTER ROLE ${PREFIX}_brought BYPASSRLS`);
    const refusal = ensureLogin(sql, { name, password: 'stolen' }, readers);
    await expect(refusal).rejects.toThrow(new RegExp(`${PREFIX}_brought is BYPASSRLS`));
    await client.query(`ALTER ROLE ${PREFIX}_brought NOBYPASSRLS`);
  });

  it('that is somebody’s already is refused and left as it was', async () => {
    const name = `${PREFIX}_stranger`;
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD 'own'`);
    const before = await everythingOf(name);
    const refusal = ensureLogin(sql, { name, password: 'stolen' }, GROUP);
    await expect(refusal).rejects.toThrow(UnfitLogin);
    await expect(refusal).rejects.toThrow(/no member of .* Name another login/);
    expect(await everythingOf(name)).toEqual(before);
  });

  it('is not made in a group that somebody has made mighty', async () => {
    const group = { name: `${PREFIX}_mighty` };
    await client.query(`CREATE ROLE ${group.name}; GRANT pg_read_all_data TO ${group.name}`);
    const name = `${PREFIX}_never`;
    await expect(ensureLogin(sql, { name, password: 'x' }, group)).rejects.toThrow(/act as pg_read_all_data/);
    expect(await everythingOf(name)).toEqual([]);
  });
});
