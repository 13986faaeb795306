export {
  FenceBehind, StaleRoute, TenantBusy, TenantContextConflict, TenantContextMissing, TenantError, TenantSuspended, TenantUnknown,
  TransactionAborted, type TenantErrorCode,
} from './errors.js';
export { type SeedEvidence, type ServiceDefinition } from './service-definition.js';
export { type TenantTransaction } from './tenant-transaction.js';
export { Tenants, type RunOptions, type TenantStatement } from './tenants.js';
export { RouteCache } from './route-cache.js';
export { KIT_MIGRATIONS } from './kit-migrations.js';
export { installKit, loginOf, type DatabaseLogin, type InstallKitOptions, type InstallReport } from './install-kit.js';
