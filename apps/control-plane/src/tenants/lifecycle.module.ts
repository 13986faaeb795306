import { Outbox } from '@tenantry/messaging';
import { Module } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { OUTBOX_NOTIFY } from '../bus/outbox-notify.js';
import { ClusterAllocator } from '../clusters/cluster-allocator.js';
import { ClusterUsageStore } from '../clusters/cluster-usage.store.js';
import { ClusterStore } from '../clusters/cluster.store.js';
import { OperationStore } from '../operations/operation.store.js';
import { Heartbeats } from '../participants/heartbeats.js';
import { ParticipantReadModel } from '../participants/participant.read-model.js';
import { ParticipantStore } from '../participants/participant.store.js';
import { ParticipantsChanged } from '../participants/participants-changed.js';
import { PlanRuleStore } from '../plans/plan-rule.store.js';
import { RequestPlan } from '../reconciling/request-plan.js';
import { SituationReader } from '../reconciling/situation.reader.js';
import { WakeStore } from '../reconciling/wake.store.js';
import { RouteStore } from '../routing/route.store.js';
import { LifecycleChange } from './lifecycle-change.js';
import { TenantStore } from './tenant.store.js';
import { TenantPlacement } from './tenant-placement.js';

/** What changes a tenant, shared by the commands, the reconciler and the acknowledgements: all of it under the tenant's row lock. */
@Module({
  providers: [
    { provide: Outbox, inject: [OUTBOX_NOTIFY], useFactory: (notify: boolean) => new Outbox({ notify }) },
    AuditLog,
    ClusterAllocator,
    ClusterStore,
    ClusterUsageStore,
    Heartbeats,
    OperationStore,
    ParticipantReadModel,
    ParticipantsChanged,
    ParticipantStore,
    PlanRuleStore,
    RouteStore,
    WakeStore,
    TenantPlacement,
    TenantStore,
    LifecycleChange,
    SituationReader,
    RequestPlan,
  ],
  exports: [
    AuditLog,
    ClusterStore,
    Heartbeats,
    OperationStore,
    ParticipantReadModel,
    ParticipantsChanged,
    ParticipantStore,
    PlanRuleStore,
    RouteStore,
    WakeStore,
    TenantPlacement,
    TenantStore,
    LifecycleChange,
    SituationReader,
  ],
})
export class LifecycleModule {}
