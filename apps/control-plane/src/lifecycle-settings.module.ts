import { Module, type DynamicModule } from '@nestjs/common';
import type { Backoff } from '@tenantry/kernel';
import { REQUEST_BACKOFF } from './reconciling/situation.reader.js';

export interface LifecycleSettings {
  /** How unacknowledged requests are published again. */
  readonly backoff: Backoff;
}

/** What the lifecycle is configured by; the same for whoever works it and whoever explains it. */
@Module({})
export class LifecycleSettingsModule {
  static forRoot({ backoff }: LifecycleSettings): DynamicModule {
    return {
      module: LifecycleSettingsModule,
      global: true,
      providers: [{ provide: REQUEST_BACKOFF, useValue: backoff }],
      exports: [REQUEST_BACKOFF],
    };
  }
}
