export {
  ClusterUnknown,
  ContextRefused,
  FenceBehind,
  StaleRoute,
  TenantBusy,
  TenantContextConflict,
  TenantContextMissing,
  TenantError,
  TenantSuspended,
  TenantUnknown,
  TransactionAborted,
  type TenantErrorCode,
} from './errors.js';
export { type SeedEvidence, type ServiceDefinition } from './service-definition.js';
export { type StreamOptions, type TenantTransaction } from './tenant-transaction.js';
export { type SqlStatement } from './protocol/encoded-statement.js';
export { type IsolationLevel } from './protocol/session-statements.js';
export { type LimitsOf, type TenantLimits } from './tenant-limits.js';
export { onePlace, type ConnectionSource, type Destination } from './connection-source.js';
export { type ClusterAccess } from './clusters/cluster-access.js';
export {
  maintenanceCluster,
  MaintenanceClusters,
  type MaintenanceCluster,
} from './clusters/maintenance-clusters.js';
export { Places } from './clusters/places.js';
export { ServingClusters, type ServingClustersOptions } from './clusters/serving-clusters.js';
export {
  ConnectionPools,
  type ConnectionPoolsOptions,
  type ConnectionWanted,
} from './pools/connection-pools.js';
export { poolLimits, type PoolLimits } from './pools/pool-limits.js';
export { PoolTimeout } from './pools/pool-timeout.js';
export { TenantDatabasesBehind, type TenantDatabases } from './install/migrate-tenant-databases.js';
export { Tenants, type RunOptions, type TenantsOptions, type TenantStatement } from './tenants.js';
export {
  ContextSigner,
  type ContextSignerOptions,
  type ContextToken,
  type TokenBinding,
} from './signing/context-signer.js';
export { SigningRefused, type ContextSigning } from './signing/context-signing.js';
export { SigningKey } from './signing/signing-key.js';
export { SECRET_REFERENCE, secretAt, secretOf, SecretUnreadable, type Secret } from './credentials/secret.js';
export { signingKeyOf } from './signing/signing-key-of.js';
export { TenantLogins, type TenantLoginKeys } from './credentials/tenant-logins.js';
export { SupportDesk, type SupportDeskOptions } from './cross-tenant/support-desk.js';
export { CrossTenant } from './cross-tenant/cross-tenant.js';
export { type SupportAccess, type SupportPlaces } from './cross-tenant/support-access.js';
export { SupportGrantOver, SupportGrantUnfit, type SupportErrorCode } from './cross-tenant/support-errors.js';
export { type SupportRequest } from './cross-tenant/support-grant.js';
export { type SupportTransaction } from './cross-tenant/support-transaction.js';
export {
  TENANT_HEADER,
  tenantHeaders,
  tenantOfHeaders,
  type CarriedHeaders,
} from './context/message-headers.js';
export { readTenantJob, tenantJob, type TenantJob } from './context/job-payload.js';
export { pgFacade, type PgFacade } from './pg-facade.js';
export { RouteCache } from './route-cache.js';
export { type RouteHealth } from './route-health.js';
export { DATA_PLANE_BOUNDS, DataPlane, type DataPlaneParts } from './data-plane.js';
export { ParticipantRunner, type ParticipantRunnerOptions } from './participant/participant-runner.js';
export { createRequestHandler, type RequestHandlerOptions } from './participant/request-handler.js';
export { DEFAULT_FENCE_TIMES, type FenceTimes } from './participant/fence-writer.js';
export {
  AlreadyPurged,
  PlacementRefused,
  PurgeIncomplete,
  RequestFailed,
  RequestOvertaken,
  TenantDataLost,
  TenantHeld,
} from './participant/request-errors.js';
export {
  auditInstallation,
  auditServiceDatabase,
  type InstallationAudit,
  type InstallationAuditOptions,
  type LocatedFinding,
} from './isolation-audit/audit-installation.js';
export { KIT_MIGRATIONS } from './kit-migrations.js';
export { loginOf, UnfitLogin, type DatabaseLogin } from '@tenantry/database';
export { installKit, type InstallKitOptions, type InstallReport } from './install-kit.js';
export {
  installVerifier,
  VERIFIER_MIGRATIONS,
  type InstallVerifierOptions,
} from './verifier/install-verifier.js';
export { type ScanLoginOptions } from './verifier/install-scan-login.js';
export { type ScanEvidence } from './verifier/scan-evidence.js';
export { UnfitScanLogin } from './verifier/scan-login.js';
export { type ScanTarget } from './verifier/scan-session.js';
export { VerificationFailed } from './verifier/verification-failed.js';
export { VerifierRunner, type VerifierRunnerOptions } from './verifier/verifier-runner.js';
export {
  OrphanSweeper,
  RoutesNotLoaded,
  type OrphanSweeperOptions,
  type SweepOptions,
} from './orphans/orphan-sweeper.js';
export {
  type ObjectType,
  type OrphanFinding,
  type OrphanKind,
  type OrphanReport,
} from './orphans/orphan-report.js';
export { orphanTable } from './orphans/orphan-table.js';
export { sweepOrphans, type SweepOrphansOptions } from './orphans/sweep-orphans.js';
