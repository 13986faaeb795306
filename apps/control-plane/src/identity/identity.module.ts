import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@tenantry/messaging';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { refuseRestored } from './check-identity.js';
import { IDENTITY_LOGGER, IdentityWatch } from './identity-watch.js';

const NOT_RESTORED = Symbol('NOT_RESTORED');

/** Lets a process start on the installation's own database alone, and not on a restored one. */
@Module({})
export class IdentityModule {
  static forRoot(logger: Logger): DynamicModule {
    return {
      module: IdentityModule,
      providers: [
        { provide: IDENTITY_LOGGER, useValue: logger },
        // While the application is put together, before anything of it works or listens.
        {
          provide: NOT_RESTORED,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => refuseRestored(managerExecutor(dataSource.manager), logger),
        },
        IdentityWatch,
      ],
    };
  }
}
