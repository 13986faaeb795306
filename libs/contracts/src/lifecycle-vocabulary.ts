/** How a tenant's data is kept apart. */
export const ISOLATIONS = ['pooled', 'schema', 'database'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** What a tenant should be. */
export const DESIRED_STATES = ['active', 'suspended', 'purged'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** What a participant last acknowledged that a tenant is, in that participant's stores. */
export const OBSERVED_STATES = ['none', 'active', 'suspended', 'purged'] as const;
export type ObservedState = (typeof OBSERVED_STATES)[number];

/** What the world is told a tenant is. */
export const TENANT_STATES = [
  'REQUESTED',
  'PROVISIONING',
  'ACTIVE',
  'SUSPENDING',
  'SUSPENDED',
  'REACTIVATING',
  'DELETION_SCHEDULED',
  'PURGING',
  'PURGED',
] as const;
export type TenantState = (typeof TENANT_STATES)[number];

/** Whether a route lets requests in: `frozen` lets none, `read_only` only reads. */
export const ACCESSES = ['open', 'read_only', 'frozen'] as const;
export type Access = (typeof ACCESSES)[number];

export const OPERATION_KINDS = [
  'provision',
  'suspend',
  'reactivate',
  'delete',
  'cancel_deletion',
  'purge',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_STATES = [
  'pending',
  'running',
  'succeeded',
  'failed',
  'superseded',
  'cancelled',
] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

export const TASK_STATES = ['pending', 'in_progress', 'succeeded', 'failed', 'skipped'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** What a participant can be asked for. */
export const CAPABILITIES = ['provision', 'suspend', 'reactivate', 'purge', 'verify'] as const;
export type Capability = (typeof CAPABILITIES)[number];
