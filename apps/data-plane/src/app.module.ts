import { Module, type DynamicModule } from '@nestjs/common';
import { DataPlane } from '@tenantry/data-plane-kit';
import { DataPlaneModule, dataPlaneReadiness, dataPlaneReports } from '@tenantry/data-plane-kit/nest';
import { HealthModule, loggingModule, type Logger } from '@tenantry/service';
import { APP_INFO } from './app-info.js';
import type { ServeConfig } from './config.js';
import { ProjectsModule } from './projects/projects.module.js';
import { referenceService } from './reference-service.js';
import { RolesModule } from './roles/roles.module.js';

/** The whole service: its API and its part in the tenants' lifecycle. */
@Module({})
export class AppModule {
  static forRoot(config: ServeConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        loggingModule(logger),
        DataPlaneModule.forRoot({
          service: referenceService(config.participant),
          databaseUrl: config.databaseUrl,
          provisionerUrl: config.provisionerUrl,
          cluster: config.defaultCluster,
          clusters: config.clusters,
          tenantLoginKeys: config.tenantLoginKeys,
          connectionLimits: config.connectionLimits,
          signer: config.signer,
          transport: config.transport,
          version: APP_INFO.version,
          routeStalenessAlertMs: config.routeStalenessAlertMs,
          isolationAuditIntervalMs: config.isolationAuditIntervalMs,
          isolationAuditConfig: config.isolationAuditConfig,
          logger,
        }),
        HealthModule.register({
          inject: [DataPlane],
          useFactory: dataPlaneReadiness,
          reports: { inject: [DataPlane], useFactory: dataPlaneReports },
        }),
        RolesModule,
        ProjectsModule,
      ],
    };
  }
}
