import { Module, type DynamicModule } from '@nestjs/common';
import type { Backoff } from '@tenantry/kernel';
import { AcknowledgementReceiver } from '../acknowledgements/acknowledgement.receiver.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { REQUEST_BACKOFF, TenantReconciler } from '../reconciling/tenant.reconciler.js';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { BUS, type Bus } from './bus.js';
import { SWEEP_INTERVAL_MS, Workers } from './workers.js';

export interface WorkersOptions {
  readonly bus: () => Bus;
  readonly backoff: Backoff;
  readonly sweepIntervalMs: number;
}

/** Everything that works without being asked. */
@Module({})
export class WorkersModule {
  static forRoot(options: WorkersOptions): DynamicModule {
    return {
      module: WorkersModule,
      imports: [LifecycleModule],
      providers: [
        { provide: BUS, useFactory: options.bus },
        { provide: REQUEST_BACKOFF, useValue: options.backoff },
        { provide: SWEEP_INTERVAL_MS, useValue: options.sweepIntervalMs },
        AcknowledgementReceiver,
        TenantReconciler,
        ReconcileWorker,
        Workers,
      ],
    };
  }
}
