import { type DynamicModule, Module } from '@nestjs/common';
import type { FactAppliers, Logger, StateReload } from '@tenantry/messaging';
import { createLogger } from '@tenantry/service';
import { DataPlane } from '../data-plane.js';
import { RouteCache } from '../route-cache.js';
import type { ServiceDefinition } from '../service-definition.js';
import type { ContextSigner } from '../signing/context-signer.js';
import { Tenants } from '../tenants.js';
import { DataPlaneLifetime } from './data-plane.lifetime.js';
import { createTransport, type DataPlaneTransport } from './transport.js';

export interface DataPlaneOptions {
  readonly service: ServiceDefinition;
  /** The login that serves. */
  readonly databaseUrl: string;
  /** The login that provisions, over a direct connection (no transaction pooler: it holds session locks). */
  readonly provisionerUrl: string;
  /** Signs what opens a context, where the installation asks for it (`signing` of `installKit`). Default: not signed. */
  readonly signer?: ContextSigner | undefined;
  readonly transport: DataPlaneTransport;
  /** What the heartbeat names, e.g. the application's version. */
  readonly version: string;
  /** The process's logger. Default: one of its own, at level info. */
  readonly logger?: Logger;
  /** Connections that serve requests, at most. Default: 10. */
  readonly poolSize?: number;
  /** What the service does with facts, each in the transaction of its position. Default: nothing. */
  readonly facts?: FactAppliers;
  /**
   * Makes what the service derives from a tenant's facts anew from its state record, when events of it were missed. Default: a gap
   * is counted and that is all.
   */
  readonly reload?: StateReload;
  /** How often to look for orphans, in milliseconds; they are reported only. 0: never. Default: 3 600 000, an hour. */
  readonly orphanSweepIntervalMs?: number;
  /** From which age of the routes on `/healthz` says `degraded`, in milliseconds. Default: 300 000, five minutes. */
  readonly routeStalenessAlertMs?: number;
}

/** Provides `Tenants`, `RouteCache` and `DataPlane` everywhere, and runs the participant as long as the application runs. */
@Module({})
export class DataPlaneModule {
  static forRoot(options: DataPlaneOptions): DynamicModule {
    const { service, transport, logger = createLogger({ service: service.name }), ...rest } = options;
    return {
      module: DataPlaneModule,
      global: true,
      providers: [
        {
          provide: DataPlane,
          useFactory: () =>
            new DataPlane({
              ...rest,
              service,
              logger,
              transport: createTransport(transport, service.name, logger),
            }),
        },
        { provide: Tenants, inject: [DataPlane], useFactory: ({ tenants }: DataPlane) => tenants },
        { provide: RouteCache, inject: [DataPlane], useFactory: ({ routes }: DataPlane) => routes },
        DataPlaneLifetime,
      ],
      exports: [DataPlane, Tenants, RouteCache],
    };
  }
}
