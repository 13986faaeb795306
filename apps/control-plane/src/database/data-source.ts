import pg, { type PoolConfig } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { ApiKey } from '../api-keys/api-key.entity.js';
import { AuditEntry } from '../audit/audit-entry.entity.js';
import { Cluster } from '../clusters/cluster.entity.js';
import { IdempotencyKey } from '../idempotency/idempotency-key.entity.js';
import { Operation } from '../operations/operation.entity.js';
import { Task } from '../operations/task.entity.js';
import { Participant } from '../participants/participant.entity.js';
import { TenantParticipant } from '../participants/tenant-participant.entity.js';
import { PlanRule } from '../plans/plan-rule.entity.js';
import { Route } from '../routing/route.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { CONNECTION_LIMITS } from './connection-limits.js';
import { MeasuredPool } from './measured-pool.js';

class ServicePool extends MeasuredPool {
  constructor(config?: PoolConfig) {
    super('service', config);
  }
}

/** `pg` as it is, but for its pool. */
const MEASURED_DRIVER: object = Object.create(pg, { Pool: { value: ServicePool } }) as object;

/** TypeORM over the control plane's tables; the schema is the migrations', never TypeORM's. */
export function dataSourceOptions(
  url: string,
  poolSize: number,
): Extract<DataSourceOptions, { type: 'postgres' }> {
  return {
    type: 'postgres',
    driver: MEASURED_DRIVER,
    url,
    schema: 'tenantry',
    entities: [
      ApiKey,
      AuditEntry,
      Cluster,
      IdempotencyKey,
      Operation,
      Participant,
      PlanRule,
      Route,
      Task,
      Tenant,
      TenantParticipant,
    ],
    synchronize: false,
    poolSize,
    applicationName: 'tenantry-control-plane',
    extra: CONNECTION_LIMITS,
  };
}
