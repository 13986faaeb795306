import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UnfitLogin } from '@tenantry/database';
import type { ParticipantTransport } from '@tenantry/messaging';
import {
  kitDatabase,
  testDatabase,
  verifierDatabase,
  type KitDatabase,
  type VerifierDatabase,
} from '@tenantry/testing';
import { Client } from 'pg';
import { installVerifier } from './install-verifier.js';
import { UnfitScanLogin } from './scan-login.js';
import { VerifierRunner } from './verifier-runner.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const nothing = { stop: async () => {}, failed: new Promise<never>(() => {}) };
const transport: ParticipantTransport = {
  consumeLifecycle: async () => nothing,
  followState: async () => nothing,
  acknowledge: async () => {},
  close: async () => {},
};

let service: KitDatabase;
let verifier: VerifierDatabase;
let name: string;

beforeAll(async () => {
  service = await kitDatabase();
});

afterAll(() => service.drop());

beforeEach(async () => {
  verifier = await verifierDatabase([service]);
  name = new URL(verifier.adminUrl).pathname.slice(1);
});

afterEach(() => verifier.drop());

async function run(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}

function runner(scanUrl = verifier.scanUrl): VerifierRunner {
  return new VerifierRunner({
    participant: 'verifier',
    databaseUrl: verifier.url,
    targets: [{ cluster: 'default', url: scanUrl }],
    transport,
    logger,
    version: 'spec',
  });
}

async function started(scanUrl?: string): Promise<void> {
  const made = runner(scanUrl);
  try {
    await made.start();
    await Promise.all([made.checkReady(), made.checkMigrations()]);
  } finally {
    await made.stop();
  }
}

describe('the verifier’s logins', () => {
  it('are made once, with what they need and no more', async () => {
    expect(await verifier.install()).toEqual({ applied: [], warnings: [] });
    await started();
    const [scan] = await run(
      verifier.adminUrl,
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = '${verifier.scanLogin}'`,
    );
    expect(Object.values(scan!)).toEqual([false, false, false, false, true]);
  });

  it('keep the books in a database that lets nobody else in, and the books’ login scans nothing', async () => {
    const stranger = new URL(service.appUrl);
    stranger.pathname = `/${name}`;
    await expect(run(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    const inService = new URL(verifier.url);
    inService.pathname = new URL(service.adminUrl).pathname;
    await expect(run(inService.href, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    await expect(run(verifier.url, 'UPDATE tenantry.migration SET name = name')).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('are two', async () => {
    const login = { name: 'tnt_test_same', password: 'x' };
    await expect(
      installVerifier(verifier.adminUrl, { login, scans: [{ adminUrl: verifier.adminUrl, login }] }),
    ).rejects.toThrow(/Use two logins/);
  });

  it.each([
    ['a superuser', (login: string) => `ALTER ROLE ${login} SUPERUSER`, /SUPERUSER/],
    [
      'a member of another role',
      (login: string) => `GRANT pg_write_all_data TO ${login}`,
      /pg_write_all_data/,
    ],
    [
      'the owner of the database',
      (login: string) => `ALTER DATABASE ${name} OWNER TO ${login}`,
      /owns the database/,
    ],
  ])('are refused by the installation when the one that scans is %s', async (_what, change, message) => {
    await run(verifier.adminUrl, change(verifier.scanLogin));
    await expect(verifier.install()).rejects.toThrow(UnfitLogin);
    await expect(verifier.install()).rejects.toThrow(message);
    await run(verifier.adminUrl, `ALTER DATABASE ${name} OWNER TO CURRENT_USER`);
  });

  it('are made by an administrator who is no superuser as far as that goes, and what is missing is said', async () => {
    const target = await testDatabase();
    const database = new URL(target.adminUrl).pathname.slice(1);
    const [administrator, login, scan] = ['adm', 'ver', 'scn'].map((use) => `${database}_${use}`);
    try {
      await run(
        target.adminUrl,
        `CREATE ROLE ${administrator} LOGIN CREATEROLE PASSWORD 'x';
         GRANT tenantry_verifier, tenantry_scan TO ${administrator} WITH ADMIN OPTION;
         ALTER DATABASE ${database} OWNER TO ${administrator};
         REVOKE CONNECT ON DATABASE ${name} FROM ${verifier.scanLogin}`,
      );
      const adminUrl = target.urlFor(administrator!, 'x');
      const report = await installVerifier(adminUrl, {
        login: { name: login!, password: 'x' },
        scans: [{ adminUrl, login: { name: scan!, password: 'x' }, databases: [database, name] }],
      });
      expect(report.warnings).toEqual([
        expect.stringContaining(`ALTER ROLE "${scan}" BYPASSRLS`),
        expect.stringContaining(`GRANT CONNECT ON DATABASE "${name}" TO "${scan}"`),
      ]);
      await expect(started(target.urlFor(scan!, 'x'))).rejects.toThrow(/ALTER ROLE "[^"]*" BYPASSRLS/);
    } finally {
      await target.drop();
      for (const role of [login, scan, administrator])
        await run(verifier.adminUrl, `DROP ROLE IF EXISTS ${role}`);
    }
  });
});

describe('the verifier', () => {
  it.each([
    [
      'row security hides rows from it',
      (login: string) => `ALTER ROLE ${login} NOBYPASSRLS`,
      /BYPASSRLS, as a superuser/,
    ],
    [
      'it may not read everything',
      (login: string) => `REVOKE tenantry_scan FROM ${login}`,
      /GRANT pg_read_all_data/,
    ],
    [
      'its transactions may write',
      (login: string) => `ALTER ROLE ${login} RESET default_transaction_read_only`,
      /SET default_transaction_read_only = on/,
    ],
    [
      'it may do everything',
      (login: string) => `ALTER ROLE ${login} SUPERUSER`,
      /SUPERUSER, which is more than/,
    ],
    [
      'it may act as somebody else',
      (login: string) => `GRANT pg_write_all_data TO ${login}`,
      /may act as pg_write_all_data/,
    ],
    [
      'it was given a right to write',
      (login: string) => `GRANT INSERT ON tenantry.inbox TO ${login}`,
      /it may INSERT on table tenantry\.inbox/,
    ],
    [
      'it owns a table',
      (login: string) => `CREATE TABLE mine (n int); ALTER TABLE mine OWNER TO ${login}`,
      /it owns table public\.mine/,
    ],
  ])('refuses to start with a login when %s, and says what to do', async (_what, change, message) => {
    await run(verifier.adminUrl, change(verifier.scanLogin));
    const refusal = started();
    await expect(refusal).rejects.toThrow(UnfitScanLogin);
    await expect(refusal).rejects.toThrow(message);
  });

  it('starts while a server is away, since others can be scanned and nothing passes meanwhile', async () => {
    await started('postgres://scan:x@127.0.0.1:1/postgres');
  });

  it('is not ready before its database is migrated', async () => {
    await run(verifier.adminUrl, 'DELETE FROM tenantry.migration');
    await expect(started()).rejects.toThrow(/Not migrated: consumer-0001/);
  });

  it('is not made without anything to look at', () => {
    expect(
      () =>
        new VerifierRunner({
          participant: 'v',
          databaseUrl: verifier.url,
          targets: [],
          transport,
          logger,
          version: '1',
        }),
    ).toThrow(RangeError);
  });
});
