import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { GaugeGroup } from '@tenantry/messaging';
import { DataSource } from 'typeorm';
import { missingMigrations } from './migration-level.js';

/** For how long what was looked up is shown again, in milliseconds. */
const FRESH_MS = 15_000;

/** Shows how many migrations this build has that the database has not: more than 0 keeps a process from being ready. */
@Injectable()
export class MigrationMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly gauges: GaugeGroup<'tenantry_schema_migrations_pending'>;

  constructor(dataSource: DataSource) {
    this.gauges = new GaugeGroup({
      meter: '@tenantry/control-plane',
      gauges: {
        tenantry_schema_migrations_pending: {
          description: 'Migrations of this build that the database does not have.',
          unit: '{migration}',
        },
      },
      read: async (observe) =>
        observe('tenantry_schema_migrations_pending', (await missingMigrations(dataSource)).length),
      freshMs: FRESH_MS,
    });
  }

  onApplicationBootstrap(): void {
    this.gauges.start();
  }

  beforeApplicationShutdown(): void {
    this.gauges.stop();
  }
}
