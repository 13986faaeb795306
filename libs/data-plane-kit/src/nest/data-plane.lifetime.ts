import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DataPlane } from '../data-plane.js';

/** Starts the participant with the application, and closes the connections only when the HTTP server has let go of them. */
@Injectable()
export class DataPlaneLifetime
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(@Inject(DataPlane) private readonly dataPlane: DataPlane) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.dataPlane.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.dataPlane.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.dataPlane.close();
  }
}
