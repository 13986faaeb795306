import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@tenantry/messaging';
import { IDENTITY_LOGGER, IdentityWatch } from './identity-watch.js';
import { IdentityStore } from './identity.store.js';

const NOT_RESTORED = Symbol('NOT_RESTORED');

/** Lets a process start on the installation's own database alone, and not on a restored one. */
@Module({})
export class IdentityModule {
  static forRoot(logger: Logger): DynamicModule {
    return {
      module: IdentityModule,
      providers: [
        IdentityStore,
        { provide: IDENTITY_LOGGER, useValue: logger },
        // While the application is put together, before anything of it works or listens.
        {
          provide: NOT_RESTORED,
          inject: [IdentityStore],
          useFactory: (identity: IdentityStore) => identity.refuseRestored(logger),
        },
        IdentityWatch,
      ],
    };
  }
}
