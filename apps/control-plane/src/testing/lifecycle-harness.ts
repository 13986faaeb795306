import 'reflect-metadata';
import { Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import type { Acknowledgement, Heartbeat, TenantState } from '@tenantry/contracts';
import { loginOf } from '@tenantry/database';
import { newId, type Backoff } from '@tenantry/kernel';
import { testDatabase, waitFor, type TestDatabase } from '@tenantry/testing';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { AcknowledgementReceiver } from '../acknowledgements/acknowledgement.receiver.js';
import { ParticipantAudit } from '../acknowledgements/participant-audit.js';
import type { Caller } from '../audit/caller.js';
import { DatabaseModule } from '../database/database.module.js';
import { declareInstallation } from '../database/declare-installation.js';
import { migrateControlPlane } from '../database/migrate-control-plane.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { LifecycleSettingsModule } from '../lifecycle-settings.module.js';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';
import { OperationsModule } from '../operations/operations.module.js';
import { BACKFILL_CONCURRENCY, BacklogWorker } from '../participants/backlog-worker.js';
import { BacklogStore } from '../participants/backlog.store.js';
import { parseParticipant } from '../participants/participant-entry.js';
import { RecallStore } from '../participants/recall.store.js';
import { RecoveryModule } from '../parked/recovery.module.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { TenantPlacer } from '../reconciling/tenant.placer.js';
import { TenantReconciler } from '../reconciling/tenant.reconciler.js';
import type { Accepted } from '../tenants/accepted.js';
import { CreateTenant, type NewTenant } from '../tenants/create-tenant.command.js';
import { LifecycleModule } from '../tenants/lifecycle.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';

const PASSWORD = 'secret';
export const BACKOFF = { baseMs: 1000, maxMs: 60_000 } as const;
export const TESTER: Caller = { actor: 'api-key:tester', requestId: 'r-1' };

@Module({
  imports: [LifecycleModule, RecoveryModule],
  providers: [
    TenantPlacer,
    TenantReconciler,
    ReconcileWorker,
    AcknowledgementReceiver,
    ParticipantAudit,
    BacklogStore,
    RecallStore,
    BacklogWorker,
    { provide: BACKFILL_CONCURRENCY, useValue: 20 },
  ],
})
class ReconcilingModule {}

/** A control plane without HTTP, bus and loops: a test says when the reconciler looks and what participants answer. */
export class LifecycleHarness {
  private constructor(
    readonly database: TestDatabase,
    readonly serviceUrl: string,
    readonly admin: Client,
    private app: INestApplicationContext,
    private readonly backoff: Backoff,
  ) {}

  static async start(
    participants: readonly string[] = ['reference'],
    backoff: Backoff = BACKOFF,
  ): Promise<LifecycleHarness> {
    const template = {
      key: `control-plane ${JSON.stringify(CONTROL_PLANE_MIGRATIONS)}`,
      build: buildTemplate,
    };
    const database = await testDatabase(template);
    const service = { name: `tnt_test_cp_${randomBytes(6).toString('hex')}`, password: PASSWORD };
    const { adminUrl } = database;
    await migrateControlPlane({ adminUrl, service });
    await declareInstallation({
      adminUrl,
      defaultRegion: 'eu',
      participants: participants.map(parseParticipant),
    });
    const serviceUrl = database.urlFor(service.name, PASSWORD);
    const admin = new Client({ connectionString: adminUrl });
    await admin.connect();
    const app = await application(serviceUrl, backoff);
    return new LifecycleHarness(database, serviceUrl, admin, app, backoff);
  }

  /** Ends the application and starts it anew over the same database: what it knew beside the database is gone. */
  async restart(): Promise<void> {
    await this.app.close();
    this.app = await application(this.serviceUrl, this.backoff);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.admin.end();
    await this.database.drop();
    const server = new URL(this.database.adminUrl);
    server.pathname = '/postgres';
    const client = new Client({ connectionString: server.href });
    await client.connect();
    await client.query(`DROP ROLE IF EXISTS ${loginOf(this.serviceUrl).name}`);
    await client.end();
  }

  get commands(): CommandBus {
    return this.app.get(CommandBus);
  }

  /** A part of the control plane, such as a worker to be started, or a store. */
  part<T>(type: Type<T>): T {
    return this.app.get(type, { strict: false });
  }

  /** Lets backlogs and recalls go on as far as they go by themselves. */
  async catchUp(): Promise<void> {
    while (await this.part(BacklogWorker).step());
  }

  /** Waits until somebody waits for a lock, for a statement like this one. */
  async untilBlocked(statement: string): Promise<void> {
    await waitFor(`a lock to be waited for by ${statement}`, async () => {
      const blocked = await this.rows(
        `SELECT FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
        [statement],
      );
      return blocked.length > 0;
    });
  }

  /** Lets the reconciler look once; answers when it wants to look again. */
  reconcile(tenantId: string): Promise<Date | null> {
    return this.app.get(TenantReconciler, { strict: false }).run(tenantId);
  }

  create(changes: Partial<NewTenant> = {}): Promise<Accepted> {
    const slug = `t${randomBytes(6).toString('hex')}`;
    return this.commands.execute(
      new CreateTenant(
        {
          slug,
          name: slug,
          plan: 'standard',
          region: undefined,
          isolation: 'pooled',
          labels: {},
          ...changes,
        },
        TESTER,
      ),
    );
  }

  /** A tenant that `reference` has provisioned. */
  async active(changes: Partial<NewTenant> = {}): Promise<string> {
    const { tenant } = await this.create(changes);
    await this.reconcile(tenant.id);
    await this.acknowledge(tenant.id);
    await this.reconcile(tenant.id);
    return tenant.id;
  }

  /** Lets a participant answer the tenant's current operation. */
  async acknowledge(
    tenantId: string,
    changes: Partial<Acknowledgement> = {},
    participant = 'reference',
  ): Promise<void> {
    const [operation] = await this.rows<{ id: string; generation: string; attempts: number | null }>(
      `SELECT o.id, o.generation, t.attempts FROM tenantry.operation o
       LEFT JOIN tenantry.task t ON t.operation_id = o.id AND t.participant = $2
       WHERE o.tenant_id = $1 ORDER BY o.generation DESC LIMIT 1`,
      [tenantId, participant],
    );
    if (!operation) throw new Error('the tenant has no operation');
    const data: Acknowledgement = {
      operationId: operation.id,
      generation: Number(operation.generation),
      attempt: operation.attempts ?? 1,
      participant,
      outcome: 'succeeded',
      ...changes,
    };
    await this.send(participant, tenantId, 'participant.acknowledged.v1', data);
  }

  /** Lets a participant give a sign of life. */
  async heartbeat(participant: string, changes: Partial<Heartbeat> = {}): Promise<void> {
    const capabilities: Heartbeat['capabilities'] = ['provision', 'suspend', 'reactivate', 'purge'];
    const data: Heartbeat = { participant, capabilities, stores: ['primary'], version: '1.0.0', ...changes };
    await this.send(participant, participant, 'participant.heartbeat.v1', data);
  }

  /**
   * @param sentAt the message's own time; the database's now when left out.
   * @param id the message's own; a new one when left out.
   */
  async send(
    participant: string,
    subject: string,
    type: string,
    data: unknown,
    sentAt?: Date,
    id: string = newId(),
  ): Promise<void> {
    const [clock] = await this.rows<{ now: Date }>('SELECT tenantry.now() AS now');
    const receiver = this.app.get(AcknowledgementReceiver, { strict: false });
    await receiver.handle(participant, {
      id,
      source: `/tenantry/participants/${participant}`,
      type,
      time: (sentAt ?? clock?.now ?? new Date()).toISOString(),
      subject,
      data,
    });
  }

  async rows<R extends object>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return (await this.admin.query(text, [...params])).rows as R[];
  }

  async state(tenantId: string): Promise<TenantState> {
    const [row] = await this.rows<{ state: TenantState }>('SELECT state FROM tenantry.tenant WHERE id = $1', [
      tenantId,
    ]);
    if (!row) throw new Error('no such tenant');
    return row.state;
  }

  /** The types of everything published about a tenant, in its order. */
  async events(tenantId: string): Promise<string[]> {
    const rows = await this.rows<{ type: string; tenant_seq: string }>(
      'SELECT type, tenant_seq FROM tenantry.tenant_event WHERE tenant_id = $1 ORDER BY tenant_seq',
      [tenantId],
    );
    rows.forEach((row, index) => {
      if (Number(row.tenant_seq) !== index + 1)
        throw new Error(`a gap in the tenant's sequence before ${row.tenant_seq}`);
    });
    return rows.map(({ type }) => type);
  }

  /** Moves `tenantry.now()` ahead of the machine's clock, for everything in this database. */
  async moveClock(ahead: string): Promise<void> {
    await this.admin.query(
      'INSERT INTO tenantry.clock_offset (ahead) VALUES ($1) ON CONFLICT (single) DO UPDATE SET ahead = excluded.ahead',
      [ahead],
    );
  }
}

async function application(serviceUrl: string, backoff: Backoff): Promise<INestApplicationContext> {
  const grace = { defaultMs: 30 * 86_400_000, minimumMs: 86_400_000 };
  @Module({
    imports: [
      DatabaseModule.forRoot(serviceUrl, 10),
      CqrsModule.forRoot(),
      LifecycleSettingsModule.forRoot({ backoff }),
      IdempotencyModule,
      OperationsModule,
      TenantsModule.forRoot(grace),
      ReconcilingModule,
    ],
  })
  class HarnessModule {}
  const app = await NestFactory.createApplicationContext(HarnessModule, {
    logger: false,
    abortOnError: false,
  });
  await app.init();
  return app;
}

async function buildTemplate(adminUrl: string): Promise<void> {
  await migrateControlPlane({ adminUrl, service: { name: 'tnt_test_cp_template', password: PASSWORD } });
}
