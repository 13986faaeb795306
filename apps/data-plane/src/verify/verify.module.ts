import { Module, type DynamicModule } from '@nestjs/common';
import { VerifierRunner } from '@tenantry/data-plane-kit';
import { VerifierModule, verifierReadiness } from '@tenantry/data-plane-kit/nest';
import { HealthModule, loggingModule, type Logger, type OpenApiInfo } from '@tenantry/service';
import { APP_INFO } from '../app-info.js';
import type { VerifyConfig } from './config.js';

/** What the verifier's process says of itself. */
export const VERIFY_INFO: OpenApiInfo = {
  title: 'Tenantry verifier',
  description: 'Looks for what is left of purged tenants. It answers probes; there is nothing to ask of it.',
  version: APP_INFO.version,
};

/** The process of the participant that verifies: it and the probes. */
@Module({})
export class VerifyModule {
  static forRoot(config: VerifyConfig, logger: Logger): DynamicModule {
    const { participant, databaseUrl, targets, databases, tenantColumns, statementTimeoutMs, transport } =
      config;
    return {
      module: VerifyModule,
      imports: [
        loggingModule(logger),
        VerifierModule.forRoot({
          participant,
          databaseUrl,
          targets,
          databases,
          tenantColumns,
          statementTimeoutMs,
          transport,
          logger,
          version: VERIFY_INFO.version,
        }),
        HealthModule.register({ inject: [VerifierRunner], useFactory: verifierReadiness }),
      ],
    };
  }
}
