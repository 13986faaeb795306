import { Module, type DynamicModule } from '@nestjs/common';
import { ExplainingModule } from '../explaining/explaining.module.js';
import { FingerprintReadModel } from './fingerprint.read-model.js';
import { WatchController } from './watch.controller.js';
import { WatchHub } from './watch-hub.js';
import { DEFAULT_WATCH_SETTINGS, WATCH_SETTINGS, type WatchSettings } from './watch-settings.js';

/** Streams of explanations; needs DatabaseModule, LifecycleSettingsModule and HealthModule. */
@Module({})
export class WatchingModule {
  static forRoot(settings: Partial<WatchSettings> = {}): DynamicModule {
    return {
      module: WatchingModule,
      imports: [ExplainingModule],
      controllers: [WatchController],
      providers: [
        { provide: WATCH_SETTINGS, useValue: { ...DEFAULT_WATCH_SETTINGS, ...settings } },
        FingerprintReadModel,
        WatchHub,
      ],
    };
  }
}
