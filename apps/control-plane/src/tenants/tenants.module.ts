import { Module, type DynamicModule } from '@nestjs/common';
import { LifecycleModule } from './lifecycle.module.js';
import { CancelDeletionHandler } from './cancel-deletion.command.js';
import { CreateTenantHandler } from './create-tenant.command.js';
import { DeleteTenantHandler, GRACE_RULES, type GraceRules } from './delete-tenant.command.js';
import { DeletionController } from './deletion.controller.js';
import { GetTenantHandler } from './get-tenant.query.js';
import { ListTenantsHandler } from './list-tenants.query.js';
import { ReactivateTenantHandler } from './reactivate-tenant.command.js';
import { SuspendTenantHandler } from './suspend-tenant.command.js';
import { TenantController } from './tenant.controller.js';
import { TenantReadModel } from './tenant.read-model.js';
import { UpdateTenantHandler } from './update-tenant.command.js';

/** The tenants' REST API: commands and queries. */
@Module({})
export class TenantsModule {
  static forRoot(grace: GraceRules): DynamicModule {
    return {
      module: TenantsModule,
      imports: [LifecycleModule],
      controllers: [TenantController, DeletionController],
      providers: [
        TenantReadModel,
        { provide: GRACE_RULES, useValue: grace },
        CreateTenantHandler,
        UpdateTenantHandler,
        SuspendTenantHandler,
        ReactivateTenantHandler,
        DeleteTenantHandler,
        CancelDeletionHandler,
        GetTenantHandler,
        ListTenantsHandler,
      ],
    };
  }
}
