import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommitSignal } from './commit-signal.js';
import { dataSourceOptions } from './data-source.js';
import { IdempotencyCompletion } from './idempotency-completion.js';
import { MigrationMetrics } from './migration-metrics.js';
import { UnitOfWork } from './unit-of-work.js';

/** The connection to the control plane's database, and the transactions over it. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(url: string, poolSize: number): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(url, poolSize),
          // The database may come up after us: wait for it instead of dying.
          retryAttempts: Number.MAX_SAFE_INTEGER,
          retryDelay: 1000,
        }),
      ],
      providers: [CommitSignal, IdempotencyCompletion, MigrationMetrics, UnitOfWork],
      exports: [CommitSignal, IdempotencyCompletion, UnitOfWork],
    };
  }
}
