import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import type { RequestHandler } from './work-item.js';

export interface RequestWorkerOptions {
  /** Of the service's own database, with CONSUMER_SQL applied. Each running request needs none of it while its handler runs. */
  readonly pool: Pool;
  readonly participant: string;
  readonly handler: RequestHandler;
  readonly logger: Logger;
  /** How many tenants are worked at once; one request per tenant always. Default 4. */
  readonly concurrency?: number;
  /** How long a worker that died keeps its requests. Default 15 000. */
  readonly leaseMs?: number;
  /** How often the inbox is looked at without being woken. Default 500. */
  readonly pollMs?: number;
  /** How long `stop` lets running handlers finish before it aborts them. Default 5 000. */
  readonly stopGraceMs?: number;
  /** Called after an answer was put into the acknowledgement outbox: wake the sender. */
  readonly onAcknowledgement?: () => void;
}

/** Works the inbox outside the poll loop. */
export class RequestWorker {
  constructor(private readonly options: RequestWorkerOptions) {}

  start(): void {
    throw new Error(`not there yet: ${this.options.participant}`);
  }

  /** Looks at the inbox, and at whether what runs was superseded, now. */
  wake(): void {}

  async stop(): Promise<void> {}
}
