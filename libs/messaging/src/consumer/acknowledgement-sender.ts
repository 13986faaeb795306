import type { Capability } from '@tenantry/contracts';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import type { ParticipantTransport } from '../transport.js';

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
}

/** Sends what is in the acknowledgement outbox, and the heartbeats. */
export class AcknowledgementSender {
  constructor(private readonly options: AcknowledgementSenderOptions) {}

  start(): void {
    throw new Error(`not there yet: ${this.options.participant}`);
  }

  wake(): void {}

  async stop(): Promise<void> {}
}
