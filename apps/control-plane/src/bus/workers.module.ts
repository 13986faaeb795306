import { Module, type DynamicModule } from '@nestjs/common';
import { AcknowledgementReceiver } from '../acknowledgements/acknowledgement.receiver.js';
import { ParticipantAudit } from '../acknowledgements/participant-audit.js';
import { ClusterMetrics } from '../clusters/cluster-metrics.js';
import { ClusterReadModel } from '../clusters/cluster.read-model.js';
import { EVENT_RETENTION_MS, HistoryKeeperLifetime } from '../history/history-keeper.lifetime.js';
import { BACKFILL_CONCURRENCY, BacklogWorker } from '../participants/backlog-worker.js';
import { BacklogStore } from '../participants/backlog.store.js';
import { RecallStore } from '../participants/recall.store.js';
import { ParkedCopyWorker } from '../parked/parked-copy-worker.js';
import { ParkedCopyStore } from '../parked/parked-copy.store.js';
import { RecoveryModule } from '../parked/recovery.module.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { TenantReconciler } from '../reconciling/tenant.reconciler.js';
import { TenantPlacer } from '../reconciling/tenant.placer.js';
import { FleetLoadReadModel } from '../telemetry/fleet-load.read-model.js';
import { FleetMetrics } from '../telemetry/fleet-metrics.js';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { BUS, type Bus } from './bus.js';
import { BusLifetime } from './bus.lifetime.js';
import { RelayLifetime } from './relay.lifetime.js';
import { SWEEP_INTERVAL_MS, Workers } from './workers.js';

export interface WorkersOptions {
  /** Whether this process reconciles and takes in acknowledgements. */
  readonly worker: boolean;
  /** Whether this process sends what the outbox holds. */
  readonly relay: boolean;
  readonly bus: () => Bus;
  readonly sweepIntervalMs: number;
  /** How many tenants of one participant's backlog may be unanswered at a time. */
  readonly backfillConcurrency: number;
  /** For how long events are kept, in milliseconds; unset: for ever. */
  readonly eventRetentionMs?: number | undefined;
}

/** Everything that works without being asked. */
@Module({})
export class WorkersModule {
  static forRoot(options: WorkersOptions): DynamicModule {
    return {
      module: WorkersModule,
      imports: [LifecycleModule, RecoveryModule],
      providers: [
        { provide: BUS, useFactory: options.bus },
        { provide: SWEEP_INTERVAL_MS, useValue: options.sweepIntervalMs },
        { provide: BACKFILL_CONCURRENCY, useValue: options.backfillConcurrency },
        { provide: EVENT_RETENTION_MS, useValue: options.eventRetentionMs },
        BusLifetime,
        ...(options.worker ? WORKER : []),
        ...(options.relay ? [RelayLifetime] : []),
      ],
    };
  }
}

const WORKER = [
  AcknowledgementReceiver,
  ParticipantAudit,
  BacklogStore,
  RecallStore,
  BacklogWorker,
  ClusterReadModel,
  ClusterMetrics,
  FleetLoadReadModel,
  FleetMetrics,
  ParkedCopyWorker,
  ParkedCopyStore,
  TenantPlacer,
  TenantReconciler,
  ReconcileWorker,
  HistoryKeeperLifetime,
  Workers,
];
