import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UnfitLogin, type DatabaseLogin } from '@tenantry/database';
import { testDatabase, type TestDatabase } from '@tenantry/testing';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrateControlPlane, type ControlPlaneReport } from './migrate-control-plane.js';

/** One control plane's database with its own logins, on the server that all of them share. */
class Installation {
  private constructor(
    readonly database: TestDatabase,
    readonly service: DatabaseLogin,
    readonly transport: DatabaseLogin,
  ) {}

  static async start(): Promise<Installation> {
    const login = (use: string) => ({
      name: `tnt_test_${use}_${randomBytes(6).toString('hex')}`,
      password: 'secret',
    });
    const installation = new Installation(await testDatabase(), login('cp'), login('transport'));
    await installation.migrate();
    return installation;
  }

  migrate(service = this.service, transport = this.transport): Promise<ControlPlaneReport> {
    return migrateControlPlane({
      adminUrl: this.database.adminUrl,
      service,
      participants: { reference: transport },
    });
  }

  get admin(): string {
    return this.database.adminUrl;
  }

  get name(): string {
    return new URL(this.admin).pathname.slice(1);
  }

  as({ name, password }: DatabaseLogin): string {
    return this.database.urlFor(name, password);
  }

  async drop(): Promise<void> {
    await this.database.drop();
    const server = new URL(this.admin);
    server.pathname = '/postgres';
    await run(server.href, `DROP ROLE ${this.service.name}; DROP ROLE ${this.transport.name}`);
  }
}

/** What a session on the database answers, or the code with which it is refused. */
async function run(url: string, text: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<object>(text)).rows;
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  } finally {
    await client.end();
  }
}

describe('migrateControlPlane', () => {
  let mine: Installation;
  beforeEach(async () => {
    mine = await Installation.start();
  });
  afterEach(() => mine.drop());

  it('does nothing the second time, and misses nothing as a superuser', async () => {
    expect(await mine.migrate()).toEqual({ applied: [], warnings: [] });
  });

  it.each([
    ['hold up a migration', `SELECT pg_try_advisory_lock(hashtextextended('tenantry.migrate', 0))`],
    ['hold any other lock', 'SELECT pg_advisory_xact_lock_shared(1, 2)'],
    ['make temporary tables', 'CREATE TEMP TABLE tenant (id int)'],
    ['make large objects', 'SELECT lo_create(0)'],
  ])('leaves no login the right to %s', async (_what, statement) => {
    for (const login of [mine.service, mine.transport])
      expect(await run(mine.as(login), statement)).toBe('42501');
  });

  it('lets an administrator who is no superuser install, upgrade what a superuser hardened, and know what stays open', async () => {
    const name = `tnt_test_admin_${randomBytes(6).toString('hex')}`;
    await run(
      mine.admin,
      `CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'own';
       GRANT tenantry_owner, tenantry_control, tenantry_participant, ${mine.service.name}, ${mine.transport.name} TO ${name} WITH ADMIN OPTION`,
    );
    const fresh = await testDatabase();
    const administer = async (database: TestDatabase): Promise<ControlPlaneReport> => {
      const databaseName = new URL(database.adminUrl).pathname.slice(1);
      await run(database.adminUrl, `ALTER DATABASE ${databaseName} OWNER TO ${name}`);
      return migrateControlPlane({ adminUrl: database.urlFor(name, 'own'), service: mine.service });
    };
    try {
      expect(await administer(mine.database)).toEqual({ applied: [], warnings: [] });
      const { applied, warnings } = await administer(fresh);
      expect(applied.length).toBeGreaterThan(0);
      expect(warnings).toEqual([
        expect.stringContaining('advisory locks'),
        expect.stringContaining('large objects'),
      ]);
    } finally {
      await fresh.drop();
      await run(
        mine.admin,
        `REASSIGN OWNED BY ${name} TO CURRENT_USER; DROP OWNED BY ${name}; DROP ROLE ${name}`,
      );
    }
  });

  it('lets its own logins in, and nobody of another installation on the server', async () => {
    const theirs = await Installation.start();
    try {
      // As an earlier installation may have left it.
      await run(
        mine.admin,
        `GRANT CONNECT ON DATABASE ${mine.name} TO tenantry_control, tenantry_participant, tenantry_owner`,
      );
      await mine.migrate();
      for (const login of [mine.service, mine.transport])
        expect(await run(mine.as(login), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      for (const login of [theirs.service, theirs.transport])
        expect(await run(mine.as(login), 'SELECT 1')).toBe('42501');
    } finally {
      await theirs.drop();
    }
  });

  it('refuses logins that are more than they are to be, and leaves them as they were', async () => {
    const name = `tnt_test_admin_${randomBytes(6).toString('hex')}`;
    const everything = `SELECT a.*, d.datdba FROM pg_authid a, pg_database d WHERE a.rolname = '${name}' AND d.datname = current_database()`;
    await run(
      mine.admin,
      `CREATE ROLE ${name} LOGIN CREATEROLE CREATEDB PASSWORD 'own'; ALTER DATABASE ${mine.name} OWNER TO ${name}`,
    );
    try {
      const before = await run(mine.admin, everything);
      const mighty = { name, password: 'stolen' };
      await expect(mine.migrate(mighty)).rejects.toThrow(UnfitLogin);
      await expect(mine.migrate(mine.service, mighty)).rejects.toThrow(UnfitLogin);
      await expect(mine.migrate(mine.service, mine.service)).rejects.toThrow(UnfitLogin);
      expect(await run(mine.admin, everything)).toEqual(before);
    } finally {
      await run(mine.admin, `ALTER DATABASE ${mine.name} OWNER TO CURRENT_USER; DROP ROLE ${name}`);
    }
  });
});
