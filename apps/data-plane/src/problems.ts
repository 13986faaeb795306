import type { TenantErrorCode } from '@tenantry/data-plane-kit';
import type { ProblemCatalogue } from '@tenantry/service';
import type { IdempotencyErrorCode } from './idempotency/idempotency.errors.js';

const soon = () => ({ 'Retry-After': '1' });

/** How the kit's errors and our own are answered. */
export const PROBLEMS: ProblemCatalogue<TenantErrorCode | IdempotencyErrorCode> = {
  'idempotency-key-in-flight': {
    status: 409,
    title: 'The first request is still being worked on',
    headers: soon,
  },
  'idempotency-key-reused': { status: 422, title: 'The key names another request' },
  'tenant-unknown': { status: 404, title: 'No such tenant' },
  'tenant-suspended': { status: 403, title: 'The tenant is suspended' },
  'tenant-busy': { status: 503, title: 'The tenant is changing state', headers: soon },
  'stale-route': { status: 503, title: 'The route is out of date', headers: soon },
  'fence-behind': { status: 503, title: 'This service has not caught up', headers: soon },
  'cluster-unknown': { status: 503, title: 'The tenant’s cluster is not configured here', headers: soon },
  'tenant-context-refused': { status: 503, title: 'The database refuses this service', headers: soon },
  'tenant-context-missing': { status: 500, title: 'No tenant context' },
  'tenant-context-conflict': { status: 500, title: 'Two tenant contexts' },
  'transaction-aborted': { status: 500, title: 'The transaction was rolled back' },
};
