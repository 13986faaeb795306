import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { WorkLoop, type Logger } from '@tenantry/messaging';
import { IdentityStore } from './identity.store.js';
import { RestoredDatabase } from './restored-database.js';

/** How often it is looked, in milliseconds. */
const LOOK_MS = 5_000;

export const IDENTITY_LOGGER = Symbol('IDENTITY_LOGGER');

/**
 * Looks whether the database is still the same one: it may be restored, or its server be promoted, while the process runs. On one that was
 * restored the process ends, and is refused when it is started again.
 */
@Injectable()
export class IdentityWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: WorkLoop;

  constructor(identity: IdentityStore, @Inject(IDENTITY_LOGGER) logger: Logger) {
    this.loop = new WorkLoop({
      step: async () => {
        await identity.check(logger);
        return false;
      },
      minPauseMs: LOOK_MS,
      maxPauseMs: LOOK_MS,
      onError: (err) => {
        if (!(err instanceof RestoredDatabase))
          return logger.debug({ err }, 'the identity of the database cannot be read');
        logger.error({ err }, 'the database was restored while the process ran; the process ends');
        process.exit(err.exitCode);
      },
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
