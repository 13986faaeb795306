import { DomainError } from '@tenantry/kernel';

/** The codes of every error that the kit raises on purpose; an application's problem catalogue maps each to a status. */
export type TenantErrorCode =
  | 'tenant-unknown'
  | 'tenant-suspended'
  | 'tenant-busy'
  | 'stale-route'
  | 'fence-behind'
  | 'cluster-unknown'
  | 'tenant-context-refused'
  | 'tenant-context-missing'
  | 'tenant-context-conflict'
  | 'transaction-aborted';

/** An error of the tenant context. */
export abstract class TenantError extends DomainError {
  abstract override readonly code: TenantErrorCode;
}

/** There is no such tenant here: never known, or purged (404). */
export class TenantUnknown extends TenantError {
  readonly code = 'tenant-unknown';
  constructor(tenantId: string, options?: ErrorOptions) {
    super('There is no such tenant.', { tenantId }, options);
  }
}

/** The tenant exists and its access is closed: suspended, waiting for deletion, or read-only for this call (403). */
export class TenantSuspended extends TenantError {
  readonly code = 'tenant-suspended';
  constructor(tenantId: string, options?: ErrorOptions) {
    super(
      'The tenant is suspended; its data can be reached again after it is reactivated.',
      { tenantId },
      options,
    );
  }
}

/** The tenant is changing state at this moment; the same call can succeed shortly (503). */
export class TenantBusy extends TenantError {
  readonly code = 'tenant-busy';
  constructor(tenantId: string, options?: ErrorOptions) {
    super('The tenant is changing state at this moment; try again shortly.', { tenantId }, options);
  }
}

/** The route that this process knows is older than the tenant's fence, and no newer one came in time (503). */
export class StaleRoute extends TenantError {
  readonly code = 'stale-route';
  constructor(tenantId: string, options?: ErrorOptions) {
    super('The route to the tenant is out of date here; try again shortly.', { tenantId }, options);
  }
}

/** The route is newer than the fence: this service has not carried out the tenant's last operation yet (503). */
export class FenceBehind extends TenantError {
  readonly code = 'fence-behind';
  constructor(tenantId: string, options?: ErrorOptions) {
    super(
      'This service has not caught up with the last change of the tenant; try again shortly.',
      { tenantId },
      options,
    );
  }
}

/** The tenant lives on a cluster that this process has not been told of: its configuration is behind (503). */
export class ClusterUnknown extends TenantError {
  readonly code = 'cluster-unknown';
  constructor(tenantId: string, cluster: string) {
    super('The tenant lives where this process does not reach; try again later.', { tenantId, cluster });
  }
}

/**
 * The database does not take this service's token, or none at all: keys, clocks, or the way to the database (a pooler)
 * are not what the installation says. Nothing was done (503).
 */
export class ContextRefused extends TenantError {
  readonly code = 'tenant-context-refused';
  constructor(why: string | undefined, options?: ErrorOptions) {
    super('The database does not accept the token of this service.', { why: why ?? 'unknown' }, options);
  }
}

/** Code that needs a tenant ran outside `tenants.run`, or after its transaction had ended: a bug (500). */
export class TenantContextMissing extends TenantError {
  readonly code = 'tenant-context-missing';
  constructor(
    message = 'There is no tenant context here: run this inside tenants.run(tenantId, …).',
    options?: ErrorOptions,
  ) {
    super(message, {}, options);
  }
}

/** `tenants.run` for one tenant inside the context of another: a bug, or an attempt to cross (500). */
export class TenantContextConflict extends TenantError {
  readonly code = 'tenant-context-conflict';
  constructor(options?: ErrorOptions) {
    super('A tenant context cannot be opened inside the context of another tenant.', {}, options);
  }
}

/** Postgres answered COMMIT with a rollback, because a statement had failed and its error was swallowed: nothing was saved (500). */
export class TransactionAborted extends TenantError {
  readonly code = 'transaction-aborted';
  constructor(tenantId: string, options?: ErrorOptions) {
    super(
      'The transaction was rolled back, because one of its statements had failed.',
      { tenantId },
      options,
    );
  }
}
