import type { Row } from '@tenantry/database';
import type { ConnectionSource } from './connection-source.js';
import { StaleRoute, TenantContextConflict, TenantSuspended } from './errors.js';
import { FenceMetrics } from './fence-metrics.js';
import { FenceRefusal } from './fence-refusal.js';
import { OpenTransaction } from './open-transaction.js';
import { encode, type SqlStatement } from './protocol/encoded-statement.js';
import type { IsolationLevel } from './protocol/session-statements.js';
import { retrying } from './retry-serialization.js';
import type { ResolvedRoute, RouteCache } from './route-cache.js';
import { RouteResolver } from './route-resolver.js';
import type { ContextSigner } from './signing/context-signer.js';
import { currentTransaction, findTenantContext, withTenantContext } from './tenant-context.js';
import type { LimitsOf } from './tenant-limits.js';
import { TenantSession, type Entry } from './tenant-session.js';
import type { TenantTransaction } from './tenant-transaction.js';

/** How one `run` differs from the usual. */
export interface RunOptions {
  /** A read-only transaction, which a tenant whose access is `read_only` admits too. Default: false. */
  readonly readOnly?: boolean;
  /** Default: the database's, which is `read committed` unless somebody changed it. */
  readonly isolationLevel?: IsolationLevel;
  /**
   * How often to run the whole work again, in a new transaction, after a serialization failure or a deadlock. What it does
   * beside the database then happens again too. Default: 0.
   */
  readonly retries?: number;
}

/** One statement with bound parameters. */
export type TenantStatement = Pick<SqlStatement, 'text' | 'values'>;

export interface TenantsOptions {
  readonly connections: ConnectionSource;
  readonly routes: RouteCache;
  /** The store of this service. */
  readonly store: string;
  /** Signs what opens a context, where the installation asks for it. Default: not signed. */
  readonly signer?: ContextSigner;
  /** How long a tenant's statements may take. Default: as long as the login's may. */
  readonly limits?: LimitsOf;
  /** How long to wait for a newer route, in milliseconds. Default: 1000. */
  readonly routeWaitMs?: number;
}

/** The only way to a tenant's data. */
export class Tenants {
  private readonly resolver: RouteResolver;
  private readonly session: TenantSession;
  private readonly limits: LimitsOf;
  private readonly metrics = new FenceMetrics();

  constructor({
    connections,
    routes,
    store,
    signer,
    limits = () => ({}),
    routeWaitMs = 1000,
  }: TenantsOptions) {
    this.resolver = new RouteResolver(routes, store, routeWaitMs);
    this.session = new TenantSession(connections, store, signer);
    this.limits = limits;
  }

  /**
   * Runs `work` in one transaction inside the tenant's context and commits it, or rolls it back when `work` rejects. The
   * transaction begins with the first statement; one that only reads is not waited for at its end. Inside another `run` of the same
   * tenant it joins that transaction, with that one's options. `work` must await all it starts; it runs once per call,
   * unless `retries` asks for more.
   *
   * @throws TenantUnknown, TenantSuspended, TenantBusy, StaleRoute or FenceBehind when the tenant cannot be entered (before
   * `work`, by what is known here; with its first statement, by the fence, and then in any case, whatever `work` makes of it);
   * TenantContextConflict inside another tenant's run; TransactionAborted when nothing was saved although `work` resolved.
   */
  async run<T>(
    tenantId: string,
    work: (tx: TenantTransaction) => Promise<T>,
    options: RunOptions = {},
  ): Promise<T> {
    const outer = joinable(tenantId);
    if (outer) return work(outer);
    return retrying(options.retries ?? 0, () => this.runOnce(tenantId, work, options));
  }

  /**
   * Runs one statement in a transaction of its own inside the tenant's context, all in one round trip, and returns its
   * rows. Inside a `run` of the same tenant it joins that transaction.
   *
   * @throws as `run`, and what the statement throws.
   */
  async query<R extends object = Row>(
    tenantId: string,
    statement: TenantStatement,
    options: RunOptions = {},
  ): Promise<R[]> {
    const outer = joinable(tenantId);
    if (outer) return outer.query<R>(statement.text, statement.values);
    const asked = encode(statement);
    const { rows } = await retrying(options.retries ?? 0, async () =>
      this.onCurrentRoute(await this.resolve(tenantId), (resolved) =>
        this.session.once(this.entryOf(resolved, options), { asked }),
      ),
    );
    return rows as R[];
  }

  /** The transaction of the tenant context that the calling code is in. @throws TenantContextMissing when it is in none. */
  current(): TenantTransaction {
    return currentTransaction();
  }

  private async runOnce<T>(
    tenantId: string,
    work: (tx: TenantTransaction) => Promise<T>,
    options: RunOptions,
  ): Promise<T> {
    const resolved = await this.resolve(tenantId);
    const tx = new OpenTransaction(resolved.record.tenantId.toLowerCase(), resolved.route, (first) =>
      this.onCurrentRoute(resolved, (current) => this.session.open(this.entryOf(current, options), first)),
    );
    const result = await withTenantContext(tx, async () => work(tx)).catch(async (error: unknown) => {
      await tx.rollback();
      throw error;
    });
    await tx.commit(mustWaitForCommit(options));
    return result;
  }

  private resolve(tenantId: string): ResolvedRoute | Promise<ResolvedRoute> {
    return this.resolver.known(tenantId) ?? this.resolver.resolve(tenantId);
  }

  /** Tries once more with the newer route when the fence calls this one stale. */
  private async onCurrentRoute<T>(
    resolved: ResolvedRoute,
    enter: (resolved: ResolvedRoute) => Promise<T>,
  ): Promise<T> {
    try {
      return await enter(resolved);
    } catch (error) {
      if (!(error instanceof FenceRefusal && error.reason === 'stale')) throw this.refused(error);
      this.metrics.count('stale');
      const newer = await this.resolver
        .resolve(error.tenantId, resolved.record)
        .catch((unresolved: unknown) => {
          throw staleAnswer(unresolved, error);
        });
      return await enter(newer).catch((again: unknown) => {
        throw this.refused(again);
      });
    }
  }

  /** As the caller sees it. */
  private refused(error: unknown): unknown {
    if (!(error instanceof FenceRefusal)) return error;
    this.metrics.count(error.reason);
    return error.toTenantError();
  }

  private entryOf({ route, record }: ResolvedRoute, { readOnly = false, isolationLevel }: RunOptions): Entry {
    const tenantId = record.tenantId.toLowerCase();
    return { tenantId, route, readOnly, isolationLevel, limits: this.limits(record) };
  }
}

/** The transaction that the calling code is in already. @throws TenantContextConflict when it is another tenant's. */
function joinable(tenantId: string): OpenTransaction | undefined {
  const outer = findTenantContext();
  if (!outer?.isOpen) return undefined;
  if (outer.tenantId !== tenantId.toLowerCase()) throw new TenantContextConflict();
  return outer;
}

/** What only read has nothing to lose any more, except where COMMIT itself may still say that it read what cannot be. */
function mustWaitForCommit({ readOnly = false, isolationLevel }: RunOptions): boolean {
  return !readOnly || isolationLevel === 'serializable';
}

/** No newer route came; but if the fence itself says frozen, the caller learns that and not that we are behind. */
function staleAnswer(unresolved: unknown, refusal: FenceRefusal): unknown {
  if (unresolved instanceof StaleRoute && refusal.access === 'frozen')
    return new TenantSuspended(refusal.tenantId, { cause: refusal });
  return unresolved;
}
