import { type Isolation, tenantDatabaseName, tenantSchemaName } from '@tenantry/contracts';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { WorkResult } from '@tenantry/messaging';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  type KitDatabase,
  requestedWork,
  type RequestedWork,
  TEST_LOGINS,
  UNDISTURBED,
} from '@tenantry/testing';
import { Client, Pool } from 'pg';
import { databaseUrlOf } from '../../database-url.js';
import { enterStatement } from '../../enter-statement.js';
import { installContext } from '../../install/install-context.js';
import { createRequestHandler } from '../../participant/request-handler.js';
import { ContextSigner, type TokenBinding } from '../context-signer.js';
import type { ContextSigning } from '../context-signing.js';
import { SigningKey } from '../signing-key.js';

/** The key that the tests' service signs with. */
export const KEY = new SigningKey('the key of the tests, which is long enough');
export const OTHER_KEY = new SigningKey('another key of the tests, long enough too');

/** The ways to install, by what the tests call them. */
export const SIGNINGS = {
  off: { marker: 'off' },
  mac: { marker: 'mac', keys: [KEY] },
  setting: { marker: 'setting', keys: [KEY] },
} satisfies Record<string, ContextSigning>;

/** A service's database with tenants in it, which can be installed anew with another signing. */
export class SignedWorld {
  private readonly elsewhere: Pool[] = [];

  private constructor(
    readonly database: KitDatabase,
    /** A superuser's. */
    readonly admin: Pool,
    readonly provisioner: Pool,
  ) {}

  static async make(options: { readonly tenantDatabases?: boolean } = {}): Promise<SignedWorld> {
    const database = await kitDatabase(EXAMPLE_SERVICE, options);
    const admin = new Pool({ connectionString: database.adminUrl, max: 2, statement_timeout: 10_000 });
    const provisioner = new Pool({ connectionString: database.provisionerUrl, max: 2 });
    return new SignedWorld(database, admin, provisioner);
  }

  async drop(): Promise<void> {
    await Promise.all([this.admin, this.provisioner, ...this.elsewhere].map((pool) => pool.end()));
    await this.database.drop();
  }

  /** @param admin whose connection to do it on; a superuser's unless told. */
  async install(signing: ContextSigning | undefined, admin: Pool = this.admin): Promise<void> {
    const client = await admin.connect();
    try {
      await installContext(pgExecutor(client), signing);
    } finally {
      client.release();
    }
  }

  /** What the participant does when it is asked for this. */
  async ask(work: RequestedWork): Promise<WorkResult> {
    const handle = createRequestHandler({
      service: EXAMPLE_SERVICE,
      pool: this.provisioner,
      tenantLogins: TEST_LOGINS,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    return handle(requestedWork(work), UNDISTURBED);
  }

  /** An active tenant of generation 1 with one note, of this text. */
  async tenant(isolation: Isolation, text: string): Promise<string> {
    const tenantId = newId();
    await this.ask({ tenantId, verb: 'provisioning', generation: 1, isolation });
    const schema = isolation === 'schema' ? tenantSchemaName(tenantId, 'primary') : 'pooled_primary';
    const admin =
      isolation === 'database' ? this.adminOf(tenantDatabaseName(tenantId, 'primary')) : this.admin;
    await admin.query(`INSERT INTO ${schema}.note (tenant_id, id, text) VALUES ($1, $1, $2)`, [
      tenantId,
      text,
    ]);
    return tenantId;
  }

  /** A superuser's connections to another database of the server, which end with this world. */
  adminOf(database: string): Pool {
    const url = databaseUrlOf(this.database.adminUrl, database);
    const pool = new Pool({ connectionString: url, max: 1, statement_timeout: 10_000 });
    this.elsewhere.push(pool);
    return pool;
  }

  /** Every table of the service with the tenant column. */
  async tenantTables(): Promise<string[]> {
    const { rows } = await this.admin.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'pooled_primary'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  /** A connection of the application's login, or of a tenant's own. */
  async appSession(url = this.database.appUrl): Promise<AppSession> {
    const client = new Client({ connectionString: url, statement_timeout: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    return new AppSession(client);
  }

  /** By which the login of a tenant with a database of its own reaches a database. Default: its own. */
  dedicatedUrl(tenantId: string, database = tenantDatabaseName(tenantId, 'primary')): string {
    const login = tenantDatabaseName(tenantId, 'primary');
    const password = TEST_LOGINS.password('default', login);
    return databaseUrlOf(this.database.adminUrl, database, { name: login, password });
  }
}

/** What a service does on one connection, and what an attacker does who got hold of it. */
export class AppSession {
  constructor(readonly client: Client) {}

  get backendPid(): number {
    return (this.client as Client & { readonly processID: number }).processID;
  }

  /** Signed as the service does it, or not. */
  async enter(
    tenantId: string,
    { signed, readOnly = false }: { signed: boolean; readOnly?: boolean },
  ): Promise<void> {
    const signing = { signer: signer(), backendPid: this.backendPid };
    await this.client.query(
      enterStatement({ tenantId, generation: 1, readOnly }, signed ? signing : undefined),
    );
  }

  async rows(text: string, values: unknown[] = []): Promise<object[]> {
    // The extended protocol, as all of an application's SQL: it takes one statement only.
    const statement = { text, values, queryMode: 'extended' };
    return (await this.client.query<object>(statement)).rows;
  }

  /** Runs one statement so that its failure leaves the transaction usable. @returns what it gave, or the error. */
  async attempt(text: string, values: unknown[] = []): Promise<object[] | Error> {
    const inside = this.client.getTransactionStatus() === 'T';
    if (inside) await this.client.query('SAVEPOINT attempt');
    try {
      return await this.rows(text, values);
    } catch (error) {
      if (inside)
        await this.client.query('ROLLBACK TO SAVEPOINT attempt').catch(() => this.client.query('ROLLBACK'));
      return error as Error;
    }
  }

  end(): Promise<void> {
    return this.client.end();
  }
}

export function signer(key: SigningKey = KEY, binding: TokenBinding = 'backend', skewMs = 0): ContextSigner {
  return new ContextSigner({ key: () => key, binding, now: () => Date.now() + skewMs });
}
