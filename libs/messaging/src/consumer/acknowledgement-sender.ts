import type { Capability } from '@tenantry/contracts';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import { backoffMs, crashPoint, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import { settledWithin } from '../settled-within.js';
import type { ParticipantTransport } from '../transport.js';
import {
  acknowledgementEnvelope,
  claimAcknowledgements,
  deleteAcknowledgements,
  postponeAcknowledgements,
  type ClaimedAcknowledgement,
} from './acknowledgement-outbox.js';
import { acknowledgementLag } from '../telemetry/acknowledgement-lag.js';
import { WorkLoop } from '../work-loop.js';

export interface AcknowledgementSenderOptions {
  /** Of the service's own database, with CONSUMER_SQL applied. */
  readonly pool: Pool;
  readonly transport: Pick<ParticipantTransport, 'acknowledge'>;
  readonly participant: string;
  /** What every heartbeat says. */
  readonly registration: {
    readonly capabilities: readonly Capability[];
    readonly stores: readonly string[];
    readonly version: string;
  };
  readonly logger: Logger;
  /** Default 30 000. */
  readonly heartbeatMs?: number;
  /** How often the outbox is looked at without being woken. Default 500. */
  readonly pollMs?: number;
  /** How long `stop` waits for what is being sent. Default 5 000; what is not sent by then stays in the outbox. */
  readonly stopGraceMs?: number;
}

const BATCH = 100;
/** How long a claimed acknowledgement waits for a sender that died. */
const HOLD_MS = 15_000;
const SEND_BACKOFF: Backoff = { baseMs: 200, maxMs: 10_000 };

/** Sends what is in the acknowledgement outbox, and the heartbeats; at least once. Any number may share an outbox. */
export class AcknowledgementSender {
  private readonly loop: WorkLoop;
  private readonly sql: SqlExecutor;
  private readonly lag: ReturnType<typeof acknowledgementLag>;
  private nextHeartbeatAt = 0;
  private started = false;

  constructor(private readonly options: AcknowledgementSenderOptions) {
    this.sql = pgExecutor(options.pool);
    this.lag = acknowledgementLag(this.sql);
    const pollMs = options.pollMs ?? 500;
    this.loop = new WorkLoop({
      step: async () => {
        await this.tick();
        return false;
      },
      minPauseMs: pollMs,
      maxPauseMs: pollMs,
      onError: (error) =>
        options.logger.warn({ err: error }, 'Acknowledgements could not be sent; trying again'),
    });
  }

  start(): void {
    this.started = true;
    this.lag.start();
    this.loop.start();
  }

  /** Looks at the outbox now. */
  wake(): void {
    this.loop.wake();
  }

  /** Sends what is there, as far as it goes at once, and ends. */
  async stop(): Promise<void> {
    const { logger, stopGraceMs = 5_000 } = this.options;
    this.lag.stop();
    const last = this.loop.stop().then(() => (this.started ? this.drain() : undefined));
    last.catch((error: unknown) => logger.warn({ err: error }, 'Acknowledgements are left in the outbox'));
    if (!(await settledWithin([last], stopGraceMs)))
      logger.warn({ stopGraceMs }, 'Left while acknowledgements were being sent');
  }

  private async tick(): Promise<void> {
    if (performance.now() >= this.nextHeartbeatAt) await this.beat();
    await this.drain();
  }

  private async beat(): Promise<void> {
    const { participant, registration, transport, heartbeatMs = 30_000 } = this.options;
    const { capabilities, stores, version } = registration;
    const data = { participant, capabilities: [...capabilities], stores: [...stores], version };
    await transport.acknowledge([
      acknowledgementEnvelope('participant.heartbeat.v1', participant, participant, data),
    ]);
    this.nextHeartbeatAt = performance.now() + heartbeatMs;
  }

  private async drain(): Promise<void> {
    let batch: ClaimedAcknowledgement[];
    do {
      batch = await claimAcknowledgements(this.sql, BATCH, HOLD_MS);
      if (batch.length > 0) await this.send(batch);
    } while (batch.length === BATCH);
  }

  private async send(batch: readonly ClaimedAcknowledgement[]): Promise<void> {
    const enqueueNos = batch.map(({ enqueueNo }) => enqueueNo);
    try {
      await this.options.transport.acknowledge(batch.map(({ envelope }) => envelope));
    } catch (error) {
      const attempts = Math.max(...batch.map((one) => one.attempts));
      await postponeAcknowledgements(this.sql, enqueueNos, backoffMs(SEND_BACKOFF, attempts));
      throw error;
    }
    crashPoint('participant.after-acknowledgement');
    await deleteAcknowledgements(this.sql, enqueueNos);
  }
}
