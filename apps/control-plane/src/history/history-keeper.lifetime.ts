import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HistoryKeeper } from '@tenantry/messaging';
import { BUS, type Bus } from '../bus/bus.js';
import { certificatesGuard, parkedFactsGuard, replaysGuard } from './history-guards.js';

/** For how long events are kept, in milliseconds; `undefined`: for ever. */
export const EVENT_RETENTION_MS = Symbol('EVENT_RETENTION_MS');

/** Looks after the event history's months as long as the process runs. */
@Injectable()
export class HistoryKeeperLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly keeper: HistoryKeeper;

  constructor(@Inject(BUS) { pool, logger }: Bus, @Inject(EVENT_RETENTION_MS) keepMs: number | undefined) {
    const guards = [parkedFactsGuard, replaysGuard, certificatesGuard];
    this.keeper = new HistoryKeeper({ pool, logger, keepMs, guards });
  }

  onApplicationBootstrap(): void {
    this.keeper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.keeper.stop();
  }
}
