import type { Row } from '@tenantry/database';
import type { ConnectionSource } from './connection-source.js';
import { StaleRoute, TenantContextConflict, TenantSuspended } from './errors.js';
import { FenceRefusal } from './fence-refusal.js';
import type { RouteCache } from './route-cache.js';
import { RouteResolver } from './route-resolver.js';
import type { ContextSigner } from './signing/context-signer.js';
import { currentTransaction, findTenantContext, withTenantContext } from './tenant-context.js';
import { TenantSession } from './tenant-session.js';
import type { TenantTransaction } from './tenant-transaction.js';

/** How one `run` differs from the usual. */
export interface RunOptions {
  /** A read-only transaction, which a tenant whose access is `read_only` admits too. Default: false. */
  readonly readOnly?: boolean;
}

/** One statement with bound parameters. */
export interface TenantStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface TenantsOptions {
  readonly connections: ConnectionSource;
  readonly routes: RouteCache;
  /** The store of this service. */
  readonly store: string;
  /** Signs what opens a context, where the installation asks for it. Default: not signed. */
  readonly signer?: ContextSigner;
  /** How long to wait for a newer route, in milliseconds. Default: 1000. */
  readonly routeWaitMs?: number;
}

/** The only way to a tenant's data. */
export class Tenants {
  private readonly resolver: RouteResolver;
  private readonly session: TenantSession;

  constructor({ connections, routes, store, signer, routeWaitMs = 1000 }: TenantsOptions) {
    this.resolver = new RouteResolver(routes, store, routeWaitMs);
    this.session = new TenantSession(connections, store, signer);
  }

  /**
   * Runs `work` in one transaction inside the tenant's context and commits it, or rolls it back when `work` rejects.
   * Inside another `run` of the same tenant it joins that transaction. `work` must await all it starts, and must not be
   * repeated by itself on failure: it runs at most once per call.
   *
   * @throws TenantUnknown, TenantSuspended, TenantBusy, StaleRoute or FenceBehind when the tenant cannot be entered (`work` did not
   * run); TenantContextConflict inside another tenant's run; TransactionAborted when nothing was saved although `work` resolved.
   */
  async run<T>(
    tenantId: string,
    work: (tx: TenantTransaction) => Promise<T>,
    options: RunOptions = {},
  ): Promise<T> {
    const outer = findTenantContext();
    if (outer?.isOpen) {
      if (outer.tenantId !== tenantId.toLowerCase()) throw new TenantContextConflict();
      return work(outer);
    }
    const resolved = await this.resolver.resolve(tenantId);
    try {
      return await this.enter(resolved, work, options);
    } catch (error) {
      if (!(error instanceof FenceRefusal && error.reason === 'stale')) throw translated(error);
      const newer = await this.resolver.resolve(tenantId, resolved.record).catch((unresolved: unknown) => {
        throw staleAnswer(unresolved, error);
      });
      return await this.enter(newer, work, options).catch((again: unknown) => {
        throw translated(again);
      });
    }
  }

  /** Runs one statement in a transaction of its own inside the tenant's context, and returns its rows. */
  async query<R extends object = Row>(tenantId: string, statement: TenantStatement): Promise<R[]> {
    return this.run(tenantId, (tx) => tx.query<R>(statement.text, statement.values));
  }

  /** The transaction of the tenant context that the calling code is in. @throws TenantContextMissing when it is in none. */
  current(): TenantTransaction {
    return currentTransaction();
  }

  private enter<T>(
    { route, record }: Awaited<ReturnType<RouteResolver['resolve']>>,
    work: (tx: TenantTransaction) => Promise<T>,
    { readOnly = false }: RunOptions,
  ): Promise<T> {
    return this.session.run({ tenantId: record.tenantId.toLowerCase(), route, readOnly }, (tx) =>
      withTenantContext(tx, () => work(tx)),
    );
  }
}

function translated(error: unknown): unknown {
  return error instanceof FenceRefusal ? error.toTenantError() : error;
}

/** No newer route came; but if the fence itself says frozen, the caller learns that and not that we are behind. */
function staleAnswer(unresolved: unknown, refusal: FenceRefusal): unknown {
  if (unresolved instanceof StaleRoute && refusal.access === 'frozen')
    return new TenantSuspended(refusal.tenantId, { cause: refusal });
  return unresolved;
}
