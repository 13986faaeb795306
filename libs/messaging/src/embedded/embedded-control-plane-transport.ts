import { pgExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import { OpenSubscriptions } from '../open-subscriptions.js';
import { EMBEDDED_NAMES, tracedControlPlane } from '../telemetry/traced-transport.js';
import type { ControlPlaneTransport, OutboundMessage } from '../transport.js';
import { EmbeddedAcknowledgements } from './embedded-acknowledgements.js';

export interface EmbeddedControlPlaneOptions {
  /** The control plane's own database, of a login with `tenantry_control`; stays the caller's to end. */
  readonly pool: Pool;
  readonly logger: Logger;
  /** How many acknowledgements are handled at once. Default 8. */
  readonly concurrency?: number;
  /** How long the acknowledgements of a process that died stay unhandled. Default 5 000. */
  readonly leaseMs?: number;
  /** The longest time between looks without being woken. Default 500. */
  readonly pollMs?: number;
}

/** The embedded transport's control-plane side: publishing moves every group's head, since the history itself is what groups read. */
export function createEmbeddedControlPlaneTransport(
  options: EmbeddedControlPlaneOptions,
): ControlPlaneTransport {
  const { pool, logger, concurrency = 8, leaseMs = 5_000, pollMs = 500 } = options;
  const sql = pgExecutor(pool);
  const subscriptions = new OpenSubscriptions();
  const transport: ControlPlaneTransport = {
    // The tables come with the migrations, and the logins with them.
    prepare: async () => undefined,

    async publish(messages) {
      const events = messages.filter(({ channel }) => channel === 'lifecycle');
      await sql.query('SELECT tenantry.transport_publish($1::uuid[], $2::bigint[], $3::uuid[])', [
        events.map(({ envelope }) => envelope.subject),
        events.map(({ envelope }) => envelope.tenantSeq),
        messages.filter(isState).map(({ envelope }) => envelope.subject),
      ]);
    },

    // Followers read the one record that there is of each tenant.
    readOwnState: () => undefined,

    async consumeAcknowledgements(handlers) {
      const consumer = new EmbeddedAcknowledgements({
        pool,
        logger,
        handlers,
        concurrency,
        leaseMs,
        pollMs,
        backoff: { baseMs: 500, maxMs: 30_000 },
      });
      subscriptions.add(consumer.subscription);
      consumer.start();
      return consumer.subscription;
    },

    close: () => subscriptions.stop(),
  };
  return tracedControlPlane(transport, EMBEDDED_NAMES);
}

function isState({ channel }: OutboundMessage): boolean {
  return channel === 'state';
}
