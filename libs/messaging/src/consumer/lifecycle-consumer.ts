import type { Envelope, FactType, Payload } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import type { LifecycleEnvelope } from '../transport.js';

/** Applies one fact through `sql`, whose transaction also holds the position: both happen or neither. */
export type FactApplier<T extends FactType> = (event: Envelope<T, Payload<T>>, sql: SqlExecutor) => Promise<void>;
export type FactAppliers = { readonly [T in FactType]?: FactApplier<T> };

export interface LifecycleConsumerOptions {
  /** Of the service's own database, with CONSUMER_SQL applied. */
  readonly pool: Pool;
  /** Requests addressed to this name go to the inbox. */
  readonly participant: string;
  /** Whose positions are kept. */
  readonly group: string;
  readonly facts: FactAppliers;
  readonly logger: Logger;
  /** Called after a request was stored: wake the worker. */
  readonly onRequest?: () => void;
  /** Called after something was put into the acknowledgement outbox: wake the sender. */
  readonly onAcknowledgement?: () => void;
}

/** Takes the lifecycle events of one group; `handle` and `onMalformed` fit `ParticipantTransport.consumeLifecycle`. */
export class LifecycleConsumer {
  constructor(private readonly options: LifecycleConsumerOptions) {}

  async handle(event: LifecycleEnvelope): Promise<void> {
    throw new Error(`not there yet: ${event.id} ${this.options.group}`);
  }

  async onMalformed(reason: string, raw: string): Promise<void> {
    throw new Error(`not there yet: ${reason} ${raw}`);
  }
}
