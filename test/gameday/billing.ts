import {
  AcknowledgementSender,
  createKafkaParticipantTransport,
  LifecycleConsumer,
  RecoveryWorker,
  type FactAppliers,
  type ParticipantTransport,
} from '@tenantry/messaging';
import { createLogger, startMetrics } from '@tenantry/service';
import { freePort } from '@tenantry/testing/servers';
import { consumerDatabase, type ConsumerDatabase } from '@tenantry/testing';
import { Pool } from 'pg';
import type { GameDaySystem } from './game-day-system.ts';

const NAME = 'billing';
const logger = createLogger({ service: NAME, level: 'silent' });

/** A service of somebody else beside the system. It cannot apply a fact while it is broken. Its metrics are this process's. */
export class Billing {
  broken = false;
  readonly target: string;
  private readonly ends: (() => Promise<unknown>)[];

  private constructor(target: string, ends: (() => Promise<unknown>)[]) {
    this.target = target;
    this.ends = ends;
  }

  /** TEST_DATABASE_URL has to name a superuser's server for its database. */
  static async start(system: GameDaySystem): Promise<Billing> {
    const port = await freePort();
    // Before anything that makes an instrument.
    const metrics = await startMetrics({ service: NAME, version: '1', host: '127.0.0.1', port, logger });
    const database: ConsumerDatabase = await consumerDatabase();
    const account = await database.newLogin();
    const pool = new Pool({ connectionString: account.url, max: 8 });
    const transport: ParticipantTransport = createKafkaParticipantTransport({
      brokers: [system.kafkaBrokers],
      clientId: NAME,
      topicPrefix: system.topicPrefix,
      participant: NAME,
      logger,
    });
    const billing = new Billing(`127.0.0.1:${port}`, [
      () => metrics.stop(),
      () => database.drop(),
      () => pool.end(),
      () => transport.close(),
    ]);
    await billing.run(pool, transport);
    return billing;
  }

  async stop(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) await end();
  }

  private async run(pool: Pool, transport: ParticipantTransport): Promise<void> {
    const facts: FactAppliers = {
      'tenant.updated.v1': async ({ data: { plan } }) => {
        if (this.broken) throw new Error(`there is no price for ${plan}`);
      },
    };
    const registration = { capabilities: [], stores: [], version: '1' };
    const sender = new AcknowledgementSender({ pool, transport, participant: NAME, logger, registration });
    const onAcknowledgement = (): void => sender.wake();
    const common = { pool, participant: NAME, group: NAME, facts, logger, onAcknowledgement };
    const worker = new RecoveryWorker(common);
    const consumer = new LifecycleConsumer({ ...common, onRecovery: () => worker.wake() });
    sender.start();
    worker.start();
    const lifecycle = await transport.consumeLifecycle({
      group: NAME,
      handler: (event) => consumer.handle(event),
      onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
    });
    this.ends.push(
      () => sender.stop(),
      () => worker.stop(),
      () => lifecycle.stop(),
    );
  }
}
