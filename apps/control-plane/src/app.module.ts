import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { topicNames } from '@tenantry/contracts';
import { OutboxLag } from '@tenantry/messaging';
import {
  HealthModule,
  loggingModule,
  type HealthReport,
  type Logger,
  type ReadinessCheck,
} from '@tenantry/service';
import { DataSource } from 'typeorm';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { APP_INFO } from './app-info.js';
import { AuditModule } from './audit/audit.module.js';
import { AuditWorkersModule } from './audit/audit-workers.module.js';
import { BusReach, busReport } from './bus/bus-reach.js';
import { newBus } from './bus/new-bus.js';
import { outboxReport } from './bus/outbox-report.js';
import { WorkersModule } from './bus/workers.module.js';
import { CertificateWorkersModule } from './certificates/certificate-workers.module.js';
import { CertificatesModule } from './certificates/certificates.module.js';
import { ClustersModule } from './clusters/clusters.module.js';
import { signingKeyReader, type Config } from './config.js';
import { DatabaseModule } from './database/database.module.js';
import { managerExecutor } from './database/manager-executor.js';
import { DoctorModule } from './doctor/doctor.module.js';
import { DryRunModule } from './dry-run/dry-run.module.js';
import { epochReport } from './epoch/epoch-report.js';
import { ExplainingModule } from './explaining/explaining.module.js';
import { FleetModule } from './fleet/fleet.module.js';
import { HistoryModule } from './history/history.module.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { IdentityModule } from './identity/identity.module.js';
import { missingMigrations } from './database/migration-level.js';
import { LifecycleSettingsModule } from './lifecycle-settings.module.js';
import { MessageDocsModule } from './message-docs/message-docs.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { ParkedModule } from './parked/parked.module.js';
import { ParticipantsModule } from './participants/participants.module.js';
import { PlansModule } from './plans/plans.module.js';
import { RoutingModule } from './routing/routing.module.js';
import { SigningModule } from './signing/signing.module.js';
import type { SigningKey } from './signing/signing-key.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { WatchingModule } from './watching/watching.module.js';

/** Which parts this process runs: each can be anywhere and in any number, and they meet in the database alone. */
export interface Parts {
  /** The REST API. */
  readonly api: boolean;
  /** Reconciler and acknowledgement consumer. */
  readonly worker: boolean;
  /** Sends what the outbox holds. */
  readonly relay: boolean;
}

@Module({})
export class AppModule {
  /** @param signingKey what a process with the part `worker` signs with. */
  static forRoot(config: Config, logger: Logger, parts: Parts, signingKey?: SigningKey): DynamicModule {
    const reach = new BusReach();
    return {
      module: AppModule,
      imports: [
        loggingModule(logger),
        CqrsModule.forRoot(),
        DatabaseModule.forRoot(config.databaseUrl, config.databasePoolSize),
        IdentityModule.forRoot(logger),
        LifecycleSettingsModule.forRoot({
          backoff: { baseMs: config.requestBackoffBaseMs, maxMs: config.requestBackoffMaxMs },
          notify: config.outboxNotify === 'on',
        }),
        HealthModule.register({
          inject: [DataSource],
          useFactory: readinessChecks,
          reports: {
            inject: [DataSource],
            useFactory: (dataSource: DataSource) => [
              ...reports(dataSource, config),
              ...busReports(reach, parts),
            ],
          },
        }),
        ...(parts.api ? api(config, logger) : []),
        ...(parts.worker || parts.relay ? [workers(config, logger, parts, reach)] : []),
        ...(parts.worker ? auditing(config, signingKey) : []),
      ],
    };
  }
}

function api(config: Config, logger: Logger): NonNullable<ModuleMetadata['imports']> {
  return [
    DryRunModule,
    IdempotencyModule,
    ApiKeysModule,
    AuditModule,
    CertificatesModule,
    ClustersModule,
    DoctorModule.forRoot({ config, readKey: signingKeyReader(config), logger }),
    ExplainingModule,
    FleetModule,
    HistoryModule,
    MessageDocsModule.forRoot(
      topicNames(config.kafkaTopicPrefix, config.kafka?.topicNames),
      APP_INFO.version,
    ),
    OperationsModule,
    ParkedModule,
    ParticipantsModule,
    PlansModule,
    RoutingModule,
    SigningModule,
    TelemetryModule,
    TenantsModule.forRoot({ defaultMs: config.defaultGracePeriodMs, minimumMs: config.minGracePeriodMs }),
    WatchingModule.forRoot({ maxWatchers: config.maxWatchers }),
  ];
}

function workers(config: Config, logger: Logger, { worker, relay }: Parts, reach: BusReach): DynamicModule {
  return WorkersModule.forRoot({
    worker,
    relay,
    bus: () => newBus(config, logger, reach),
    sweepIntervalMs: config.sweepIntervalMs,
    backfillConcurrency: config.backfillConcurrency,
    eventRetentionMs: config.eventRetentionMs,
  });
}

function auditing(config: Config, key: SigningKey | undefined): DynamicModule[] {
  if (!key) throw new Error('a worker needs a signing key');
  const { checkpointIntervalMs, checkpointFile, backupRetentionMs, eventRetentionMs } = config;
  return [
    AuditWorkersModule.forRoot(key, { checkpointIntervalMs, checkpointFile }),
    CertificateWorkersModule.forRoot(key, { backupsMs: backupRetentionMs, eventsMs: eventRetentionMs }),
  ];
}

/** Database and migration level; not the broker, without which the API commits all the same. */
function readinessChecks(dataSource: DataSource): ReadinessCheck[] {
  return [
    { name: 'database', check: async () => void (await dataSource.query('SELECT 1')) },
    {
      name: 'migrations',
      check: async () => {
        const missing = await missingMigrations(dataSource);
        if (missing.length > 0) throw new Error(`not applied: ${missing.join(', ')}`);
      },
    },
  ];
}

/** Of a process that talks to the bus. */
function busReports(reach: BusReach, { worker, relay }: Parts): HealthReport[] {
  return worker || relay ? [busReport(reach)] : [];
}

/** What somebody should look at, and no load balancer. */
function reports(dataSource: DataSource, { outboxAlertAfterMs }: Config): HealthReport[] {
  const sql = managerExecutor(dataSource.manager);
  return [outboxReport(new OutboxLag({ sql }), outboxAlertAfterMs), epochReport(sql)];
}
