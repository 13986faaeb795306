import type { Capability } from '@tenantry/contracts';
import {
  AcknowledgementSender,
  type FactAppliers,
  LifecycleConsumer,
  type Logger,
  type ParticipantTransport,
  RequestWorker,
} from '@tenantry/messaging';
import type { Pool } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import type { FenceTimes } from './fence-writer.js';
import { KeptSubscription } from './kept-subscription.js';
import { createRequestHandler } from './request-handler.js';

/** What the kit can be asked for. */
const CAPABILITIES: readonly Capability[] = ['provision', 'suspend', 'reactivate', 'purge'];

export interface ParticipantRunnerOptions {
  readonly service: ServiceDefinition;
  readonly transport: ParticipantTransport;
  /** Of the provisioning login, for inbox and answers. */
  readonly pool: Pool;
  /** Of the provisioning login over direct connections, for the requests; at least `concurrency` connections. */
  readonly maintenancePool: Pool;
  readonly logger: Logger;
  /** What the heartbeat names. */
  readonly version: string;
  /** How many tenants are worked at once. Default: 4. */
  readonly concurrency?: number;
  /** What the service does with facts, each in the transaction of its position. Default: nothing. */
  readonly facts?: FactAppliers;
  readonly fenceTimes?: FenceTimes;
}

/** Makes a service a participant: takes the lifecycle, works the requests, answers, gives signs of life. */
export class ParticipantRunner {
  private readonly worker: RequestWorker;
  private readonly sender: AcknowledgementSender;
  private readonly lifecycle: KeptSubscription;

  constructor({
    service,
    transport,
    pool,
    maintenancePool,
    logger,
    version,
    concurrency = 4,
    facts = {},
    fenceTimes,
  }: ParticipantRunnerOptions) {
    const participant = service.name;
    const wakeSender = (): void => this.sender.wake();
    this.sender = new AcknowledgementSender({
      pool,
      transport,
      participant,
      logger,
      registration: { capabilities: CAPABILITIES, stores: [service.store], version },
    });
    this.worker = new RequestWorker({
      pool,
      participant,
      logger,
      concurrency,
      handler: createRequestHandler({
        service,
        pool: maintenancePool,
        logger,
        ...(fenceTimes && { fenceTimes }),
      }),
      onAcknowledgement: wakeSender,
    });
    const consumer = new LifecycleConsumer({
      pool,
      participant,
      group: participant,
      facts,
      logger,
      onRequest: () => this.worker.wake(),
      onAcknowledgement: wakeSender,
    });
    this.lifecycle = new KeptSubscription(
      'lifecycle',
      () =>
        transport.consumeLifecycle({
          group: participant,
          handler: (event) => consumer.handle(event),
          onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
        }),
      logger,
    );
  }

  start(): void {
    this.sender.start();
    this.worker.start();
    this.lifecycle.start();
  }

  /** Takes nothing new, finishes or hands back what runs, and sends the answers that are there. */
  async stop(): Promise<void> {
    await this.lifecycle.stop();
    await this.worker.stop();
    await this.sender.stop();
  }
}
