import { randomBytes } from 'node:crypto';
import { installVerifier, type InstallReport } from '@tenantry/data-plane-kit';
import { asAdministrator } from './database-server.js';
import { testDatabase, type TestDatabase } from './test-database.js';

/** The verifier's own database, and a login that may scan the given ones and the verifier's. */
export interface VerifierDatabase extends TestDatabase {
  /** Of the login that keeps the verifier's books. */
  readonly url: string;
  /** Of the login that scans. */
  readonly scanUrl: string;
  readonly scanLogin: string;
  /** The names of the databases that the scan is to look at. */
  readonly scope: readonly string[];
  /** Installs once more, as at every deployment. */
  install(): Promise<InstallReport>;
}

/** A fresh one beside `others`; its logins, which belong to the whole server, go with it. */
export async function verifierDatabase(others: readonly TestDatabase[]): Promise<VerifierDatabase> {
  const database = await testDatabase();
  const suffix = randomBytes(5).toString('hex');
  const login = { name: `tnt_test_verifier_${suffix}`, password: randomBytes(12).toString('hex') };
  const scanLogin = { name: `tnt_test_scan_${suffix}`, password: randomBytes(12).toString('hex') };
  const scope = [database, ...others].map(({ adminUrl }) => new URL(adminUrl).pathname.slice(1));
  const install = (): Promise<InstallReport> =>
    installVerifier(database.adminUrl, {
      login,
      scans: [{ adminUrl: database.adminUrl, login: scanLogin, databases: scope }],
    });
  await install();
  return {
    ...database,
    url: database.urlFor(login.name, login.password),
    scanUrl: database.urlFor(scanLogin.name, scanLogin.password),
    scanLogin: scanLogin.name,
    scope,
    install,
    async drop() {
      await database.drop();
      await asAdministrator(async (client) => {
        for (const { name } of [login, scanLogin])
          await client.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
      });
    },
  };
}
