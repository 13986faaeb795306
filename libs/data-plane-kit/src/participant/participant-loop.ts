import {
  AcknowledgementSender,
  type AcknowledgementSenderOptions,
  type FactAppliers,
  LifecycleConsumer,
  type Logger,
  type ParticipantTransport,
  RecoveryWorker,
  type RequestHandler,
  RequestWorker,
  StateBootstrap,
  type StateReload,
} from '@tenantry/messaging';
import type { StateRecord } from '@tenantry/contracts';
import type { Pool } from 'pg';
import { KeptSubscription } from './kept-subscription.js';

export interface ParticipantLoopOptions {
  readonly participant: string;
  /** What the heartbeat says. */
  readonly registration: AcknowledgementSenderOptions['registration'];
  readonly transport: ParticipantTransport;
  /** Of the database with the inbox and the answers; not one that handlers can exhaust. */
  readonly pool: Pool;
  readonly logger: Logger;
  /** How many tenants are worked at once. */
  readonly concurrency: number;
  readonly handler: RequestHandler;
  /** What is done with facts, each in the transaction of its position. Default: nothing. */
  readonly facts?: FactAppliers;
  /**
   * What is done with a tenant's state record when events of it were missed, or all of them since the participant is new, and where it comes
   * from. Default: nothing; then a new participant begins with the history that is there.
   */
  readonly reloading?: {
    readonly reload: StateReload;
    readonly stateOf: (tenantId: string) => StateRecord | undefined;
  };
  /** As of the RequestWorker. Default: true. */
  readonly repeatsAnswers?: boolean;
}

/** What every participant runs, whatever it is asked for: it takes the lifecycle, works requests, answers, gives signs of life. */
export class ParticipantLoop {
  private readonly worker: RequestWorker;
  private readonly recoveries: RecoveryWorker;
  private readonly sender: AcknowledgementSender;
  private readonly lifecycle: KeptSubscription;

  constructor({
    participant,
    registration,
    transport,
    pool,
    logger,
    concurrency,
    handler,
    facts = {},
    reloading,
    repeatsAnswers = true,
  }: ParticipantLoopOptions) {
    const onAcknowledgement = (): void => this.sender.wake();
    this.sender = new AcknowledgementSender({ pool, transport, participant, logger, registration });
    this.worker = new RequestWorker({
      pool,
      participant,
      logger,
      concurrency,
      handler,
      onAcknowledgement,
      repeatsAnswers,
    });
    this.recoveries = new RecoveryWorker({
      pool,
      participant,
      group: participant,
      facts,
      logger,
      onAcknowledgement,
      ...reloading,
    });
    const consumer = new LifecycleConsumer({
      pool,
      participant,
      group: participant,
      facts,
      logger,
      reloads: reloading !== undefined,
      onRequest: () => this.worker.wake(),
      onRecovery: () => this.recoveries.wake(),
      onAcknowledgement,
    });
    const joining =
      reloading && new StateBootstrap({ pool, group: participant, reload: reloading.reload, logger });
    this.lifecycle = new KeptSubscription(
      'lifecycle',
      () =>
        transport.consumeLifecycle({
          group: participant,
          handler: (event) => consumer.handle(event),
          onMalformed: (reason, raw) => consumer.onMalformed(reason, raw),
          ...(joining && { bootstrap: (records) => joining.take(records) }),
        }),
      logger,
    );
  }

  start(): void {
    this.sender.start();
    this.worker.start();
    this.recoveries.start();
    this.lifecycle.start();
  }

  /** Takes nothing new, finishes or hands back what runs, and sends the answers that are there. */
  async stop(): Promise<void> {
    await this.lifecycle.stop();
    await Promise.all([this.worker.stop(), this.recoveries.stop()]);
    await this.sender.stop();
  }
}
