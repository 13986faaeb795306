import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BUS, type Bus } from './bus.js';

/** Closes the bus when everything that works through it has stopped, which is what `beforeApplicationShutdown` is for. */
@Injectable()
export class BusLifetime implements OnApplicationShutdown {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  async onApplicationShutdown(): Promise<void> {
    await this.bus.transport.close();
    await this.bus.pool.end();
  }
}
