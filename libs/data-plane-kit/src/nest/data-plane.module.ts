import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from '@tenantry/messaging';
import { createLogger } from '@tenantry/service';
import { DataPlane, type DataPlaneParts } from '../data-plane.js';
import { RouteCache } from '../route-cache.js';
import { Tenants } from '../tenants.js';
import { DataPlaneLifetime } from './data-plane.lifetime.js';
import { createTransport, type DataPlaneTransport } from './transport.js';

export interface DataPlaneOptions extends Omit<DataPlaneParts, 'transport' | 'logger'> {
  readonly transport: DataPlaneTransport;
  /** The process's logger. Default: one of its own, at level info. */
  readonly logger?: Logger;
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
