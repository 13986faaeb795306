import { Module, type DynamicModule } from '@nestjs/common';
import type { Backoff } from '@tenantry/kernel';
import { OUTBOX_NOTIFY } from './bus/outbox-notify.js';
import { REQUEST_BACKOFF } from './reconciling/situation.reader.js';

export interface LifecycleSettings {
  /** How unacknowledged requests are published again. */
  readonly backoff: Backoff;
  /** Whether relays of other processes are woken by NOTIFY. Default true. */
  readonly notify?: boolean;
}

/** What the lifecycle is configured by; the same for whoever works it and whoever explains it. */
@Module({})
export class LifecycleSettingsModule {
  static forRoot({ backoff, notify = true }: LifecycleSettings): DynamicModule {
    return {
      module: LifecycleSettingsModule,
      global: true,
      providers: [
        { provide: REQUEST_BACKOFF, useValue: backoff },
        { provide: OUTBOX_NOTIFY, useValue: notify },
      ],
      exports: [REQUEST_BACKOFF, OUTBOX_NOTIFY],
    };
  }
}
