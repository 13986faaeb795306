import type { Secret } from '../credentials/secret.js';

/** How a service reaches its own database on one cluster; the kit is installed in it. */
export interface ClusterAccess {
  /** For the login that serves. */
  readonly databaseUrl: Secret;
  /** For the login that provisions, over a direct connection (no transaction pooler: it holds session locks). */
  readonly provisionerUrl: Secret;
  /** For the login of support and finance. Default: none, and they cannot reach tenants there. */
  readonly supportUrl?: Secret | undefined;
}
