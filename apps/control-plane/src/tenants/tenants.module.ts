import { Module, type DynamicModule } from '@nestjs/common';
import { AutomationController } from './automation.controller.js';
import { BulkChangeHandler } from './bulk-change.command.js';
import { BulkController } from './bulk.controller.js';
import { CancelDeletionHandler } from './cancel-deletion.command.js';
import { CreateTenantHandler } from './create-tenant.command.js';
import { DeleteTenantHandler } from './delete-tenant.command.js';
import { DeletionController } from './deletion.controller.js';
import { GRACE_RULES, type GraceRules } from './grace-rules.js';
import { GetTenantHandler } from './get-tenant.query.js';
import { LegalHoldController } from './legal-hold.controller.js';
import { LifecycleModule } from './lifecycle.module.js';
import { ListTenantsHandler } from './list-tenants.query.js';
import { MoveDeletionHandler } from './move-deletion.command.js';
import { PauseTenantHandler } from './pause-tenant.command.js';
import { PlaceLegalHoldHandler } from './place-legal-hold.command.js';
import { ReactivateTenantHandler } from './reactivate-tenant.command.js';
import { ReleaseLegalHoldHandler } from './release-legal-hold.command.js';
import { ResumeTenantHandler } from './resume-tenant.command.js';
import { SuspendTenantHandler } from './suspend-tenant.command.js';
import { TenantController } from './tenant.controller.js';
import { TenantMarking } from './tenant-marking.js';
import { TenantReadModel } from './tenant.read-model.js';
import { UpdateTenantHandler } from './update-tenant.command.js';

/** The tenants' REST API: commands and queries. */
@Module({})
export class TenantsModule {
  static forRoot(grace: GraceRules): DynamicModule {
    return {
      module: TenantsModule,
      imports: [LifecycleModule],
      controllers: [
        BulkController,
        TenantController,
        DeletionController,
        AutomationController,
        LegalHoldController,
      ],
      providers: [
        TenantReadModel,
        TenantMarking,
        { provide: GRACE_RULES, useValue: grace },
        CreateTenantHandler,
        UpdateTenantHandler,
        SuspendTenantHandler,
        BulkChangeHandler,
        ReactivateTenantHandler,
        DeleteTenantHandler,
        CancelDeletionHandler,
        MoveDeletionHandler,
        PauseTenantHandler,
        ResumeTenantHandler,
        PlaceLegalHoldHandler,
        ReleaseLegalHoldHandler,
        GetTenantHandler,
        ListTenantsHandler,
      ],
    };
  }
}
