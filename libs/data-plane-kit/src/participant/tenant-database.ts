import type { SqlExecutor } from '@tenantry/database';
import { Client, DatabaseError, escapeIdentifier, escapeLiteral, type PoolClient } from 'pg';
import { templateComment, templateDatabaseName } from '../install/template-database.js';
import { DEDICATED_ROLE } from '../install/roles.js';
import { SUPPORT_LOGINS } from '../install/support-role.js';
import { markSql, type ObjectMarker, readMarker } from '../orphans/object-marker.js';
import type { ServiceDefinition } from '../service-definition.js';
import { SQLSTATE } from '../sql-errors.js';
import { asProvisioner, dropDatabase, endSessions } from './drop-database.js';
import { PlacementRefused, TenantHeld } from './request-errors.js';
import type { StepTransaction } from './transaction.js';

/** A tenant's own database as the server's catalogue has it. */
export interface FoundDatabase {
  /** Whether it lets anybody in; one that is half made, or half dropped, does not. */
  readonly open: boolean;
  readonly marker: ObjectMarker | undefined;
}

/** How to reach the server of a session, whose connection itself stays in the service's database. */
export interface ServerSession {
  /** Of the provisioning login; it holds the tenant's lock while something is made or destroyed. */
  readonly client: PoolClient;
  /** A session of the same login in another database of the server. */
  readonly connectTo: (database: string) => Client;
}

/**
 * One tenant's database and login, which have the same name. Everything about them is done from the service's database over the
 * session that holds the tenant's lock, so that a session which is lost in the middle of CREATE DATABASE lets nobody else
 * have the tenant before the server has finished.
 */
export class TenantDatabase {
  private inner: Client | undefined;

  constructor(
    readonly name: string,
    private readonly session: ServerSession,
  ) {}

  async find(): Promise<FoundDatabase | undefined> {
    const { rows } = await this.session.client.query<{ open: boolean; comment: string | null }>(
      `SELECT datallowconn AND datconnlimit <> -2 AS open, shobj_description(oid, 'pg_database') AS comment
       FROM pg_database WHERE datname = $1`,
      [this.name],
    );
    const [found] = rows;
    return found && { open: found.open, marker: readMarker(found.comment) };
  }

  /**
   * Copies the template. The copy lets nobody in before `admitTx` has said who may.
   *
   * @param here the service's database. @returns whether the copy has everything that the service is to have; one of an older template, or
   * of a newer one, has to be looked at.
   * @throws PlacementRefused, final, where there is no template; TenantHeld, to be tried again, while it is being changed.
   */
  async create(service: ServiceDefinition, here: string): Promise<boolean> {
    const template = templateDatabaseName(service.store, here);
    // Asked before: a template only gains.
    const { rows } = await this.session.client.query<{ comment: string | null }>(
      `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [template],
    );
    await asProvisioner(
      this.session.client,
      `CREATE DATABASE ${escapeIdentifier(this.name)} TEMPLATE ${escapeIdentifier(template)} ALLOW_CONNECTIONS false`,
    ).catch((error: unknown) => {
      if (!(error instanceof DatabaseError)) throw error;
      if (error.code === SQLSTATE.invalidDatabase || error.code === SQLSTATE.insufficientPrivilege)
        throw new PlacementRefused(
          'This server has no template for tenants’ own databases, or the provisioner may not make any; run the migration and see what it warns of.',
        );
      if (error.code === SQLSTATE.objectInUse)
        throw new TenantHeld('The template of tenants’ own databases is being changed.', { cause: error });
      throw error;
    });
    return rows[0]?.comment === templateComment(service, here);
  }

  /**
   * Marks the database, makes its login, which cannot log in yet, and opens it to both: to that login, to the one that provisions, to support's
   * and to those that scan. Part of the caller's transaction in the service's database.
   */
  async admitTx(tx: StepTransaction, marker: ObjectMarker): Promise<void> {
    const name = escapeIdentifier(this.name);
    const [found] = await tx.query<{ role: boolean; scanned: boolean; support: string | null; me: string }>(
      `SELECT to_regrole(${escapeLiteral(name)}) IS NOT NULL AS role, to_regrole('tenantry_scan') IS NOT NULL AS scanned,
              (${SUPPORT_LOGINS}) AS support, quote_ident(session_user) AS me`,
    );
    const admitted = [
      name,
      found!.me,
      ...(found!.scanned ? ['tenantry_scan'] : []),
      ...(found!.support === null ? [] : [found!.support]),
    ];
    tx.later(
      ...(found!.role ? [] : [`CREATE ROLE ${name} NOLOGIN NOINHERIT`, markSql('ROLE', this.name, marker)]),
      `GRANT ${DEDICATED_ROLE} TO ${name} WITH INHERIT TRUE, SET FALSE`,
      `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${name} TO ${admitted.join(', ')}`,
      markSql('DATABASE', this.name, marker),
      `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`,
    );
  }

  /** What lets the tenant's login in from the commit on, by the password that this verifies. */
  openLoginSql(verifier: string): string {
    return `ALTER ROLE ${escapeIdentifier(this.name)} LOGIN PASSWORD ${escapeLiteral(verifier)}`;
  }

  /** Keeps the tenant's login out from the caller's commit on; who is in already stays until `endSessions`. */
  async closeLoginTx(sql: SqlExecutor): Promise<void> {
    await sql.query(`
DO $kit$ BEGIN
  ALTER ROLE ${escapeIdentifier(this.name)} NOLOGIN;
EXCEPTION WHEN undefined_object THEN NULL;
END $kit$`);
  }

  /**
   * Ends the sessions of the tenant's login.
   *
   * @param everybody whether to end those of everybody else in the database too. @returns how many were ended.
   */
  async endSessions(everybody = false): Promise<number> {
    return endSessions(this.session.client, this.name, everybody);
  }

  /** Drops the database, whoever is in it. The login stays. @throws TenantHeld when sessions would not end, such as a superuser's. */
  async drop(): Promise<void> {
    await this.leave();
    await dropDatabase(this.session.client, this.name);
  }

  /** The provisioning login's session inside the database: one for as long as it is not left. */
  async enter(): Promise<Client> {
    if (!this.inner) {
      const client = this.session.connectTo(this.name);
      // Unheard, the loss of a connection between two statements would end the process; the next one fails.
      client.on('error', () => undefined);
      await client.connect();
      this.inner = client;
    }
    return this.inner;
  }

  /** Never rejects. */
  async leave(): Promise<void> {
    const { inner } = this;
    this.inner = undefined;
    await inner?.end().catch(() => undefined);
  }
}
