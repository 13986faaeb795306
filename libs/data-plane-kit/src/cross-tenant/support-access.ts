import type { RouteRecord, StateRecord } from '@tenantry/contracts';
import { type Row, pgExecutor } from '@tenantry/database';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import type { ConnectionSource } from '../connection-source.js';
import { TenantUnknown } from '../errors.js';
import { asFenceRefusal, FenceRefusal } from '../fence-refusal.js';
import type { Loan } from '../loan.js';
import type { RouteCache } from '../route-cache.js';
import { schemaOf } from '../schema-of.js';
import { sqlStateOf, SQLSTATE } from '../sql-errors.js';
import type { TenantStatement } from '../tenants.js';
import { recordAction, supportAction, type SupportAction } from './support-audit.js';
import { SupportGrantOver } from './support-errors.js';
import type { SupportGrant } from './support-grant.js';
import { SupportTransaction } from './support-transaction.js';

export interface SupportPlaces {
  /** Lends connections of support's login to the place where a tenant lives. */
  readonly connections: ConnectionSource;
  /** Support's login in the service's home database, where actions are recorded; not used for anything else. */
  readonly audit: Pool;
  readonly routes: RouteCache;
  /** The store of this service. */
  readonly store: string;
}

/** What a grant lets its holder do; every statement is recorded, and committed as such, before it is sent. */
export class SupportAccess {
  constructor(
    private readonly places: SupportPlaces,
    private readonly grant: SupportGrant,
  ) {}

  /** The tenants that can be reached: those of the grant, or all that the service knows of and that are not purged. */
  tenants(): string[] {
    if (this.grant.tenants) return [...this.grant.tenants];
    return [...this.places.routes.all()]
      .filter((record) => record.state !== 'PURGED' && this.routeOf(record) !== undefined)
      .map(({ tenantId }) => tenantId)
      .sort();
  }

  /** Runs one statement in one tenant, and returns its rows. */
  query<R extends object = Row>(tenantId: string, statement: TenantStatement): Promise<R[]> {
    return this.run(tenantId, (tx) => tx.query<R>(statement.text, statement.values));
  }

  /**
   * Runs one statement in each tenant in turn. Tenants that cannot be entered at the moment (half made, or just being changed) end it:
   * a sum over all of them that silently lacks one would be wrong.
   */
  async *queryEach<R extends object = Row>(
    statement: TenantStatement,
  ): AsyncGenerator<{ readonly tenantId: string; readonly rows: R[] }> {
    for (const tenantId of this.tenants()) yield { tenantId, rows: await this.query<R>(tenantId, statement) };
  }

  /**
   * Runs `work` in one transaction in one tenant, read only unless the grant is for writing. Suspended tenants can be read.
   *
   * @throws SupportGrantOver, TenantUnknown, TenantSuspended (writing), TenantBusy, StaleRoute or FenceBehind.
   */
  async run<T>(tenantId: string, work: (tx: SupportTransaction) => Promise<T>): Promise<T> {
    this.grant.check(tenantId);
    const id = tenantId.toLowerCase();
    const route = this.routeTo(id);
    let loan: Loan | undefined;
    const transaction = new SupportTransaction(id, {
      record: (statement) => this.record(id, statement),
      open: async (action) => {
        loan = await this.places.connections.borrow({ tenantId: id, route });
        await enter(loan.client, action, route, this.places.store);
        return loan.client;
      },
    });
    try {
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      transaction.end();
      throw translated(id, error);
    } finally {
      await giveBack(loan);
    }
  }

  private async record(tenantId: string, statement: string): Promise<SupportAction> {
    this.grant.check(tenantId);
    const action = supportAction(this.grant, tenantId, statement);
    await recordAction(pgExecutor(this.places.audit), action);
    return action;
  }

  private routeTo(tenantId: string): RouteRecord {
    const record = this.places.routes.get(tenantId);
    const route = record && record.state !== 'PURGED' ? this.routeOf(record) : undefined;
    if (!route) throw new TenantUnknown(tenantId);
    return route;
  }

  private routeOf({ routes }: StateRecord): RouteRecord | undefined {
    return routes.find(({ store }) => store === this.places.store);
  }
}

async function enter(
  client: PoolClient,
  action: SupportAction,
  route: RouteRecord,
  store: string,
): Promise<void> {
  const { tenantId } = action;
  // Where the tenant lives elsewhere than at home, the row has to be there too: the policies there ask for it.
  await recordAction(pgExecutor(client), action);
  await client.query('BEGIN');
  await client.query('SELECT tenantry.enter_support($1, $2, $3)', [action.id, tenantId, route.generation]);
  const schema = schemaOf(route.isolation === 'schema' ? 'schema' : 'pooled', tenantId, store);
  await client.query(`SET LOCAL search_path TO ${escapeIdentifier(schema)}, pg_temp`);
}

/** A transaction that is still open is rolled back first. */
async function giveBack(loan: Loan | undefined): Promise<void> {
  if (!loan) return;
  const { client } = loan;
  if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK').catch(() => loan.condemn());
  await loan.end();
}

function translated(tenantId: string, error: unknown): unknown {
  if (sqlStateOf(error) === SQLSTATE.notGranted)
    return new SupportGrantOver(
      'The database lets support in through a recorded action that has not expired only.',
      {
        cause: error,
      },
    );
  const refusal = asFenceRefusal(tenantId, error);
  return refusal instanceof FenceRefusal ? refusal.toTenantError() : error;
}
