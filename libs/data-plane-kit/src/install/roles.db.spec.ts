import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tenantSchemaName } from '@tenantry/contracts';
import { UnfitLogin, type DatabaseLogin } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { EXAMPLE_SERVICE, kitDatabase, type KitDatabase } from '@tenantry/testing';
import { Client } from 'pg';
import { installKit, type InstallReport } from '../install-kit.js';
import { APP_ROLE, KIT_ROLE, PROVISIONER_ROLE } from './roles.js';

let mine: KitDatabase;
let name: string;

beforeEach(async () => {
  mine = await kitDatabase();
  name = new URL(mine.adminUrl).pathname.slice(1);
});

afterEach(() => mine.drop());

function install(
  appLogin = mine.logins.app,
  provisionerLogin: DatabaseLogin = mine.logins.provisioner,
): Promise<InstallReport> {
  return installKit(mine.adminUrl, { appLogin, provisionerLogin, service: EXAMPLE_SERVICE });
}

async function run(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The serving login, after something was done to it. */
async function servingAfter(text: (login: string) => string): Promise<DatabaseLogin> {
  await run(mine.adminUrl, text(mine.logins.app.name));
  return mine.logins.app;
}

/** All that is known of a login: its attributes, password and memberships. */
function everythingOf(login: DatabaseLogin): Promise<unknown[]> {
  return run(
    mine.adminUrl,
    `SELECT a.*, (SELECT array_agg(m ORDER BY m.roleid) FROM pg_auth_members m WHERE m.member = a.oid) AS memberships
     FROM pg_authid a WHERE rolname = '${login.name}'`,
  );
}

describe('the logins of a service', () => {
  it('are two', async () => {
    await expect(install(mine.logins.provisioner)).rejects.toThrow(/Use two logins/);
  });

  it.each([
    ['a superuser', () => servingAfter((login) => `ALTER ROLE ${login} SUPERUSER`), /SUPERUSER/],
    ['who owns the kit’s tables', () => servingAfter((login) => `GRANT ${KIT_ROLE} TO ${login}`), KIT_ROLE],
    [
      'who may provision',
      () => servingAfter((login) => `GRANT ${PROVISIONER_ROLE} TO ${login}`),
      PROVISIONER_ROLE,
    ],
    [
      'who owns the database',
      () => servingAfter((login) => `ALTER DATABASE ${name} OWNER TO ${login}`),
      /owns the database/,
    ],
  ])('that serve are refused when it is one %s, and left as they were', async (_what, login, message) => {
    const mighty = await login();
    const before = await everythingOf(mighty);
    await expect(install({ ...mighty, password: 'stolen' })).rejects.toThrow(message);
    expect(await everythingOf(mighty)).toEqual(before);
  });

  it('that provision are refused when they may do more, and left as they were', async () => {
    await run(mine.adminUrl, `GRANT ${APP_ROLE} TO ${mine.logins.provisioner.name}`);
    const before = await everythingOf(mine.logins.provisioner);
    const refusal = install(mine.logins.app, { ...mine.logins.provisioner, password: 'stolen' });
    await expect(refusal).rejects.toThrow(UnfitLogin);
    expect(await everythingOf(mine.logins.provisioner)).toEqual(before);
  });

  it('may reach tenants’ roles through their groups', async () => {
    const tenant = tenantSchemaName(newId(), 'primary');
    await run(
      mine.provisionerUrl,
      `SET ROLE ${PROVISIONER_ROLE}; CREATE ROLE ${tenant}; GRANT ${tenant} TO ${APP_ROLE} WITH INHERIT FALSE, SET TRUE`,
    );
    try {
      expect(await install()).toEqual({ applied: [], warnings: [] });
    } finally {
      await run(mine.adminUrl, `DROP ROLE ${tenant}`);
    }
  });

  it('are let into its database, and those of another service on the server are not', async () => {
    const theirs = await kitDatabase();
    try {
      // As an earlier installation may have left it.
      await run(mine.adminUrl, `GRANT CONNECT ON DATABASE ${name} TO ${APP_ROLE}, ${PROVISIONER_ROLE}`);
      await install();
      for (const url of [mine.appUrl, mine.provisionerUrl]) await run(url, 'SELECT 1');
      for (const login of [theirs.logins.app, theirs.logins.provisioner]) {
        const entry = run(mine.urlFor(login.name, login.password), 'SELECT 1');
        await expect(entry).rejects.toMatchObject({ code: '42501' });
      }
    } finally {
      await theirs.drop();
    }
  });

  it('can be installed again by an administrator who is no superuser', async () => {
    const administrator = `${mine.logins.app.name}_adm`;
    await run(
      mine.adminUrl,
      `CREATE ROLE ${administrator} LOGIN CREATEROLE PASSWORD 'x';
       GRANT ${KIT_ROLE}, ${APP_ROLE}, ${PROVISIONER_ROLE}, ${mine.logins.app.name}, ${mine.logins.provisioner.name}
         TO ${administrator} WITH ADMIN OPTION;
       ALTER DATABASE ${name} OWNER TO ${administrator}; ALTER SCHEMA tenantry OWNER TO ${administrator};
       ALTER TABLE tenantry.migration OWNER TO ${administrator}`,
    );
    try {
      const report = installKit(mine.urlFor(administrator, 'x'), {
        appLogin: mine.logins.app,
        provisionerLogin: mine.logins.provisioner,
        service: EXAMPLE_SERVICE,
      });
      expect(await report).toEqual({ applied: [], warnings: [] });
    } finally {
      await run(
        mine.adminUrl,
        `REASSIGN OWNED BY ${administrator} TO CURRENT_USER; DROP OWNED BY ${administrator}; DROP ROLE ${administrator}`,
      );
    }
  });
});
