import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ReadinessCheck } from '@tenantry/service';
import { VerifierRunner, type VerifierRunnerOptions } from '../verifier/verifier-runner.js';
import { createTransport, type DataPlaneTransport } from './transport.js';

export interface VerifierOptions extends Omit<VerifierRunnerOptions, 'transport'> {
  readonly transport: DataPlaneTransport;
}

/** Starts the verifier with the application; an application with an unfit login does not start. */
@Injectable()
class VerifierLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(VerifierRunner) private readonly verifier: VerifierRunner) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.verifier.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.verifier.stop();
  }
}

/** Runs the participant that verifies as long as the application runs, and provides `VerifierRunner`. */
@Module({})
export class VerifierModule {
  static forRoot({ transport, ...options }: VerifierOptions): DynamicModule {
    const { participant, logger } = options;
    return {
      module: VerifierModule,
      global: true,
      providers: [
        {
          provide: VerifierRunner,
          useFactory: () =>
            new VerifierRunner({ ...options, transport: createTransport(transport, participant, logger) }),
        },
        VerifierLifetime,
      ],
      exports: [VerifierRunner],
    };
  }
}

/** What must hold for the verifier to work: its own database, migrated as this build expects. */
export function verifierReadiness(verifier: VerifierRunner): readonly ReadinessCheck[] {
  return [
    { name: 'database', check: () => verifier.checkReady() },
    { name: 'migrations', check: () => verifier.checkMigrations() },
  ];
}
