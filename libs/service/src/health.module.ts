import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Drain } from './drain.js';
import { HEALTH_REPORTS, type HealthReport } from './health-report.js';
import { HealthController } from './health.controller.js';
import { READINESS_CHECKS, type ReadinessCheck } from './readiness-check.js';

/** How an app plugs in what `/readyz` asks, and what `/healthz` tells besides. */
export type HealthOptions = Pick<ModuleMetadata, 'imports'> &
  Pick<FactoryProvider<readonly ReadinessCheck[]>, 'inject' | 'useFactory'> & {
    /** Default: none. */
    readonly reports?: Pick<FactoryProvider<readonly HealthReport[]>, 'inject' | 'useFactory'>;
  };

/** `/livez`, `/readyz` and `/healthz`, and the {@link Drain} flag, which every module of the app can have. */
@Module({})
export class HealthModule {
  static register(options: HealthOptions): DynamicModule {
    return {
      module: HealthModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false }), ...(options.imports ?? [])],
      controllers: [HealthController],
      providers: [
        Drain,
        { provide: READINESS_CHECKS, inject: options.inject ?? [], useFactory: options.useFactory },
        {
          provide: HEALTH_REPORTS,
          inject: options.reports?.inject ?? [],
          useFactory: options.reports?.useFactory ?? (() => []),
        },
      ],
      exports: [Drain],
    };
  }
}
